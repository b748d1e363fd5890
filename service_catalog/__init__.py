"""The city's services as data: one catalogue that every answer is read from."""
