"""Replies out: in order per conversation, retried when that can help, never silently lost.

A row goes queued -> sending -> sent | failed | cancelled; `sending` is durable before the
provider is called, so that a crash leaves at most this one row in doubt, and flagged.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

import structlog
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from bot import statements
from bot.channels.base import Channel
from bot.database import Database
from bot.errors import DatabaseUnavailable, RecipientGone, SendError, SendRetry
from bot.messages import OutgoingPart
from bot.models import CONVERSATION, OUTBOX

log = structlog.get_logger()

LEASE = dt.timedelta(seconds=60)
"""A send that takes longer than this is taken to have died with its process."""

BACKOFF = tuple(dt.timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 1800, 3600))
LEAST_WAIT = 0.5
SWEEP_EVERY = 2.0
SETTLE_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between attempts to write down what became of a send; together less than its lease."""


def take(connection: Connection, conversation_id: int, now: dt.datetime) -> OutgoingPart | None:
    """Mark the oldest open part of a conversation as `sending` and return it, if it is due.

    A part of an older epoch (an agent has taken over since) is cancelled, not sent.
    """
    while True:
        row = connection.execute(statements.OLDEST_OPEN_PART, {"conversation": conversation_id}).one_or_none()
        if row is None:
            return None
        until = row.lease_until if row.state == "sending" else row.next_at
        if until is not None and until > now:
            return None
        if row.blocked_at is not None or row.epoch < row.now_epoch:
            _set(connection, row.id, state="cancelled", error="blocked" if row.blocked_at else "taken over")
            continue
        doubt = row.ambiguous or row.state == "sending"
        taken = connection.execute(
            statements.START_SENDING, {"outbox": row.id, "now": now, "lease": now + LEASE, "doubt": doubt}
        )
        if taken.rowcount != 1:
            return None  # another process was faster
        return OutgoingPart(row.id, conversation_id, row.address, row.seq, row.body, row.attempts)


def _due(now: dt.datetime) -> ColumnElement[bool]:
    """Whether a part could be sent: waiting and due, or left in the middle of a send."""
    return or_(
        and_(OUTBOX.c.state == "queued", or_(OUTBOX.c.next_at.is_(None), OUTBOX.c.next_at <= now)),
        and_(OUTBOX.c.state == "sending", OUTBOX.c.lease_until <= now),
    )


def _set(connection: Connection, outbox_id: int, **values: object) -> None:
    """A part that was not sent; one that another process has sent meanwhile stays `sent`."""
    connection.execute(
        update(OUTBOX).where(OUTBOX.c.id == outbox_id, OUTBOX.c.state.in_(("queued", "sending"))).values(**values)
    )


def settle(connection: Connection, part: OutgoingPart, result: str | None | SendError, now: dt.datetime) -> None:
    """Write down what became of a send: a provider id (or None), or the error."""
    if not isinstance(result, SendError):
        connection.execute(statements.MARK_SENT, {"outbox": part.outbox_id, "provider": result, "at": now})
    elif isinstance(result, SendRetry) and result.retry_after is not None:
        # Whoever names a wait will take the part after it: it costs no attempt, or a flood would lose it.
        wait = dt.timedelta(seconds=max(result.retry_after, LEAST_WAIT))
        _set(connection, part.outbox_id, state="queued", next_at=now + wait, error=str(result)[:2000])
    elif isinstance(result, SendRetry) and part.attempts < len(BACKOFF):
        _set(
            connection,
            part.outbox_id,
            state="queued",
            attempts=part.attempts + 1,
            next_at=now + BACKOFF[part.attempts],
            error=str(result)[:2000],
        )
    else:
        _set(connection, part.outbox_id, state="failed", error=str(result)[:2000])
        if isinstance(result, RecipientGone):
            connection.execute(
                update(CONVERSATION).where(CONVERSATION.c.id == part.conversation_id).values(blocked_at=now)
            )


def open_conversations(
    connection: Connection, now: dt.datetime, limit: int = 500, channels: Collection[str] | None = None
) -> list[tuple[str, int]]:
    """(channel, conversation) whose oldest open part could be sent now, on one of `channels`; longest waiting first."""
    waiting = OUTBOX.c.state.in_(("queued", "sending"))
    oldest = (
        select(OUTBOX.c.conversation_id, func.min(OUTBOX.c.seq).label("seq"))
        .where(waiting if channels is None else and_(waiting, OUTBOX.c.channel.in_(channels)))
        .group_by(OUTBOX.c.conversation_id)
        .subquery()
    )
    rows = connection.execute(
        select(OUTBOX.c.channel, OUTBOX.c.conversation_id)
        .join(oldest, and_(OUTBOX.c.conversation_id == oldest.c.conversation_id, OUTBOX.c.seq == oldest.c.seq))
        .where(_due(now))
        .order_by(OUTBOX.c.id)
        .limit(limit)
    )
    return [(row.channel, row.conversation_id) for row in rows]


class Dispatcher:
    """Sends what the outbox holds, one conversation at a time each, all conversations side by side."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        clock: Callable[[], dt.datetime],
        sweep_every: float = SWEEP_EVERY,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._sweep_every = sweep_every
        self._running: dict[int, asyncio.Task[None]] = {}
        self._again: dict[int, tuple[str, OutgoingPart | None]] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep(), name="outbox-sweeper")

    def busy(self, conversation_id: int) -> bool:
        """Whether parts of the conversation are being sent: then the new ones follow by themselves."""
        return conversation_id in self._running

    def wake(
        self, channel: str, conversation_id: int, first: OutgoingPart | None = None, *, last: bool = False
    ) -> None:
        """Send what is open; `first` is a part that the caller has taken already, `last` if none is behind it."""
        if channel not in self._channels or self._channels[channel].mailbox:
            return
        if conversation_id in self._running:
            if first is not None or conversation_id not in self._again:
                self._again[conversation_id] = (channel, first)
            return
        work = self._drain(channel, conversation_id, first, last)
        task = asyncio.create_task(work, name=f"send-{conversation_id}")
        self._running[conversation_id] = task
        task.add_done_callback(lambda _task: self._ended(conversation_id))

    async def close(self, patience: float = 10.0) -> None:
        """Let the sends under way end; the rest stays stored."""
        self._closing = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        deadline = asyncio.get_running_loop().time() + patience
        while self._running and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._running.values(), timeout=left)
        late = list(self._running.values())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, conversation_id: int) -> None:
        self._running.pop(conversation_id, None)
        channel, first = self._again.pop(conversation_id, (None, None))
        # A part that was taken is sent even now: it is marked as `sending`, and would be in doubt.
        if channel is not None and (first is not None or not self._closing):
            self.wake(channel, conversation_id, first)

    async def _drain(self, channel_name: str, conversation_id: int, first: OutgoingPart | None, last: bool) -> None:
        channel = self._channels[channel_name]
        try:
            part = first or await self._database.run(lambda c: take(c, conversation_id, self._clock()))
            while part is not None:
                result = await self._send(channel, part)
                part = await self._settle_and_take(part, result, last)
        except DatabaseUnavailable as error:
            log.warning("outbox_stopped", conversation=conversation_id, error=str(error))
        except Exception:
            log.exception("outbox_failed", conversation=conversation_id)

    async def _send(self, channel: Channel, part: OutgoingPart) -> str | None | SendError:
        try:
            return await channel.send(part)
        except SendError as error:
            log.warning("send_failed", channel=channel.name, outbox=part.outbox_id, error=str(error))
            return error
        except Exception as error:
            # A fault of ours, not of the part's: it is retried and in the end given up like any other.
            log.exception("send_crashed", channel=channel.name, outbox=part.outbox_id)
            return SendRetry(f"{type(error).__name__}: {error}")

    async def _settle_and_take(
        self, part: OutgoingPart, result: str | None | SendError, last: bool
    ) -> OutgoingPart | None:
        def work(connection: Connection) -> OutgoingPart | None:
            settle(connection, part, result, self._clock())
            return None if last or self._closing else take(connection, part.conversation_id, self._clock())

        for pause in SETTLE_AGAIN:
            try:
                return await self._database.run(work)
            except DatabaseUnavailable as error:
                # Once forgotten, a part that has left would be sent again.
                log.warning("send_not_settled", outbox=part.outbox_id, error=str(error))
                if self._closing:
                    raise
                await asyncio.sleep(pause)
        return await self._database.run(work)

    async def _sweep(self) -> None:
        while True:
            try:
                for channel, conversation_id in await self._database.run(
                    lambda c: open_conversations(c, self._clock(), channels=self._channels.keys())
                ):
                    if not self.busy(conversation_id):
                        self.wake(channel, conversation_id)
            except DatabaseUnavailable as error:
                log.warning("sweep_failed", error=str(error))
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(self._sweep_every)
