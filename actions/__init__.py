"""What the bot answers: one custom action per act, reading the service catalogue.

Pure of channels, web frameworks and databases: an action is given what it needs and
returns one turn.
"""
