"""The error tree. Each error knows whether trying again can help and what the resident hears.

NirtatapError
├── ConfigurationError      a setting is wrong: said at start, before a socket opens
├── DatabaseUnavailable     retryable; a webhook answers 503 so that the provider sends again
├── BadRequest              the client sent something that cannot be used: 4xx, nothing stored
│   └── Unauthorized        a signature or secret does not fit: 401, nothing echoed
├── RasaUnavailable         retryable; the resident is answered from catalogue search
└── SendError               a channel did not take a message
    ├── SendRetry           retryable, after `retry_after` seconds if the provider named them
    ├── SendRejected        final for this message
    └── RecipientGone       final for this conversation (bot blocked, chat deleted)
"""

from __future__ import annotations


class NirtatapError(Exception):
    """Base of all; `retryable` and `resident_phrase` (a key of actions/phrases) are class facts."""

    retryable = False
    resident_phrase = "apology"


class ConfigurationError(NirtatapError):
    pass


class DatabaseUnavailable(NirtatapError):
    retryable = True


class BadRequest(NirtatapError):
    pass


class Unauthorized(BadRequest):
    pass


class RasaUnavailable(NirtatapError):
    retryable = True
    resident_phrase = "degraded"


class SendError(NirtatapError):
    pass


class SendRetry(SendError):
    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SendRejected(SendError):
    pass


class RecipientGone(SendError):
    pass
