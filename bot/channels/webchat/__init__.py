"""The web chat: a page, a JSON entry for messages and a resumable stream of replies."""
