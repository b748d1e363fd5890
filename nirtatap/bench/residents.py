"""Residents of the load: each asks, waits for the answer, and says when it came."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from nirtatap.bench import figures
from nirtatap.bench.telegram import FakeTelegram

PATIENCE = 10.0
"""Seconds after which a message counts as not answered."""

QUIET = 0.25
"""Seconds without a further bubble after which an answer is taken to be whole."""

CONVERSATION = 5
"""Messages of one sender to stock Rasa, whose turns take longer the longer a conversation is."""

_JSON = {"Content-Type": "application/json"}
_GREETING = "halo"


class Unanswered(Exception):
    """Refused, failed, or not answered in time."""


@dataclass(frozen=True)
class Target:
    """Where a kind of load goes."""

    kind: str
    url: str
    secret: str = ""
    patience: float = PATIENCE


class Resident(Protocol):
    """One question at a time; `ask` returns when the answer came, by `time.perf_counter`.

    Not by the loop's clock: uvloop's counts whole milliseconds.
    """

    async def open(self) -> None: ...

    async def ask(self, text: str) -> float: ...

    async def close(self) -> None: ...

    @property
    def strays(self) -> int: ...


class Mail:
    """The bubbles a resident gets from a channel that answers by itself, not by a response."""

    def __init__(self) -> None:
        self.received = 0
        self.strays = 0
        self._waiting: asyncio.Future[float] | None = None

    def arrived(self) -> None:
        self.received += 1
        if self._waiting is None or self._waiting.done():
            self.strays += 1
        else:
            self._waiting.set_result(time.perf_counter())

    def expect(self) -> asyncio.Future[float]:
        """Before asking: an answer can overtake the acknowledgement."""
        self._waiting = asyncio.get_running_loop().create_future()
        return self._waiting

    async def settle(self) -> None:
        """Wait until no further bubble comes; those that came were no strays."""
        known = -1
        while known != self.received:
            known = self.received
            await asyncio.sleep(QUIET)
        self.strays = 0


async def _within(answer: asyncio.Future[float], seconds: float) -> float:
    """`asyncio.wait_for` without its task for every message."""
    timer = asyncio.get_running_loop().call_later(seconds, answer.cancel)
    try:
        return await answer
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Unanswered("no answer in time") from None
    finally:
        timer.cancel()


class _Mailed(ABC):
    """What web chat and Telegram residents share."""

    def __init__(self) -> None:
        self.mail = Mail()

    @property
    def strays(self) -> int:
        return self.mail.strays

    async def greet(self) -> None:
        """The first turn of a conversation may say more than the others; it is not measured."""
        await self.ask(_GREETING)
        await self.mail.settle()

    @abstractmethod
    async def ask(self, text: str) -> float:
        """When the answer came, in seconds of `time.perf_counter`."""


class WebChatResident(_Mailed):
    """A session of its own with its own open event stream."""

    def __init__(self, http: aiohttp.ClientSession, target: Target) -> None:
        super().__init__()
        self._http, self._target = http, target
        self._session = secrets.token_urlsafe(24)
        self._asked = 0
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        response = await self._http.get(
            f"{self._target.url}/webchat/events",
            params={"session": self._session},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._target.patience),
        )
        if response.status != 200:
            response.release()
            raise Unanswered(f"event stream: status {response.status}")
        self._reader = asyncio.create_task(self._read(response))
        await self.greet()

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        rest = b""
        try:
            while chunk := await response.content.readany():
                *events, rest = (rest + chunk).split(b"\n\n")
                for event in events:
                    if b"data:" in event:
                        self.mail.arrived()
        except aiohttp.ClientError:
            pass  # the bot went away: whoever waits runs out of patience
        finally:
            response.close()

    async def ask(self, text: str) -> float:
        self._asked += 1
        body = json.dumps({"session": self._session, "id": str(self._asked), "text": text}).encode()
        answer = self.mail.expect()
        url = f"{self._target.url}/webchat/messages"
        async with self._http.post(url, data=body, headers=_JSON) as response:
            if response.status != 202:
                raise Unanswered(f"status {response.status}")
        return await _within(answer, self._target.patience)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader


class TelegramResident(_Mailed):
    """A private chat: updates go to the webhook, answers come to the fake Bot API."""

    def __init__(self, http: aiohttp.ClientSession, target: Target, telegram: FakeTelegram) -> None:
        super().__init__()
        self._http, self._target, self._telegram = http, target, telegram
        self._chat = secrets.randbelow(2**50) + 1
        self._asked = 0

    async def open(self) -> None:
        self._telegram.residents[self._chat] = self.mail.arrived
        await self.greet()

    async def ask(self, text: str) -> float:
        self._asked += 1
        person = {"id": self._chat, "first_name": "Warga"}
        message = {
            "message_id": self._asked,
            "date": 1_700_000_000 + self._asked,
            "chat": {**person, "type": "private"},
            "from": {**person, "is_bot": False},
            "text": text,
        }
        update = {"update_id": self._chat + self._asked, "message": message}
        headers = {**_JSON, "X-Telegram-Bot-Api-Secret-Token": self._target.secret}
        answer = self.mail.expect()
        url, body = f"{self._target.url}/telegram/webhook", json.dumps(update).encode()
        async with self._http.post(url, data=body, headers=headers) as response:
            if response.status != 200:
                raise Unanswered(f"status {response.status}")
        return await _within(answer, self._target.patience)

    async def close(self) -> None:
        self._telegram.residents.pop(self._chat, None)


class _Direct:
    """The answer is the response."""

    strays = 0

    def __init__(self, http: aiohttp.ClientSession, target: Target) -> None:
        self._http, self._target = http, target

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass


class ParseClient(_Direct):
    """Rasa's NLU alone."""

    async def ask(self, text: str) -> float:
        url, body = f"{self._target.url}/model/parse", json.dumps({"text": text}).encode()
        params = {"token": self._target.secret} if self._target.secret else {}
        async with self._http.post(url, data=body, headers=_JSON, params=params) as response:
            await response.read()
            if response.status != 200:
                raise Unanswered(f"status {response.status}")
        return time.perf_counter()


class RestResident(_Direct):
    """A sender of stock Rasa's REST channel; a new one every few messages."""

    def __init__(self, http: aiohttp.ClientSession, target: Target) -> None:
        super().__init__(http, target)
        self._asked = 0
        self._sender = ""

    async def ask(self, text: str) -> float:
        if self._asked % CONVERSATION == 0:
            self._sender = secrets.token_hex(8)
        self._asked += 1
        url = f"{self._target.url}/webhooks/rest/webhook"
        body = json.dumps({"sender": self._sender, "message": text}).encode()
        async with self._http.post(url, data=body, headers=_JSON) as response:
            answer = await response.read()
            if response.status != 200:
                raise Unanswered(f"status {response.status}")
        came = time.perf_counter()
        if b'"text"' not in answer:
            # An action that failed is an empty list with status 200.
            raise Unanswered("no words in the answer")
        return came


def make(http: aiohttp.ClientSession, target: Target, telegram: FakeTelegram) -> Resident:
    """A new resident of the target's kind."""
    if target.kind == figures.WEBCHAT:
        return WebChatResident(http, target)
    if target.kind == figures.TELEGRAM:
        return TelegramResident(http, target, telegram)
    if target.kind == figures.PARSE:
        return ParseClient(http, target)
    return RestResident(http, target)
