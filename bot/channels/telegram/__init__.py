"""Telegram: updates in (webhook or long polling), messages out, over the Bot API."""
