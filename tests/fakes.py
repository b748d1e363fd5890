"""Stand-ins at the seams: the clock, a channel's provider, Rasa's server, the wire to a database."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiohttp import web

from bot.messages import Claimed, OutgoingPart, Reply
from tests.builders import CHANNEL

EPOCH = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


class Clock:
    """A clock that goes only when told."""

    def __init__(self) -> None:
        self.time = EPOCH

    def __call__(self) -> dt.datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += dt.timedelta(seconds=seconds)


async def eventually(condition: Callable[[], bool | Awaitable[bool]], within: float = 5.0) -> None:
    """Return once `condition` holds; the test fails where it does not in time."""
    async with asyncio.timeout(within):
        while True:
            held = condition()
            if held is True or (isinstance(held, Awaitable) and await held):
                return
            await asyncio.sleep(0.005)


class FakeChannel:
    """A channel that writes down what it sends. `problems` are raised first, per address."""

    def __init__(self, name: str = CHANNEL, *, mailbox: bool = False) -> None:
        self.name = name
        self.mailbox = mailbox
        self.problems: dict[str, deque[Exception]] = defaultdict(deque)
        self.calls: list[tuple[str, str]] = []
        self.sent: list[tuple[str, str]] = []
        self.parts: list[OutgoingPart] = []
        self.announced: list[tuple[str, list[int]]] = []
        self.typing: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.typing_gate = asyncio.Event()
        self.typing_gate.set()
        self.sending: dict[str, int] = defaultdict(int)
        self.most_at_once: dict[str, int] = defaultdict(int)
        self.unrenderable: str | None = None

    def render(self, reply: Reply) -> Sequence[Mapping[str, Any]]:
        if self.unrenderable is not None and self.unrenderable in reply.text:
            raise ValueError("this reply cannot be drawn")
        return [{"text": reply.text, "buttons": [button.title for button in reply.buttons]}]

    async def working(self, message: Claimed) -> None:
        self.typing.append(message.inbound_id)
        await self.typing_gate.wait()

    async def send(self, part: OutgoingPart) -> str | None:
        text = str(part.body["text"])
        self.calls.append((part.address, text))
        self.sending[part.address] += 1
        self.most_at_once[part.address] = max(self.most_at_once[part.address], self.sending[part.address])
        try:
            await self.gate.wait()
            await asyncio.sleep(0.001)
            if self.problems[part.address]:
                raise self.problems[part.address].popleft()
        finally:
            self.sending[part.address] -= 1
        self.sent.append((part.address, text))
        self.parts.append(part)
        return f"p{len(self.sent)}"

    def delivered(self, address: str, parts: Sequence[OutgoingPart]) -> None:
        self.announced.append((address, [part.seq for part in parts]))

    def texts(self, address: str = "asep") -> list[str]:
        return [text for to, text in self.sent if to == address]


class FakeNlu:
    """A real HTTP server in Rasa's place; `answer` decides what it says."""

    def __init__(self) -> None:
        self.answer: Callable[[str], Any] = lambda _text: {"intent": {"name": "greet", "confidence": 0.9}}
        self.status: Any = {"model_file": "model.tar.gz"}
        self.http_status = 200
        self.delay = 0.0
        self.texts: list[str] = []
        self.tokens: list[str | None] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/model/parse", self._parse)
        app.router.add_get("/status", self._status)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _parse(self, request: web.Request) -> web.Response:
        self.texts.append((await request.json())["text"])
        self.tokens.append(request.query.get("token"))
        await asyncio.sleep(self.delay)
        answer = self.answer(self.texts[-1])
        body = answer if isinstance(answer, str | bytes) else json.dumps(answer)
        return web.Response(
            status=self.http_status,
            body=body.encode() if isinstance(body, str) else body,
            content_type="application/json",
        )

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response(self.status, status=self.http_status)


class Wire:
    """A TCP relay to a server; cutting it is the server's outage, freezing it a network's."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._flowing.set()

    async def cut(self) -> None:
        """Connections break and new ones are refused."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    def freeze(self) -> None:
        """Connections stand, and nothing passes."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def close(self) -> None:
        await self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)
