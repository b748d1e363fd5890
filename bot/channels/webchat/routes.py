"""The web chat's HTTP interface: `POST /webchat/messages` and `GET /webchat/events`.

`session` is a random secret of the client's, 128 bits or more; whoever knows it reads
the conversation. `id` makes a repeated POST harmless.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot import inbox
from bot.channels.webchat.channel import NAME, WebChatChannel, address_of
from bot.database import Database
from bot.errors import BadRequest, DatabaseUnavailable
from bot.messages import IncomingMessage, OutgoingPart
from bot.privacy import mask_identity, storable

Receive = Callable[[Sequence[IncomingMessage]], Awaitable[None]]

MAX_BODY = 64 * 1024
MAX_TEXT = 10_000
MAX_PAYLOAD = 64
STREAMS_PER_SESSION = 6
HEARTBEAT = 15.0
"""Seconds; proxies close a silent stream after 30 to 60."""

POLL_SHARED = 1.0
"""Seconds between looks into a shared database, where another process may have answered."""

_SESSION = re.compile(r"[A-Za-z0-9_\-]{22,128}")
_HEX = re.compile(r"[0-9a-fA-F\-]+")
_ID = re.compile(r"[\x21-\x7e]{1,64}")


def valid_session(session: object) -> str:
    """The session secret itself.

    Raises:
        BadRequest: it cannot hold 128 bits (22 base64url or 32 hexadecimal characters).
    """
    if not isinstance(session, str) or not _SESSION.fullmatch(session):
        raise BadRequest("session: rahasia acak 128 bit atau lebih diperlukan")
    if _HEX.fullmatch(session) and len(session.replace("-", "")) < 32:
        raise BadRequest("session: rahasia acak 128 bit atau lebih diperlukan")
    if len(set(session)) < 8:
        raise BadRequest("session: rahasianya tidak acak")
    return session


def read_message(data: object) -> IncomingMessage:
    """The posted JSON as a message.

    Raises:
        BadRequest: says which member is missing or wrong.
    """
    if not isinstance(data, Mapping):
        raise BadRequest("isi: objek JSON diperlukan")
    address = address_of(valid_session(data.get("session")))
    key = data.get("id")
    if not isinstance(key, str) or not _ID.fullmatch(key):
        raise BadRequest("id: 1-64 huruf, angka, atau tanda baca tanpa spasi")
    text, payload = data.get("text"), data.get("payload")
    if (text is None) == (payload is None):
        raise BadRequest("isi: tepat satu dari text atau payload")
    # Two sessions may choose the same id: the key is theirs alone.
    external_id = f"{address[:32]}:{key}"
    if payload is not None:
        if not isinstance(payload, str) or not 1 <= len(payload) <= MAX_PAYLOAD:
            raise BadRequest(f"payload: 1-{MAX_PAYLOAD} huruf")
        # Ours have no numbers of sixteen digits: a foreign one is masked, and then answered as outdated.
        payload, _ = mask_identity(storable(payload))
        return IncomingMessage(NAME, address, external_id, "payload", payload=payload[:MAX_PAYLOAD])
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise BadRequest(f"text: teks paling panjang {MAX_TEXT} huruf")
    masked, found = mask_identity(storable(text))
    attributes = {"identity_masked": True} if found else {}
    return IncomingMessage(NAME, address, external_id, "text", text=masked, attributes=attributes)


class WebChatRoutes:
    """The handlers, given what they need."""

    def __init__(
        self, channel: WebChatChannel, database: Database, receive: Receive, heartbeat: float = HEARTBEAT
    ) -> None:
        self._heartbeat = heartbeat
        self._channel = channel
        self._database = database
        self._receive = receive

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/webchat/messages", self.post_message)
        app.router.add_get("/webchat/events", self.events, allow_head=False)

    async def post_message(self, request: web.Request) -> web.Response:
        """Store one message; 202 once it is durable, 503 where it is not."""
        if request.content_length is not None and request.content_length > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length)
        raw = await request.content.read(MAX_BODY + 1)
        while len(raw) <= MAX_BODY and not request.content.at_eof():
            raw += await request.content.read(MAX_BODY + 1 - len(raw))
        if len(raw) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(raw))
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise BadRequest("isi: JSON tidak dapat dibaca") from error
        await self._receive([read_message(data)])
        return web.json_response({"accepted": True}, status=202)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Replies as server-sent events, from `Last-Event-ID` on."""
        address = address_of(valid_session(request.query.get("session")))
        last = _sequence(request.headers.get("Last-Event-ID") or request.query.get("last_event_id") or "0")
        if self._channel.open_streams(address) >= STREAMS_PER_SESSION:
            raise web.HTTPTooManyRequests(headers={"Retry-After": "5"})
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        queue = self._channel.subscribe(address)
        try:
            await response.prepare(request)
            await response.write(b"retry: 2000\n\n")
            with suppress(ConnectionResetError, ConnectionError):
                await self._follow(_Stream(response, address, last), queue)
        finally:
            self._channel.unsubscribe(address, queue)
        return response

    async def _follow(self, stream: _Stream, queue: asyncio.Queue[OutgoingPart]) -> None:
        """What the mailbox holds already, and then each part as it is stored; a gap is read again."""
        loop = asyncio.get_running_loop()
        behind = True
        next_beat = loop.time() + self._heartbeat
        while True:
            if behind:
                # A database outage leaves it for the next look.
                behind = not await self._catch_up(stream)
            wait = next_beat - loop.time()
            if behind or self._database.shared:
                wait = min(wait, POLL_SHARED)
            try:
                part = await asyncio.wait_for(queue.get(), timeout=max(wait, 0))
            except TimeoutError:
                behind = behind or self._database.shared
                if loop.time() >= next_beat:
                    await stream.response.write(b": masih terhubung\n\n")
                    next_beat = loop.time() + self._heartbeat
                continue
            if part.seq == stream.last + 1:
                await stream.send(part.seq, part.body)
            elif part.seq > stream.last:
                behind = True

    async def _catch_up(self, stream: _Stream) -> bool:
        """Send what the mailbox holds after the last event; False where the database did not answer."""
        while True:
            try:
                rows = await self._database.run(lambda c: inbox.delivered_after(c, NAME, stream.address, stream.last))
            except DatabaseUnavailable:
                return False
            for seq, body in rows:
                await stream.send(seq, body)
            if not rows:
                return True


@dataclass
class _Stream:
    """An open event stream and how far it has come."""

    response: web.StreamResponse
    address: str
    last: int

    async def send(self, seq: int, body: Mapping[str, Any]) -> None:
        data = json.dumps({"seq": seq, **body}, ensure_ascii=False, separators=(",", ":"))
        await self.response.write(f"id: {seq}\ndata: {data}\n\n".encode())
        self.last = seq


def _sequence(value: str) -> int:
    """The number of an event; what is none, or larger than any can be, is from the beginning."""
    number = int(value) if value.isascii() and value.isdigit() and len(value) <= 10 else 0
    return number if number < 2**31 else 0
