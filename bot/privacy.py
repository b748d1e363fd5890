"""Identity numbers are masked at the door: neither the database, the model nor a log sees them whole."""

from __future__ import annotations

import re
from typing import Any

# NIK and KK numbers have sixteen digits; people type them with spaces, dots or dashes between.
_SIXTEEN_DIGITS = re.compile(r"(?<!\d)(?:\d[ .\-\u00a0]?){15}\d(?!\d)")
_PHONE = re.compile(r"(?<![\d])(?:\+?62|0)8(?:[ .\-]?\d){7,11}(?!\d)")

MASKED_IDENTITY = "[nomor disamarkan]"


def mask_identity(text: str) -> tuple[str, bool]:
    """The text with NIK/KK numbers replaced, and whether there were any."""
    masked, count = _SIXTEEN_DIGITS.subn(MASKED_IDENTITY, text)
    return masked, count > 0


def mask_for_log(text: str) -> str:
    """As `mask_identity`, and phone numbers too; for logs, lists and exports."""
    return _PHONE.sub("[telepon disamarkan]", _SIXTEEN_DIGITS.sub(MASKED_IDENTITY, text))


def redacting_processor(secrets: frozenset[str]) -> Any:
    """A structlog processor that masks numbers and secrets in every string of an event."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, "[rahasia]")
            return mask_for_log(value)
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [clean(item) for item in value]
        return value

    def process(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
        return {key: clean(value) for key, value in event.items()}

    return process
