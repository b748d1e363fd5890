"""The terminal as a channel: the same line as any other, for `nirtatap chat`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.messages import Claimed, IncomingMessage, OutgoingPart, Reply
from bot.privacy import mask_identity, storable

NAME = "terminal"

_BUTTON = re.compile(r"#([1-9]\d?)")


class TerminalChannel:
    """A mailbox that hands each stored answer to whoever waits in `answers`."""

    name = NAME
    mailbox = True

    def __init__(self) -> None:
        self.answers: asyncio.Queue[Sequence[OutgoingPart]] = asyncio.Queue()

    def render(self, reply: Reply) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "text": reply.text,
                "buttons": [{"title": button.title, "payload": button.payload} for button in reply.buttons],
            }
        ]

    async def working(self, message: Claimed) -> None:
        """Nothing to show: the answer comes at once."""

    async def send(self, part: OutgoingPart) -> str | None:
        return None

    def delivered(self, address: str, parts: Sequence[OutgoingPart]) -> None:
        self.answers.put_nowait(parts)


def typed(line: str, address: str, key: str, buttons: Sequence[Mapping[str, str]]) -> IncomingMessage:
    """A typed line as a message; `#2` presses the second button, `/start x` is a command."""
    pressed = _BUTTON.fullmatch(line.strip())
    if pressed and int(pressed[1]) <= len(buttons):
        payload = buttons[int(pressed[1]) - 1]["payload"]
        return IncomingMessage(NAME, address, f"{address}:{key}", "payload", payload=payload)
    text, found = mask_identity(storable(line))
    attributes: dict[str, Any] = {"identity_masked": True} if found else {}
    if text.startswith("/"):
        command, _, argument = text.partition(" ")
        attributes["argument"] = argument.strip()
        return IncomingMessage(NAME, address, f"{address}:{key}", "command", command, attributes=attributes)
    return IncomingMessage(NAME, address, f"{address}:{key}", "text", text, attributes=attributes)
