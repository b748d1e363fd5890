"""`nirtatap bench`: how fast and how large the bot is on this machine, beside stock Rasa.

The load comes from a process of its own (`generator`), so that this package's `__init__`
stays empty: what it imports would count as the generator's.
"""
