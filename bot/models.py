"""The gateway's tables: conversations, what came in, what goes out.

Ids grow, so that order is order of arrival. All times are aware UTC.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[dt.datetime]):
    """Aware UTC on both databases; SQLite stores text without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return value.astimezone(dt.UTC) if value is not None else None

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.UTC)


Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {dt.datetime: UtcDateTime, dict[str, Any]: JSON}


class Conversation(Base):
    """One resident on one channel. `address` is the chat id or the digest of the web chat's secret."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(128))
    context: Mapped[dict[str, Any] | None]
    next_seq: Mapped[int] = mapped_column(Integer, server_default="1")
    epoch: Mapped[int] = mapped_column(Integer, server_default="0")
    blocked_at: Mapped[dt.datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    last_inbound_at: Mapped[dt.datetime]


class Inbound(Base):
    """One event of a provider, stored before it is acknowledged; handled once.

    state: received -> done | dead. `text` has identity numbers masked before it comes here.
    """

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        Index(
            "ix_inbound_waiting",
            "conversation_id",
            "id",
            sqlite_where=text("state = 'received'"),
            postgresql_where=text("state = 'received'"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str] = mapped_column(String(128))
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversation.id"))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    payload: Mapped[str | None] = mapped_column(String(256))
    attributes: Mapped[dict[str, Any]]
    sent_at: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(24), index=True)
    act: Mapped[str | None] = mapped_column(String(32))
    service: Mapped[str | None] = mapped_column(String(64))
    handled_at: Mapped[dt.datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class Outbox(Base):
    """One message to a resident, in the channel's own shape, sent in order of `seq`.

    state: queued -> sending -> sent | failed | cancelled. A row found in `sending` after a
    crash may or may not have left: it is sent once more and flagged `ambiguous`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index(
            "ix_outbox_waiting",
            "channel",
            "conversation_id",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversation.id"))
    channel: Mapped[str] = mapped_column(String(16))
    inbound_id: Mapped[int | None] = mapped_column(Id, ForeignKey("inbound.id"))
    seq: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, Any]]
    epoch: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[str] = mapped_column(String(12))
    ambiguous: Mapped[bool] = mapped_column(server_default=text("false"))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_at: Mapped[dt.datetime | None]
    lease_until: Mapped[dt.datetime | None]
    provider_id: Mapped[str | None] = mapped_column(String(128))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]


CONVERSATION: Table = Conversation.__table__  # type: ignore[assignment]
INBOUND: Table = Inbound.__table__  # type: ignore[assignment]
OUTBOX: Table = Outbox.__table__  # type: ignore[assignment]
