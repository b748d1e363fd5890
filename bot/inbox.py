"""Messages in: stored once, taken one at a time per conversation, finished with their answer.

Every function is work for `Database.run`: it takes a connection and is one transaction
with whatever else runs in the same call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.messages import Claimed, Context, IncomingMessage, OutgoingPart, Turn
from bot.models import Conversation, Inbound, Outbox

CONVERSATION: Table = Conversation.__table__  # type: ignore[assignment]
INBOUND: Table = Inbound.__table__  # type: ignore[assignment]
OUTBOX: Table = Outbox.__table__  # type: ignore[assignment]

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
    """Store events; a repeat of (channel, external_id) changes nothing."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    received = []
    for message in messages:
        conversation = dialect.insert(CONVERSATION).values(
            channel=message.channel,
            address=message.address,
            created_at=now,
            last_inbound_at=now,
        )
        changes: dict[str, Any] = {"last_inbound_at": now}
        if message.kind == "blocked":
            changes["blocked_at"] = now
        elif message.kind != "other":
            changes["blocked_at"] = None
        conversation_id = connection.execute(
            conversation.on_conflict_do_update(index_elements=["channel", "address"], set_=changes).returning(
                CONVERSATION.c.id
            )
        ).scalar_one()
        inbound_id = connection.execute(
            dialect.insert(INBOUND)
            .values(
                channel=message.channel,
                external_id=message.external_id,
                conversation_id=conversation_id,
                kind=message.kind,
                text=message.text,
                payload=message.payload,
                attributes=dict(message.attributes),
                sent_at=message.sent_at,
                received_at=now,
                state="received",
                attempts=0,
            )
            .on_conflict_do_nothing(index_elements=["channel", "external_id"])
            .returning(INBOUND.c.id)
        ).scalar_one_or_none()
        received.append(Received(conversation_id, inbound_id))
    return received


def claim(connection: Connection, conversation_id: int, owner: str, now: dt.datetime) -> Claimed | None:
    """Take the oldest waiting message of a conversation, or None if there is none or another has it."""
    if connection.dialect.name == "postgresql" and not _take_lease(connection, conversation_id, owner, now):
        return None
    row = connection.execute(
        select(
            INBOUND.c.id,
            INBOUND.c.kind,
            INBOUND.c.text,
            INBOUND.c.payload,
            INBOUND.c.attributes,
            INBOUND.c.received_at,
            INBOUND.c.attempts,
            INBOUND.c.next_at,
            CONVERSATION.c.channel,
            CONVERSATION.c.address,
            CONVERSATION.c.context,
            CONVERSATION.c.next_seq,
            CONVERSATION.c.epoch,
        )
        .join(CONVERSATION, CONVERSATION.c.id == INBOUND.c.conversation_id)
        .where(INBOUND.c.conversation_id == conversation_id, INBOUND.c.state == "received")
        .order_by(INBOUND.c.id)
        .limit(1)
    ).one_or_none()
    if row is None or (row.next_at is not None and row.next_at > now):
        # An older message that waits for its retry holds the later ones: order is kept.
        return None
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


def _take_lease(connection: Connection, conversation_id: int, owner: str, now: dt.datetime) -> bool:
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
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if free is None:
        return False
    connection.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == conversation_id)
        .values(lease_owner=owner, lease_until=now + LEASE)
    )
    return True


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

    Raises:
        NotOurs: nothing is stored.
    """
    done = connection.execute(
        update(INBOUND)
        .where(INBOUND.c.id == message.inbound_id, INBOUND.c.state == "received")
        .values(
            state="done",
            outcome=turn.outcome.value,
            act=turn.act,
            service=turn.service,
            handled_at=now,
            next_at=None,
        )
    )
    if done.rowcount != 1:
        raise NotOurs
    connection.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == message.conversation_id)
        .values(context=turn.context.to_json(), next_seq=message.next_seq + len(bodies))
    )
    if not bodies:
        return []
    rows = [
        {
            "conversation_id": message.conversation_id,
            "channel": message.channel,
            "inbound_id": message.inbound_id,
            "seq": message.next_seq + number,
            "body": dict(body),
            "epoch": message.epoch,
            "state": state,
            "attempts": 0,
            "created_at": now,
            "sent_at": now if state == "sent" else None,
        }
        for number, body in enumerate(bodies)
    ]
    ids = connection.execute(insert(OUTBOX).returning(OUTBOX.c.id, sort_by_parameter_order=True), rows).scalars()
    return [
        OutgoingPart(outbox_id, message.conversation_id, message.address, message.next_seq + number, body)
        for number, (outbox_id, body) in enumerate(zip(ids, bodies, strict=True))
    ]


def postpone(connection: Connection, message: Claimed, error: str, now: dt.datetime) -> None:
    """Keep a message that could not be handled for another attempt."""
    wait = RETRY_AFTER[min(message.attempts, len(RETRY_AFTER) - 1)]
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.id == message.inbound_id, INBOUND.c.state == "received")
        .values(attempts=message.attempts + 1, next_at=now + wait, error=error[:2000])
    )


def waiting(connection: Connection, now: dt.datetime, limit: int = 500) -> list[int]:
    """Conversations with a message that could be handled now, longest waiting first."""
    rows = connection.execute(
        select(INBOUND.c.conversation_id, INBOUND.c.id)
        .join(CONVERSATION, CONVERSATION.c.id == INBOUND.c.conversation_id)
        .where(
            INBOUND.c.state == "received",
            or_(INBOUND.c.next_at.is_(None), INBOUND.c.next_at <= now),
            or_(CONVERSATION.c.lease_until.is_(None), CONVERSATION.c.lease_until < now),
        )
        .order_by(INBOUND.c.id)
        .limit(limit)
    )
    return list(dict.fromkeys(row.conversation_id for row in rows))


def delivered_after(
    connection: Connection, channel: str, address: str, seq: int, limit: int = 100
) -> list[tuple[int, dict[str, Any]]]:
    """(seq, body) of what was put in a conversation's mailbox after `seq`, in order."""
    rows: Iterable[Any] = connection.execute(
        select(OUTBOX.c.seq, OUTBOX.c.body)
        .join(CONVERSATION, CONVERSATION.c.id == OUTBOX.c.conversation_id)
        .where(
            and_(CONVERSATION.c.channel == channel, CONVERSATION.c.address == address),
            OUTBOX.c.seq > seq,
            OUTBOX.c.state == "sent",
        )
        .order_by(OUTBOX.c.seq)
        .limit(limit)
    )
    return [(row.seq, row.body) for row in rows]
