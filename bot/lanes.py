"""One lane per conversation: a resident's messages in order, residents side by side."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot import inbox
from bot.database import Database
from bot.errors import DatabaseUnavailable
from bot.messages import Claimed

log = structlog.get_logger()

Handle = Callable[[Claimed], Awaitable[None]]
Clock = Callable[[], dt.datetime]

SWEEP_EVERY = 2.0
"""Seconds between looks for messages that nobody was woken for (a crash, a retry, another process)."""


class Lanes:
    """Runs `handle` for every waiting message, at most `width` conversations at once."""

    def __init__(
        self,
        database: Database,
        handle: Handle,
        clock: Clock,
        width: int = 64,
        sweep_every: float = SWEEP_EVERY,
    ) -> None:
        self._database = database
        self._handle = handle
        self._clock = clock
        self._sweep_every = sweep_every
        self._slots = asyncio.Semaphore(width)
        self._owner = uuid.uuid4().hex
        self._running: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep(), name="lanes-sweeper")

    def wake(self, conversation_id: int) -> None:
        """Say that a conversation has a message; cheap, and safe to repeat."""
        if self._closing:
            return
        if conversation_id in self._running:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._run(conversation_id), name=f"lane-{conversation_id}")
        self._running[conversation_id] = task
        task.add_done_callback(lambda _task: self._ended(conversation_id))

    async def close(self, patience: float = 10.0) -> None:
        """Let running turns end; what waits stays stored for the next start."""
        self._closing = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, conversation_id: int) -> None:
        self._running.pop(conversation_id, None)
        if conversation_id in self._again:
            self._again.discard(conversation_id)
            self.wake(conversation_id)

    async def _run(self, conversation_id: int) -> None:
        try:
            async with self._slots:
                while not self._closing:
                    self._again.discard(conversation_id)
                    message = await self._database.run(
                        lambda c: inbox.claim(c, conversation_id, self._owner, self._clock())
                    )
                    if message is None:
                        return  # and the lease with it
                    await self._handle(message)
                if self._database.shared:
                    await self._database.run(lambda c: inbox.release(c, conversation_id, self._owner))
        except DatabaseUnavailable as error:
            # Nothing is lost: the message is stored, and the sweeper comes back to it.
            log.warning("lane_stopped", conversation=conversation_id, error=str(error))
        except Exception:
            log.exception("lane_failed", conversation=conversation_id)

    async def _sweep(self) -> None:
        while True:
            try:
                # A lease of our own without a lane is one whose turn was cut short by an outage.
                for conversation_id in await self._database.run(
                    lambda c: inbox.waiting(c, self._clock(), owner=self._owner)
                ):
                    if conversation_id not in self._running:
                        self.wake(conversation_id)
            except DatabaseUnavailable as error:
                log.warning("sweep_failed", error=str(error))
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(self._sweep_every)
