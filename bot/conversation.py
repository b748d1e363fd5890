"""One message, one straight line: direct answer, else understand, act, store, send."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from actions.router import Actions
from actions.turn import Incoming, Turn
from bot import inbox, outbox
from bot.channels.base import Channel
from bot.database import Database
from bot.errors import DatabaseUnavailable, NirtatapError, RasaUnavailable
from bot.inbox import MAX_ATTEMPTS
from bot.messages import Claimed, OutgoingPart
from bot.privacy import mask_for_log
from bot.rasa_client import RasaClient

log = structlog.get_logger()

COURTESY = 1.0
"""Seconds that a finished turn waits for its "typing" to have left."""


@dataclass(frozen=True)
class Parts:
    """What a conversation is made of; put together by the composition root."""

    database: Database
    channels: Mapping[str, Channel]
    dispatcher: outbox.Dispatcher
    rasa: RasaClient
    actions: Callable[[], Actions]
    clock: Callable[[], dt.datetime]


async def handle(message: Claimed, parts: Parts) -> None:
    """Answer one resident's message: the answer, the context and `done` are stored together."""
    started = time.perf_counter()
    channel = parts.channels.get(message.channel)
    if channel is None:
        # The channel was switched off with messages waiting; they wait until it is on again.
        await parts.database.run(lambda c: inbox.postpone(c, message, "channel is off", parts.clock(), counted=False))
        return
    typing = asyncio.create_task(channel.working(message))
    try:
        turn = await _answer(message, channel, parts)
    finally:
        await _end(typing)
    if turn is None:
        return
    log.info(
        "turn",
        channel=message.channel,
        inbound=message.inbound_id,
        outcome=turn.outcome.value,
        act=turn.act,
        service=turn.service,
        ms=round((time.perf_counter() - started) * 1000, 1),
    )


async def _end(typing: asyncio.Task[None]) -> None:
    """A courtesy that hangs must not hold the resident's next message, nor a place in the lanes."""
    try:
        await asyncio.wait({typing}, timeout=COURTESY)
    finally:
        typing.cancel()
    if typing.done() and not typing.cancelled() and typing.exception() is not None:
        log.warning("working_failed", error=str(typing.exception()))


async def _answer(message: Claimed, channel: Channel, parts: Parts) -> Turn | None:
    """The turn that was stored; None where the message was kept for later, given up, or taken by another."""
    try:
        turn = await _turn(message, parts)
        return turn if await _store_and_send(message, turn, channel, parts) else None
    except DatabaseUnavailable:
        # Not the message's fault: the lane stops, and the sweeper comes back.
        log.warning("turn_not_stored", inbound=message.inbound_id)
        raise
    except Exception as error:
        log.exception("turn_failed", inbound=message.inbound_id, attempts=message.attempts)
        reason = mask_for_log(f"{type(error).__name__}: {error}")
        phrase = error.resident_phrase if isinstance(error, NirtatapError) else "apology"
    if message.attempts + 1 < MAX_ATTEMPTS:
        await parts.database.run(lambda c: inbox.postpone(c, message, reason, parts.clock()))
        return None
    try:
        now = parts.clock()
        turn = parts.actions().apologise(phrase, message.context.fresh(now), now)
        return turn if await _store_and_send(message, turn, channel, parts) else None
    except DatabaseUnavailable:
        raise
    except Exception:
        log.exception("message_buried", inbound=message.inbound_id)
        await parts.database.run(lambda c: inbox.bury(c, message, reason, parts.clock()))
        return None


async def _turn(message: Claimed, parts: Parts) -> Turn:
    actions = parts.actions()
    now = parts.clock()
    context = message.context.fresh(now)
    incoming = Incoming(message.text, message.kind, message.payload, message.attributes, now)
    # Safety patterns, buttons, commands and what cannot be read need no model: they work with Rasa down.
    direct = actions.direct(incoming, context)
    if direct is not None:
        return direct
    try:
        understanding = await parts.rasa.parse(message.text)
    except RasaUnavailable as error:
        log.warning("rasa_unavailable", inbound=message.inbound_id, error=str(error))
        return actions.degraded(incoming, context)
    return actions.answer(incoming, understanding, context)


async def _store_and_send(message: Claimed, turn: Turn, channel: Channel, parts: Parts) -> bool:
    """Whether the turn was ours to store."""
    bodies = [body for reply in turn.replies for body in channel.render(reply)]

    def work(connection: Connection) -> tuple[list[OutgoingPart], OutgoingPart | None]:
        now = parts.clock()
        state = "sent" if channel.mailbox else "queued"
        stored = inbox.finish(connection, message, turn, bodies, state, now)
        if channel.mailbox or not stored or parts.dispatcher.busy(message.conversation_id):
            return stored, None
        return stored, outbox.take(connection, message.conversation_id, now)

    try:
        stored, first = await parts.database.run(work)
    except inbox.NotOurs:
        log.warning("turn_overtaken", inbound=message.inbound_id)
        return False
    if channel.mailbox:
        channel.delivered(message.address, stored)
    elif stored:
        last = first is not None and first.seq == stored[-1].seq
        parts.dispatcher.wake(message.channel, message.conversation_id, first, last=last)
    return True
