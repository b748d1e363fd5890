"""What a button sends back: `act:service`, `act:@opd`, `act:#life_event` or `act:`.

Short enough for Telegram's 64 bytes of callback data (a test holds every combination to
it). Only buttons and links carry payloads; typed text is never read as one.
"""

from __future__ import annotations

from dataclasses import dataclass

from actions import vocabulary


@dataclass(frozen=True)
class Choice:
    act: str
    service: str | None = None
    opd: str | None = None
    life_event: str | None = None


def encode(act: str, service: str | None = None, opd: str | None = None, life_event: str | None = None) -> str:
    target = service or (f"@{opd}" if opd else None) or (f"#{life_event}" if life_event else "")
    return f"{act}:{target}"


def decode(payload: str) -> Choice | None:
    """The choice in a payload, or None for anything that is not one of ours."""
    act, colon, target = payload.partition(":")
    if not colon or act not in vocabulary.ACTS or not all(c.isalnum() or c in "_@#" for c in target):
        return None
    if target.startswith("@"):
        return Choice(act, opd=target[1:])
    if target.startswith("#"):
        return Choice(act, life_event=target[1:])
    return Choice(act, service=target or None)
