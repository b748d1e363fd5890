"""The catalogue's tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERVICE = "catalogue_service"

TABLES = (
    "catalogue_city",
    "catalogue_term",
    "catalogue_city_note",
    "catalogue_safety_text",
    "catalogue_safety_phone",
    "catalogue_opd",
    "catalogue_opd_alias",
    "catalogue_office",
    "catalogue_contact",
    "catalogue_source",
    "catalogue_service",
    "catalogue_requirement",
    "catalogue_step",
    "catalogue_fee",
    "catalogue_processing_time",
    "catalogue_legal_basis",
    "catalogue_channel",
    "catalogue_form_field",
    "catalogue_synonym",
    "catalogue_related_service",
    "catalogue_evidence",
    "catalogue_evidence_source",
    "catalogue_unverified_aspect",
    "catalogue_to_verify",
    "catalogue_life_event",
    "catalogue_life_event_service",
    "catalogue_life_event_synonym",
    "catalogue_out_of_scope",
    "catalogue_out_of_scope_keyword",
    "catalogue_top_service",
    "catalogue_change",
)
"""Parents before children."""


def upgrade() -> None:
    _city()
    _opds()
    _sources_and_services()
    _service_parts()
    _life_events()
    _out_of_scope()
    _table("catalogue_top_service", _number("position"), _reference("service_id", SERVICE), key=["position"])
    _table(
        "catalogue_change",
        _number("version"),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        _text("author"),
        _text("reason"),
        sa.Column("summary", sa.JSON(), nullable=False),
        key=["version"],
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)


def _table(name: str, *columns: sa.Column[Any] | sa.Constraint, key: list[str]) -> None:
    """A table whose foreign keys follow from `info` of its columns, all named by the models' convention."""
    constraints = [
        sa.ForeignKeyConstraint(
            [column.name],
            [f"{column.info['parent']}.id"],
            name=op.f(f"fk_{name}_{column.name}"),
            ondelete="CASCADE" if column.info["cascade"] else None,
        )
        for column in columns
        if isinstance(column, sa.Column) and "parent" in column.info
    ]
    primary = sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}"))
    op.create_table(name, *columns, *constraints, primary)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=64), nullable=False)


def _word(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=16), nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=nullable)


def _reference(name: str, parent: str, *, cascade: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), nullable=False, info={"parent": parent, "cascade": cascade})


def _children(name: str, owner: str, parent: str, *columns: sa.Column[Any]) -> None:
    """Ordered children, known by their owner and position."""
    _table(name, _reference(owner, parent), _number("position"), *columns, key=[owner, "position"])


def _channel_columns() -> tuple[sa.Column[Any], ...]:
    return _word("kind"), _text("name"), _text("value", nullable=True), _flag("verified")


def _city() -> None:
    _table(
        "catalogue_city",
        _number("slot"),
        _id(),
        _text("name"),
        _text("bot_name"),
        _id("timezone"),
        _text("courtesy"),
        _number("catalogue_version"),
        sa.CheckConstraint("slot = 1", name=op.f("ck_catalogue_city_one_row")),
        key=["slot"],
    )
    _table("catalogue_term", _number("position"), _text("word"), _text("local_word"), key=["position"])
    _table("catalogue_city_note", _number("position"), _text("text"), key=["position"])
    _table("catalogue_safety_text", _id(), _number("position"), _text("text"), key=["id"])
    _children("catalogue_safety_phone", "safety_id", "catalogue_safety_text", _text("number"))


def _opds() -> None:
    _table("catalogue_opd", _id(), _number("position"), _text("name"), _text("short_name"), key=["id"])
    _children("catalogue_opd_alias", "opd_id", "catalogue_opd", _text("text"))
    _children(
        "catalogue_office",
        "opd_id",
        "catalogue_opd",
        _text("name"),
        _text("address", nullable=True),
        _text("hours", nullable=True),
        _flag("verified"),
    )
    _table(
        "catalogue_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _reference("opd_id", "catalogue_opd"),
        _number("office_position", nullable=True),
        _number("position"),
        *_channel_columns(),
        sa.ForeignKeyConstraint(
            ["opd_id", "office_position"],
            ["catalogue_office.opd_id", "catalogue_office.position"],
            name=op.f("fk_catalogue_contact_opd_id_office_position"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "opd_id",
            "office_position",
            "position",
            name=op.f("uq_catalogue_contact_opd_id_office_position_position"),
        ),
        key=["id"],
    )


def _sources_and_services() -> None:
    _table(
        "catalogue_source",
        _id(),
        _number("position"),
        _text("title"),
        _text("url", nullable=True),
        key=["id"],
    )
    _table(
        SERVICE,
        _id(),
        _number("position"),
        _reference("opd_id", "catalogue_opd", cascade=False),
        _text("name"),
        _word("kind"),
        _word("sensitivity"),
        _text("purpose"),
        _text("output", nullable=True),
        _text("eligibility", nullable=True),
        _text("note", nullable=True),
        key=["id"],
    )
    op.create_index(op.f("ix_catalogue_service_opd_id"), SERVICE, ["opd_id"])


def _service_parts() -> None:
    for part in ("requirement", "step", "legal_basis", "synonym", "to_verify"):
        _children(f"catalogue_{part}", "service_id", SERVICE, _text("text"))
    _children("catalogue_unverified_aspect", "service_id", SERVICE, _word("aspect"))
    _children("catalogue_channel", "service_id", SERVICE, *_channel_columns())
    _children("catalogue_related_service", "service_id", SERVICE, _reference("related_id", SERVICE))
    source = _reference("source_id", "catalogue_source", cascade=False)
    _children("catalogue_evidence_source", "service_id", SERVICE, source)
    _children(
        "catalogue_form_field",
        "service_id",
        SERVICE,
        _text("key"),
        _text("label"),
        _text("type"),
        _flag("required"),
        _text("pii"),
    )
    one = ["service_id"]
    amount = sa.Column("amount", sa.BigInteger(), nullable=True)
    _table("catalogue_fee", _reference("service_id", SERVICE), amount, _text("text", nullable=True), key=one)
    _table(
        "catalogue_processing_time",
        _reference("service_id", SERVICE),
        _number("working_days", nullable=True),
        _text("text", nullable=True),
        key=one,
    )
    checked_on = sa.Column("checked_on", sa.Date(), nullable=True)
    _table("catalogue_evidence", _reference("service_id", SERVICE), _word("basis"), checked_on, key=one)


def _life_events() -> None:
    parent = "catalogue_life_event"
    _table(parent, _id(), _number("position"), _text("name"), _text("intro"), key=["id"])
    _children("catalogue_life_event_service", "life_event_id", parent, _reference("service_id", SERVICE))
    _children("catalogue_life_event_synonym", "life_event_id", parent, _text("text"))


def _out_of_scope() -> None:
    parent = "catalogue_out_of_scope"
    _table(
        parent,
        _id(),
        _number("position"),
        _text("topic"),
        _text("owner", nullable=True),
        _text("route", nullable=True),
        _flag("verified"),
        key=["id"],
    )
    _children("catalogue_out_of_scope_keyword", "route_id", parent, _text("text"))
