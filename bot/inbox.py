"""Messages in: stored once, taken one at a time per conversation, finished with their answer.

Every function is work for `Database.run`: it takes a connection and is one transaction
with whatever else runs in the same call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from bot import statements
from bot.messages import Claimed, Context, IncomingMessage, Outcome, OutgoingPart, Turn
from bot.models import CONVERSATION, INBOUND

LEASE = dt.timedelta(seconds=60)
"""How long another process waits before it takes over a conversation left in the middle."""

MAX_ATTEMPTS = 3
RETRY_AFTER = (dt.timedelta(seconds=2), dt.timedelta(seconds=15))


@dataclass(frozen=True)
class Received:
    """What became of one event: `inbound_id` is None where it had been received before."""

    conversation_id: int
    inbound_id: int | None


def receive(connection: Connection, messages: Sequence[IncomingMessage], now: dt.datetime) -> list[Received]:
    """Store events; a repeat of (channel, external_id) says only that the resident was heard of."""
    dialect = connection.dialect.name
    # Always in the same order: two batches that wait for each other's conversations would both fail.
    heard = sorted({(message.channel, message.address) for message in messages})
    conversations = {
        (channel, address): connection.execute(
            statements.upsert_conversation(dialect),
            {"channel": channel, "address": address, "created_at": now, "last_inbound_at": now},
        ).one()
        for channel, address in heard
    }
    blocked = {row.id: row.blocked_at is not None for row in conversations.values()}
    received = []
    for message in messages:
        conversation_id = conversations[message.channel, message.address].id
        inbound_id = connection.execute(
            statements.insert_inbound(dialect),
            {
                "channel": message.channel,
                "external_id": message.external_id,
                "conversation_id": conversation_id,
                "kind": message.kind,
                "text": message.text,
                "payload": message.payload,
                "attributes": dict(message.attributes),
                "sent_at": message.sent_at,
                "received_at": now,
                "state": "received",
                "attempts": 0,
            },
        ).scalar_one_or_none()
        received.append(Received(conversation_id, inbound_id))
        blocks = blocked[conversation_id] if message.kind == "other" else message.kind == "blocked"
        if inbound_id is not None and blocks != blocked[conversation_id]:
            connection.execute(
                update(CONVERSATION)
                .where(CONVERSATION.c.id == conversation_id)
                .values(blocked_at=now if blocks else None)
            )
            blocked[conversation_id] = blocks
    return received


def claim(connection: Connection, conversation_id: int, owner: str, now: dt.datetime) -> Claimed | None:
    """Take the oldest waiting message of a conversation, or None if there is none or another has it."""
    leased = connection.dialect.name == "postgresql"
    if leased and not _lock_if_free(connection, conversation_id, owner, now):
        return None
    row = connection.execute(statements.OLDEST_WAITING, {"conversation": conversation_id}).one_or_none()
    if row is None or (row.next_at is not None and row.next_at > now):
        # An older message that waits for its retry holds the later ones: order is kept.
        if leased:
            release(connection, conversation_id, owner)
        return None
    if leased:
        connection.execute(
            update(CONVERSATION)
            .where(CONVERSATION.c.id == conversation_id)
            .values(lease_owner=owner, lease_until=now + LEASE)
        )
    return Claimed(
        inbound_id=row.id,
        conversation_id=conversation_id,
        channel=row.channel,
        address=row.address,
        kind=row.kind,
        text=row.text,
        payload=row.payload,
        attributes=row.attributes,
        received_at=row.received_at,
        attempts=row.attempts,
        context=Context.from_json(row.context),
        next_seq=row.next_seq,
        epoch=row.epoch,
    )


def _lock_if_free(connection: Connection, conversation_id: int, owner: str, now: dt.datetime) -> bool:
    """Lock a conversation's row for this transaction, unless another owner has its lease."""
    free = connection.execute(
        select(CONVERSATION.c.id)
        .where(
            CONVERSATION.c.id == conversation_id,
            or_(
                CONVERSATION.c.lease_until.is_(None),
                CONVERSATION.c.lease_until < now,
                CONVERSATION.c.lease_owner == owner,
            ),
        )
        # Waits for the lock: it is held for moments only, and a look that skips it would come again in seconds.
        .with_for_update(key_share=True)
    ).scalar_one_or_none()
    return free is not None


def release(connection: Connection, conversation_id: int, owner: str) -> None:
    """Let other processes take the conversation at once."""
    connection.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == conversation_id, CONVERSATION.c.lease_owner == owner)
        .values(lease_owner=None, lease_until=None)
    )


class NotOurs(Exception):
    """The message was finished by another process after our lease ran out; our answer is dropped."""


def finish(
    connection: Connection,
    message: Claimed,
    turn: Turn,
    bodies: Sequence[Mapping[str, Any]],
    state: str,
    now: dt.datetime,
) -> list[OutgoingPart]:
    """Store the answer, the new context and `done` together.

    `state` is that of the outbox rows: "queued", or "sent" where storing is delivering.
    Delivered here means no dispatcher compares the epoch later, so it is compared here: what an
    agent's takeover has overtaken is stored as cancelled, and not returned.

    Raises:
        NotOurs: nothing is stored.
    """
    # The conversation first, as `receive` does: a repeat that comes now must not deadlock with this.
    epoch = connection.execute(
        statements.REMEMBER,
        {
            "conversation": message.conversation_id,
            "new_context": turn.context.to_json(),
            "new_seq": message.next_seq + len(bodies),
        },
    ).scalar_one()
    done = connection.execute(
        statements.MARK_DONE,
        {
            "inbound": message.inbound_id,
            "new_outcome": turn.outcome.value,
            "new_act": turn.act,
            "new_service": turn.service,
            "at": now,
        },
    )
    if done.rowcount != 1:
        raise NotOurs
    if not bodies:
        return []
    overtaken = state == "sent" and epoch > message.epoch
    rows = [
        {
            "conversation_id": message.conversation_id,
            "channel": message.channel,
            "inbound_id": message.inbound_id,
            "seq": message.next_seq + number,
            "body": dict(body),
            "epoch": message.epoch,
            "state": "cancelled" if overtaken else state,
            "error": "taken over" if overtaken else None,
            "attempts": 0,
            "created_at": now,
            "sent_at": now if state == "sent" and not overtaken else None,
        }
        for number, body in enumerate(bodies)
    ]
    ids = [connection.execute(statements.INSERT_OUTBOX, row).scalar_one() for row in rows]
    if overtaken:
        return []
    return [
        OutgoingPart(outbox_id, message.conversation_id, message.address, message.next_seq + number, body)
        for number, (outbox_id, body) in enumerate(zip(ids, bodies, strict=True))
    ]


def postpone(connection: Connection, message: Claimed, error: str, now: dt.datetime, *, counted: bool = True) -> None:
    """Keep a message that could not be handled for another attempt; not `counted` where it is not to blame."""
    wait = RETRY_AFTER[min(message.attempts, len(RETRY_AFTER) - 1)] if counted else RETRY_AFTER[-1]
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.id == message.inbound_id, INBOUND.c.state == "received")
        .values(attempts=message.attempts + counted, next_at=now + wait, error=error[:2000])
    )


def bury(connection: Connection, message: Claimed, error: str, now: dt.datetime) -> None:
    """Give a message up, so that the ones behind it are answered; it stays stored, for a human to see."""
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.id == message.inbound_id, INBOUND.c.state == "received")
        .values(
            state="dead",
            outcome=Outcome.FAILED.value,
            attempts=message.attempts + 1,
            error=error[:2000],
            handled_at=now,
            next_at=None,
        )
    )


def waiting(connection: Connection, now: dt.datetime, limit: int = 500, owner: str | None = None) -> list[int]:
    """Conversations whose oldest message could be handled now (by `owner`), longest waiting first."""
    oldest = (
        select(INBOUND.c.conversation_id, func.min(INBOUND.c.id).label("id"))
        .where(INBOUND.c.state == "received")
        .group_by(INBOUND.c.conversation_id)
        .subquery()
    )
    rows = connection.execute(
        select(oldest.c.conversation_id)
        .join(INBOUND, INBOUND.c.id == oldest.c.id)
        .join(CONVERSATION, CONVERSATION.c.id == oldest.c.conversation_id)
        .where(
            or_(INBOUND.c.next_at.is_(None), INBOUND.c.next_at <= now),
            or_(
                CONVERSATION.c.lease_until.is_(None),
                CONVERSATION.c.lease_until < now,
                CONVERSATION.c.lease_owner == owner,
            ),
        )
        .order_by(oldest.c.id)
        .limit(limit)
    )
    return list(rows.scalars())


def delivered_after(
    connection: Connection, channel: str, address: str, seq: int, limit: int = 100
) -> list[tuple[int, dict[str, Any]]]:
    """(seq, body) of what was put in a conversation's mailbox after `seq`, in order."""
    values = {"channel": channel, "address": address, "after": seq, "most": limit}
    rows = connection.execute(statements.DELIVERED_AFTER, values)
    return [(row.seq, row.body) for row in rows]
