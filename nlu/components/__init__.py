"""Rasa graph components. They import nothing of ours, so that any Rasa project can carry them."""
