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
from typing import Any

from aiohttp import web

from bot import inbox
from bot.channels.webchat.channel import NAME, WebChatChannel, address_of
from bot.database import Database
from bot.errors import BadRequest, DatabaseUnavailable
from bot.messages import IncomingMessage
from bot.privacy import mask_identity

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
        return IncomingMessage(NAME, address, external_id, "payload", payload=payload)
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise BadRequest(f"text: teks paling panjang {MAX_TEXT} huruf")
    # PostgreSQL cannot store NUL, and a lone surrogate is no text.
    text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    masked, found = mask_identity(text)
    attributes = {"identity_masked": True} if found else {}
    return IncomingMessage(NAME, address, external_id, "text", text=masked, attributes=attributes)


class WebChatRoutes:
    """The handlers, given what they need."""

    def __init__(self, channel: WebChatChannel, database: Database, receive: Receive) -> None:
        self._channel = channel
        self._database = database
        self._receive = receive

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/webchat/messages", self.post_message)
        app.router.add_get("/webchat/events", self.events)

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
        stream = self._channel.subscribe(address)
        try:
            await response.prepare(request)
            await response.write(b"retry: 2000\n\n")
            last = await self._catch_up(response, address, last)
            with suppress(ConnectionResetError, ConnectionError):
                await self._follow(response, stream, address, last)
        finally:
            self._channel.unsubscribe(address, stream)
        return response

    async def _follow(
        self, response: web.StreamResponse, stream: asyncio.Queue[Any], address: str, last: int
    ) -> None:
        pause = POLL_SHARED if self._database.shared else HEARTBEAT
        silent = 0.0
        while True:
            try:
                part = await asyncio.wait_for(stream.get(), timeout=pause)
            except TimeoutError:
                silent += pause
                if self._database.shared:
                    last = await self._catch_up(response, address, last)
                if silent >= HEARTBEAT:
                    silent = 0.0
                    await response.write(b": masih terhubung\n\n")
                continue
            silent = 0.0
            if part.seq == last + 1:
                await response.write(_event(part.seq, part.body))
                last = part.seq
            elif part.seq > last:
                last = await self._catch_up(response, address, last)

    async def _catch_up(self, response: web.StreamResponse, address: str, last: int) -> int:
        """Send what the mailbox holds after `last`; a database outage leaves it for the next look."""
        while True:
            rows = await self._after(address, last)
            for seq, body in rows:
                await response.write(_event(seq, body))
                last = seq
            if not rows:
                return last

    async def _after(self, address: str, last: int) -> list[tuple[int, dict[str, Any]]]:
        try:
            return await self._database.run(lambda c: inbox.delivered_after(c, NAME, address, last))
        except DatabaseUnavailable:
            return []


def _event(seq: int, body: Mapping[str, Any]) -> bytes:
    data = json.dumps({"seq": seq, **body}, ensure_ascii=False, separators=(",", ":"))
    return f"id: {seq}\ndata: {data}\n\n".encode()


def _sequence(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else 0
