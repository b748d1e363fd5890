"""The statements of the hot path, built once: building one costs four times what running it does."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.models import CONVERSATION, INBOUND, OUTBOX

OLDEST_WAITING = (
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
    .where(INBOUND.c.conversation_id == bindparam("conversation"), INBOUND.c.state == "received")
    .order_by(INBOUND.c.id)
    .limit(1)
)

MARK_DONE = (
    update(INBOUND)
    .where(INBOUND.c.id == bindparam("inbound"), INBOUND.c.state == "received")
    .values(
        state="done",
        outcome=bindparam("new_outcome"),
        act=bindparam("new_act"),
        service=bindparam("new_service"),
        handled_at=bindparam("at"),
        next_at=None,
    )
)

REMEMBER = (
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(context=bindparam("new_context"), next_seq=bindparam("new_seq"))
    .returning(CONVERSATION.c.epoch)
)

INSERT_OUTBOX = insert(OUTBOX).returning(OUTBOX.c.id)

DELIVERED_AFTER = (
    select(OUTBOX.c.seq, OUTBOX.c.body)
    .join(CONVERSATION, CONVERSATION.c.id == OUTBOX.c.conversation_id)
    .where(
        and_(CONVERSATION.c.channel == bindparam("channel"), CONVERSATION.c.address == bindparam("address")),
        OUTBOX.c.seq > bindparam("after"),
        OUTBOX.c.state == "sent",
    )
    .order_by(OUTBOX.c.seq)
    .limit(bindparam("most"))
)

# Read without a lock: a locked row that is skipped would let a later part go before it.
OLDEST_OPEN_PART = (
    select(OUTBOX, CONVERSATION.c.address, CONVERSATION.c.blocked_at, CONVERSATION.c.epoch.label("now_epoch"))
    .join(CONVERSATION, CONVERSATION.c.id == OUTBOX.c.conversation_id)
    .where(OUTBOX.c.conversation_id == bindparam("conversation"), OUTBOX.c.state.in_(("queued", "sending")))
    .order_by(OUTBOX.c.seq)
    .limit(1)
)

START_SENDING = (
    update(OUTBOX)
    .where(
        OUTBOX.c.id == bindparam("outbox"),
        or_(
            and_(OUTBOX.c.state == "queued", or_(OUTBOX.c.next_at.is_(None), OUTBOX.c.next_at <= bindparam("now"))),
            and_(OUTBOX.c.state == "sending", OUTBOX.c.lease_until <= bindparam("now")),
        ),
    )
    .values(state="sending", lease_until=bindparam("lease"), ambiguous=bindparam("doubt"))
)

MARK_SENT = (
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("outbox"))
    .values(state="sent", provider_id=bindparam("provider"), sent_at=bindparam("at"), error=None)
)


def _insert(dialect: str, table: Any) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


@lru_cache
def upsert_conversation(dialect: str) -> Executable:
    """Create a conversation or note that it has written again; returns id and blocked_at."""
    new = _insert(dialect, CONVERSATION)
    statement: Executable = new.on_conflict_do_update(
        index_elements=["channel", "address"], set_={"last_inbound_at": new.excluded.last_inbound_at}
    ).returning(CONVERSATION.c.id, CONVERSATION.c.blocked_at)
    return statement


@lru_cache
def insert_inbound(dialect: str) -> Executable:
    """Store an event once; returns its id, or no row for a repeat."""
    statement: Executable = (
        _insert(dialect, INBOUND)
        .on_conflict_do_nothing(index_elements=["channel", "external_id"])
        .returning(INBOUND.c.id)
    )
    return statement
