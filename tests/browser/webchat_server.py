"""The web chat's real routes over a database of their own, answered by a function of the test."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web
from sqlalchemy import select

from actions.turn import Button, Context, Outcome, Reply, Turn
from bot import inbox
from bot.app import build_public_app
from bot.channels.webchat.channel import WebChatChannel
from bot.channels.webchat.routes import WebChatRoutes
from bot.database import SqliteDatabase
from bot.lanes import Lanes
from bot.messages import Claimed, IncomingMessage
from bot.models import INBOUND, Base

Answer = Callable[[Claimed], Sequence[Reply]]


def echo(message: Claimed) -> Sequence[Reply]:
    """Says back what it was told; `ulang N` makes N bubbles, a payload is named."""
    if message.payload is not None:
        return [Reply(f"Dipilih: {message.payload}")]
    many = re.fullmatch(r"ulang (\d+)", message.text)
    if many:
        return [Reply(f"Bagian {number}") for number in range(1, int(many[1]) + 1)]
    if message.text == "pilihan":
        return [Reply("Pilih salah satu:", (Button("Kartu Keluarga", "info:kk"), Button("KTP-el", "info:ktp")))]
    return [Reply(f"Kata Anda: {message.text}")]


class ChatServer:
    """The public listener with the web chat; may be stopped and started on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self.port = 0
        self.answer: Answer = echo
        self.refuse: Callable[[], web.Response] | None = None
        self.posts: list[str] = []
        self.resumed_from: list[str] = []
        self._streams: list[web.Request] = []
        self._hold = asyncio.Event()
        self._hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        self.database = SqliteDatabase(f"sqlite:///{self._folder}/chat{self._number}.db")
        await self.database.run(Base.metadata.create_all)
        await self.start()

    async def forget(self) -> None:
        """A new, empty database; the server is down meanwhile."""
        await self.stop()
        await self.database.close()
        self._number += 1
        await self.open()

    async def start(self) -> None:
        self.channel = WebChatChannel()
        self.lanes = Lanes(self.database, self._handle, _now)
        app = build_public_app(_healthy, "*")
        app.middlewares.append(self._witness)
        WebChatRoutes(self.channel, self.database, self._receive).add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.lanes.start()

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self.lanes.close()

    async def close(self) -> None:
        await self.stop()
        await self.database.close()

    def cut(self) -> None:
        """Break every open event stream, as a bad network does."""
        for request in list(self._streams):
            if request.transport is not None:
                request.transport.abort()

    def hold(self) -> None:
        """Answers wait until `go_on`."""
        self._hold.clear()

    def go_on(self) -> None:
        self._hold.set()

    async def inbound(self) -> list[tuple[str, str, str | None]]:
        """(kind, text, payload) of everything received, in order."""
        table = INBOUND
        rows = await self.database.run(
            lambda c: c.execute(select(table.c.kind, table.c.text, table.c.payload).order_by(table.c.id)).all()
        )
        return [(row.kind, row.text, row.payload) for row in rows]

    async def _receive(self, messages: Sequence[IncomingMessage]) -> None:
        for received in await self.database.run(lambda c: inbox.receive(c, messages, _now())):
            self.lanes.wake(received.conversation_id)

    async def _handle(self, message: Claimed) -> None:
        await self._hold.wait()
        turn = Turn(tuple(self.answer(message)), Context(), Outcome.ANSWERED)
        bodies = [body for reply in turn.replies for body in self.channel.render(reply)]
        stored = await self.database.run(lambda c: inbox.finish(c, message, turn, bodies, "sent", _now()))
        self.channel.delivered(message.address, stored)

    @web.middleware
    async def _witness(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path == "/webchat/messages":
            # The request keeps what it read, but the routes read the raw stream: only one may.
            if self.refuse is not None:
                self.posts.append((await request.json())["id"])
                return self.refuse()
            self.posts.append("")
        if request.path != "/webchat/events":
            return await handler(request)
        self.resumed_from.append(request.headers.get("Last-Event-ID") or request.query.get("last_event_id") or "0")
        self._streams.append(request)
        try:
            return await handler(request)
        finally:
            self._streams.remove(request)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


async def _healthy() -> dict[str, bool]:
    return {"database": True}
