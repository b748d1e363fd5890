"""What residents do, as updates; and how the updates wait and are delivered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

Json = dict[str, Any]
FIRST_UPDATE = 700_000_001


class Signal:
    """Wakes all who wait for a change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait_until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Whether it became true in time."""
        end = time.monotonic() + seconds
        while not true():
            event, left = self._event, end - time.monotonic()
            if left <= 0:
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), left)
        return True


@dataclass
class Waiting:
    update: Json
    repeat: bool = False

    @property
    def number(self) -> int:
        return int(self.update["update_id"])


class UpdateQueue:
    """Updates until they are confirmed. `paused` holds them back; `release` may turn their order round."""

    def __init__(self) -> None:
        self.changed = Signal()
        self.waiting: list[Waiting] = []
        self.history: dict[int, Json] = {}
        self.paused = False
        self._next = FIRST_UPDATE

    def add(self, content: Json) -> int:
        update = {"update_id": self._next, **content}
        self._next += 1
        self.history[update["update_id"]] = update
        self.waiting.append(Waiting(update))
        self.changed.fire()
        return int(update["update_id"])

    def repeat(self, number: int) -> None:
        """Deliver an update once more, as after a lost confirmation."""
        self.waiting.append(Waiting(self.history[number], repeat=True))
        self.changed.fire()

    def release(self, *, reverse: bool = False) -> None:
        if reverse:
            self.waiting.reverse()
        self.paused = False
        self.changed.fire()

    def due(self, kinds: list[str] | None = None) -> list[Waiting]:
        return [w for w in self.waiting if not self.paused and (not kinds or any(k in w.update for k in kinds))]

    def confirm(self, offset: int) -> None:
        """Forget what lies before the offset; a repeat is forgotten once it was handed out."""
        self.waiting = [w for w in self.waiting if w.repeat or w.number >= offset]
        self.changed.fire()

    def forget(self, waiting: Waiting) -> None:
        self.waiting = [w for w in self.waiting if w is not waiting]
        self.changed.fire()

    async def drained(self, seconds: float = 5.0) -> None:
        """Until all updates are confirmed."""
        if not await self.changed.wait_until(lambda: not self.waiting, seconds):
            raise TimeoutError(f"{len(self.waiting)} updates were not confirmed in {seconds} s")


class WebhookSender:
    """POSTs updates one by one; one that is not answered with 2xx is sent again."""

    def __init__(self, queue: UpdateQueue, url: str, secret: str | None, retry_seconds: float) -> None:
        self.answers: list[int] = []
        self.last_error: str | None = None
        self.url = url
        self._queue = queue
        self._secret = secret
        self._retry_seconds = retry_seconds
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._secret
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                await self._queue.changed.wait_until(lambda: bool(self._queue.due()), 3600)
                for waiting in self._queue.due():
                    if await self._post(session, waiting):
                        self._queue.forget(waiting)
                    else:
                        await asyncio.sleep(self._retry_seconds)

    async def _post(self, session: aiohttp.ClientSession, waiting: Waiting) -> bool:
        try:
            async with session.post(self.url, data=json.dumps(waiting.update)) as response:
                self.answers.append(response.status)
                self.last_error = None if response.ok else f"Wrong response from the webhook: {response.status}"
                return response.ok
        except aiohttp.ClientError as error:
            self.last_error = f"Connection failed: {type(error).__name__}"
            return False
