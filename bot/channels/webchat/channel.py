"""The web chat as a channel: storing a reply is delivering it, open streams are woken."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from bot.messages import Claimed, OutgoingPart, Reply

NAME = "webchat"


def address_of(session: str) -> str:
    """What is stored of a session secret: its SHA-256, so that a leaked table opens no chat."""
    return hashlib.sha256(session.encode()).hexdigest()


class WebChatChannel:
    """Mailbox channel; `streams` are the open event streams by address."""

    name = NAME
    mailbox = True

    def __init__(self) -> None:
        self._streams: dict[str, set[asyncio.Queue[OutgoingPart]]] = {}

    def render(self, reply: Reply) -> Sequence[Mapping[str, Any]]:
        body: dict[str, Any] = {
            "kind": "text",
            "text": reply.text,
            "buttons": [{"title": button.title, "payload": button.payload} for button in reply.buttons],
        }
        if reply.link is not None:
            body["link"] = {"title": reply.link[0], "url": reply.link[1]}
        return [body]

    async def working(self, message: Claimed) -> None:
        """The page shows by itself that an answer is on its way."""

    async def send(self, part: OutgoingPart) -> str | None:
        return None

    def delivered(self, address: str, parts: Sequence[OutgoingPart]) -> None:
        for stream in self._streams.get(address, ()):
            for part in parts:
                stream.put_nowait(part)

    def subscribe(self, address: str) -> asyncio.Queue[OutgoingPart]:
        stream: asyncio.Queue[OutgoingPart] = asyncio.Queue()
        self._streams.setdefault(address, set()).add(stream)
        return stream

    def unsubscribe(self, address: str, stream: asyncio.Queue[OutgoingPart]) -> None:
        streams = self._streams.get(address, set())
        streams.discard(stream)
        if not streams:
            self._streams.pop(address, None)

    def open_streams(self, address: str | None = None) -> int:
        if address is not None:
            return len(self._streams.get(address, ()))
        return sum(len(streams) for streams in self._streams.values())
