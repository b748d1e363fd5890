"""Identity numbers are masked at the door: neither the database, the model nor a log sees them whole."""

from __future__ import annotations

import re
from typing import Any

# NIK and KK numbers have sixteen digits; people type and paste them with spaces, line breaks, dots,
# dashes or invisible marks between.
_BETWEEN = r"[\s.\-_\u2010-\u2015\u200b-\u200f\u2060\ufeff]{0,2}"
_SIXTEEN_TOGETHER = re.compile(r"(?<!\d)\d{16}(?!\d)")
_SIXTEEN_OR_MORE = re.compile(rf"\d(?:{_BETWEEN}\d){{15,}}")
_PHONE = re.compile(rf"(?<!\d)(?:\+?62{_BETWEEN}(?:\(0\)|0)?{_BETWEEN}|0)8(?:{_BETWEEN}\d){{7,11}}(?!\d)")

MASKED_IDENTITY = "[nomor disamarkan]"


def mask_identity(text: str) -> tuple[str, bool]:
    """The text with NIK/KK numbers replaced, and whether there were any.

    A longer row of digits hides one, or is one mistyped: it is masked whole.
    """
    together, count = _SIXTEEN_TOGETHER.subn(MASKED_IDENTITY, text)
    masked, more = _SIXTEEN_OR_MORE.subn(MASKED_IDENTITY, together)
    return masked, count + more > 0


def storable(text: str) -> str:
    """The text without what a database refuses: NUL (PostgreSQL) and halves of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def mask_for_log(text: str) -> str:
    """As `mask_identity`, and phone numbers too; for logs, lists and exports."""
    return _PHONE.sub("[telepon disamarkan]", mask_identity(text)[0])


def redacting_processor(secrets: frozenset[str]) -> Any:
    """A structlog processor that masks numbers and secrets in every value of an event."""
    longest_first = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def clean(value: Any) -> Any:
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, dict):
            return {clean(key): clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [clean(item) for item in value]
        # The renderer would write any other object by its repr: so it is cleaned by its repr.
        text = value if isinstance(value, str) else repr(value)
        cleaned = text
        for secret in longest_first:
            cleaned = cleaned.replace(secret, "[rahasia]")
        cleaned = mask_for_log(cleaned)
        return value if cleaned == text else cleaned

    def process(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
        return {key: clean(value) for key, value in event.items()}

    return process
