"""One bot process with the web chat, and a browser's part of the conversation with it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import inbox
from bot.app import build_public_app
from bot.channels.webchat.channel import WebChatChannel
from bot.channels.webchat.routes import WebChatRoutes
from bot.database import Database, answers
from bot.lanes import Lanes
from bot.messages import Claimed, IncomingMessage, Reply
from tests.bot.gateway_databases import Stored
from tests.builders import turn

Open = Callable[[str], Database]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def session() -> str:
    return secrets.token_urlsafe(16)


class Events:
    """An open event stream, read event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def line(self, within: float = 5.0) -> str:
        async with asyncio.timeout(within):
            raw = await self.response.content.readline()
        assert raw, "the stream has ended"
        return raw.decode().rstrip("\n")

    async def next(self, within: float = 5.0) -> dict[str, Any]:
        """The next event; comments and empty lines are passed over."""
        number = None
        while True:
            line = await self.line(within)
            if line.startswith("id: "):
                number = int(line[4:])
            if line.startswith("data: "):
                event: dict[str, Any] = json.loads(line[6:])
                assert event["seq"] == number
                return event

    async def texts(self, count: int) -> list[str]:
        return [(await self.next())["text"] for _ in range(count)]

    async def nothing(self, seconds: float = 0.3) -> bool:
        try:
            event = await self.next(seconds)
        except TimeoutError:
            return True
        pytest.fail(f"unexpected {event}")


class ChatBot:
    """One bot process: the public listener, lanes that echo, and an HTTP client."""

    def __init__(self, database: Database, heartbeat: float = 15.0) -> None:
        self.database = database
        self.channel = WebChatChannel()
        self.lanes = Lanes(database, self._echo, now)
        app = build_public_app(self._check, "'self' https://kota.example")
        WebChatRoutes(self.channel, database, self.receive, heartbeat).add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.url = ""
        self.http = aiohttp.ClientSession()

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self.http.close()
        await self._runner.cleanup()
        await self.lanes.close(patience=0.5)

    async def receive(self, messages: Sequence[IncomingMessage]) -> None:
        for one in await self.database.run(lambda c: inbox.receive(c, messages, now())):
            if one.inbound_id is not None:
                self.lanes.wake(one.conversation_id)

    async def _echo(self, message: Claimed) -> None:
        count = int(message.text) if message.text.isdigit() else 1
        texts = [f"{message.text or message.payload}" if count == 1 else f"{n + 1}" for n in range(count)]
        bodies = [body for text in texts for body in self.channel.render(Reply(text))]
        stored = await self.database.run(lambda c: inbox.finish(c, message, turn(*texts), bodies, "sent", now()))
        self.channel.delivered(message.address, stored)

    async def _check(self) -> dict[str, bool]:
        return {"database": await answers(self.database), "rasa": True}

    async def post(self, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post(f"{self.url}/webchat/messages", data=data, **options) as response:
            raw = await response.read()
            return response.status, json.loads(raw) if response.content_type == "application/json" else {}

    async def say(self, secret: str, text: str, key: str | None = None) -> None:
        status, _ = await self.post({"session": secret, "id": key or secrets.token_hex(8), "text": text})
        assert status == 202

    @asynccontextmanager
    async def events(self, secret: str, header: str | None = None, **query: str) -> AsyncIterator[Events]:
        headers = {"Last-Event-ID": header} if header is not None else {}
        async with self.http.get(
            f"{self.url}/webchat/events", params={"session": secret, **query}, headers=headers
        ) as response:
            assert response.status == 200, await response.text()
            yield Events(response)


async def handled(stored: Stored, count: int) -> bool:
    return [row.state for row in await stored.inbound()] == ["done"] * count
