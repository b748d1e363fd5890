"""A Bot API that says yes to everything, as cheaply as Python can: its time is the generator's.

Bare sockets instead of a web framework: a message costs two calls here, and each must
take a small part of what it measures. Correctness is the business of tests/simulators/telegram.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

_ME = '{"id":1,"is_bot":true,"first_name":"Bench","username":"bench_bot"}'

OnMessage = Callable[[int], None]
"""Called with the chat id of each message that the bot sends."""


class FakeTelegram:
    """Listens while the context lasts; `residents` are told of the messages to their chat."""

    def __init__(self) -> None:
        self.residents: dict[int, Callable[[], None]] = {}
        self._messages = 0
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self, port: int) -> int:
        """Listen on a port of 127.0.0.1 (0: any free one); returns it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        if self._server is not None:
            await self._server.wait_closed()

    def answer(self, method: bytes, body: bytes) -> bytes:
        """The JSON body for a call."""
        if method == b"sendMessage":
            chat = int(json.loads(body)["chat_id"])
            self._messages += 1
            told = self.residents.get(chat)
            if told is not None:
                told()
            result = (
                f'{{"message_id":{self._messages},"date":1700000000,'
                f'"chat":{{"id":{chat},"type":"private"}},"text":"-"}}'
            )
        else:
            result = _ME if method == b"getMe" else "true"
        return f'{{"ok":true,"result":{result}}}'.encode()

    def opened(self, connection: _Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: _Connection) -> None:
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    def __init__(self, telegram: FakeTelegram) -> None:
        self._telegram = telegram
        self._transport: asyncio.Transport | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._telegram.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._telegram.closed(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._read += data
        while True:
            end = self._read.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._read[:end]
            length = _LENGTH.search(head)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self._read) < stop:
                return
            body, self._read = self._read[end + 4 : stop], self._read[stop:]
            # "POST /bot<token>/sendMessage HTTP/1.1"
            method = head.split(b" ", 2)[1].partition(b"?")[0].rpartition(b"/")[2]
            answer = self._telegram.answer(method, body)
            assert self._transport is not None
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (len(answer), answer)
            )
