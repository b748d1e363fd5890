"""Replies out: in order per conversation, retried when that can help, never silently lost.

A row goes queued -> sending -> sent | failed | cancelled; `sending` is durable before the
provider is called, so that a crash leaves at most this one row in doubt, and flagged.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog
from sqlalchemy import Connection, and_, or_, select, update

from bot.channels.base import Channel
from bot.database import Database
from bot.errors import DatabaseUnavailable, RecipientGone, SendError, SendRetry
from bot.inbox import CONVERSATION, OUTBOX
from bot.messages import OutgoingPart

log = structlog.get_logger()

LEASE = dt.timedelta(seconds=60)
"""A send that takes longer than this is taken to have died with its process."""

BACKOFF = tuple(dt.timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 1800, 3600))
SWEEP_EVERY = 2.0


def take(connection: Connection, conversation_id: int, now: dt.datetime) -> OutgoingPart | None:
    """Mark the oldest open part of a conversation as `sending` and return it, if it is due.

    A part of an older epoch (an agent has taken over since) is cancelled, not sent.
    """
    while True:
        row = connection.execute(
            select(
                OUTBOX,
                CONVERSATION.c.address,
                CONVERSATION.c.blocked_at,
                CONVERSATION.c.epoch.label("now_epoch"),
            )
            .join(CONVERSATION, CONVERSATION.c.id == OUTBOX.c.conversation_id)
            .where(OUTBOX.c.conversation_id == conversation_id, OUTBOX.c.state.in_(("queued", "sending")))
            .order_by(OUTBOX.c.seq)
            .limit(1)
            .with_for_update(skip_locked=True, of=OUTBOX)
        ).one_or_none()
        if row is None or (row.next_at is not None and row.next_at > now):
            return None
        if row.state == "sending" and row.lease_until is not None and row.lease_until > now:
            return None
        if row.blocked_at is not None or row.epoch < row.now_epoch:
            _set(connection, row.id, state="cancelled", error="blocked" if row.blocked_at else "taken over")
            continue
        _set(
            connection,
            row.id,
            state="sending",
            lease_until=now + LEASE,
            ambiguous=row.ambiguous or row.state == "sending",
        )
        return OutgoingPart(row.id, conversation_id, row.address, row.seq, row.body, row.attempts)


def _set(connection: Connection, outbox_id: int, **values: object) -> None:
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == outbox_id).values(**values))


def settle(connection: Connection, part: OutgoingPart, result: str | None | SendError, now: dt.datetime) -> None:
    """Write down what became of a send: a provider id (or None), or the error."""
    if not isinstance(result, SendError):
        _set(connection, part.outbox_id, state="sent", provider_id=result, sent_at=now, error=None)
    elif isinstance(result, SendRetry) and part.attempts < len(BACKOFF):
        wait = BACKOFF[part.attempts]
        if result.retry_after is not None:
            wait = dt.timedelta(seconds=result.retry_after)
        _set(
            connection,
            part.outbox_id,
            state="queued",
            attempts=part.attempts + 1,
            next_at=now + wait,
            error=str(result)[:2000],
        )
    else:
        _set(connection, part.outbox_id, state="failed", error=str(result)[:2000])
        if isinstance(result, RecipientGone):
            connection.execute(
                update(CONVERSATION).where(CONVERSATION.c.id == part.conversation_id).values(blocked_at=now)
            )


def open_conversations(connection: Connection, now: dt.datetime, limit: int = 500) -> list[tuple[str, int]]:
    """(channel, conversation) with a part that could be sent now."""
    rows = connection.execute(
        select(OUTBOX.c.channel, OUTBOX.c.conversation_id)
        .where(
            or_(
                and_(OUTBOX.c.state == "queued", or_(OUTBOX.c.next_at.is_(None), OUTBOX.c.next_at <= now)),
                and_(OUTBOX.c.state == "sending", OUTBOX.c.lease_until < now),
            )
        )
        .group_by(OUTBOX.c.channel, OUTBOX.c.conversation_id)
        .limit(limit)
    )
    return [(row.channel, row.conversation_id) for row in rows]


class Dispatcher:
    """Sends what the outbox holds, one conversation at a time each, all conversations side by side."""

    def __init__(self, database: Database, channels: Mapping[str, Channel], clock: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._running: dict[int, asyncio.Task[None]] = {}
        self._again: dict[int, str] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep(), name="outbox-sweeper")

    def busy(self, conversation_id: int) -> bool:
        """Whether parts of the conversation are being sent: then the new ones follow by themselves."""
        return conversation_id in self._running

    def wake(self, channel: str, conversation_id: int, first: OutgoingPart | None = None) -> None:
        """Send what is open; `first` is a part that the caller has taken already."""
        if channel not in self._channels or self._channels[channel].mailbox:
            return
        if conversation_id in self._running:
            self._again[conversation_id] = channel
            return
        task = asyncio.create_task(self._drain(channel, conversation_id, first), name=f"send-{conversation_id}")
        self._running[conversation_id] = task
        task.add_done_callback(lambda _task: self._ended(conversation_id))

    async def close(self, patience: float = 10.0) -> None:
        """Let the sends under way end; the rest stays stored."""
        self._closing = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=patience)
            for task in late:
                task.cancel()

    def _ended(self, conversation_id: int) -> None:
        self._running.pop(conversation_id, None)
        channel = self._again.pop(conversation_id, None)
        if channel is not None and not self._closing:
            self.wake(channel, conversation_id)

    async def _drain(self, channel_name: str, conversation_id: int, first: OutgoingPart | None) -> None:
        channel = self._channels[channel_name]
        try:
            part = first or await self._database.run(lambda c: take(c, conversation_id, self._clock()))
            while part is not None:
                result = await self._send(channel, part)
                part = await self._settle_and_take(part, result)
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

    async def _settle_and_take(self, part: OutgoingPart, result: str | None | SendError) -> OutgoingPart | None:
        def work(connection: Connection) -> OutgoingPart | None:
            settle(connection, part, result, self._clock())
            return None if self._closing else take(connection, part.conversation_id, self._clock())

        return await self._database.run(work)

    async def _sweep(self) -> None:
        while True:
            try:
                for channel, conversation_id in await self._database.run(
                    lambda c: open_conversations(c, self._clock())
                ):
                    self.wake(channel, conversation_id)
            except DatabaseUnavailable as error:
                log.warning("sweep_failed", error=str(error))
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(SWEEP_EVERY)
