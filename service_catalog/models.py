"""The catalogue's tables. One database holds one city; children carry `position`, from 0.

A load replaces every row, so no other table may hold a foreign key to these: they keep
the service's id as text and read what it means from the catalogue.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service_catalog.model_base import Base, Name, RowId, Word, position
from service_catalog.service_models import (
    ChannelRow,
    EvidenceRow,
    EvidenceSourceRow,
    FeeRow,
    FormFieldRow,
    LegalBasisRow,
    ProcessingTimeRow,
    RelatedServiceRow,
    RequirementRow,
    ServiceRow,
    StepRow,
    SynonymRow,
    ToVerifyRow,
    UnverifiedAspectRow,
)

__all__ = [
    "Base", "ChangeRow", "ChannelRow", "CityNoteRow", "CityRow", "ContactRow", "EvidenceRow",
    "EvidenceSourceRow", "FeeRow", "FormFieldRow", "LegalBasisRow", "LifeEventRow",
    "LifeEventServiceRow", "LifeEventSynonymRow", "OfficeRow", "OpdAliasRow", "OpdRow",
    "OutOfScopeKeywordRow", "OutOfScopeRow", "ProcessingTimeRow", "RelatedServiceRow",
    "RequirementRow", "SafetyPhoneRow", "SafetyTextRow", "ServiceRow", "SourceRow", "StepRow",
    "SynonymRow", "TermRow", "ToVerifyRow", "TopServiceRow", "UnverifiedAspectRow",
]  # fmt: skip


class CityRow(Base):
    """The settings, and the version of all the rest. `slot` is always 1: one row per database."""

    __tablename__ = "catalogue_city"
    __table_args__ = (CheckConstraint("slot = 1", name="one_row"),)

    slot: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Name)
    name: Mapped[str]
    bot_name: Mapped[str]
    timezone: Mapped[str] = mapped_column(Name)
    courtesy: Mapped[str]
    catalogue_version: Mapped[int] = mapped_column(Integer)


class TermRow(Base):
    """What the city calls a thing, such as `gampong` for `kelurahan`."""

    __tablename__ = "catalogue_term"

    position: Mapped[int] = position()
    word: Mapped[str]
    local_word: Mapped[str]


class CityNoteRow(Base):
    __tablename__ = "catalogue_city_note"

    position: Mapped[int] = position()
    text: Mapped[str]


class SafetyTextRow(Base):
    __tablename__ = "catalogue_safety_text"

    id: Mapped[str] = mapped_column(Name, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    text: Mapped[str]


class SafetyPhoneRow(Base):
    __tablename__ = "catalogue_safety_phone"

    safety_id: Mapped[str] = mapped_column(
        Name, ForeignKey("catalogue_safety_text.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = position()
    number: Mapped[str]


class OpdRow(Base):
    __tablename__ = "catalogue_opd"

    id: Mapped[str] = mapped_column(Name, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str]
    short_name: Mapped[str]


class OpdAliasRow(Base):
    __tablename__ = "catalogue_opd_alias"

    opd_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_opd.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = position()
    text: Mapped[str]


class OfficeRow(Base):
    __tablename__ = "catalogue_office"

    opd_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_opd.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = position()
    name: Mapped[str]
    address: Mapped[str | None]
    hours: Mapped[str | None]
    verified: Mapped[bool]


class ContactRow(Base):
    """A contact of an OPD, or of one of its offices where `office_position` says which."""

    __tablename__ = "catalogue_contact"
    __table_args__ = (
        ForeignKeyConstraint(
            ["opd_id", "office_position"],
            ["catalogue_office.opd_id", "catalogue_office.position"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("opd_id", "office_position", "position"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    opd_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_opd.id", ondelete="CASCADE"))
    office_position: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Word)
    name: Mapped[str]
    value: Mapped[str | None]
    verified: Mapped[bool]


class SourceRow(Base):
    __tablename__ = "catalogue_source"

    id: Mapped[str] = mapped_column(Name, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    title: Mapped[str]
    url: Mapped[str | None]


class LifeEventRow(Base):
    __tablename__ = "catalogue_life_event"

    id: Mapped[str] = mapped_column(Name, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str]
    intro: Mapped[str]


class LifeEventServiceRow(Base):
    __tablename__ = "catalogue_life_event_service"

    life_event_id: Mapped[str] = mapped_column(
        Name, ForeignKey("catalogue_life_event.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = position()
    service_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_service.id", ondelete="CASCADE"))


class LifeEventSynonymRow(Base):
    __tablename__ = "catalogue_life_event_synonym"

    life_event_id: Mapped[str] = mapped_column(
        Name, ForeignKey("catalogue_life_event.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = position()
    text: Mapped[str]


class OutOfScopeRow(Base):
    __tablename__ = "catalogue_out_of_scope"

    id: Mapped[str] = mapped_column(Name, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    topic: Mapped[str]
    owner: Mapped[str | None]
    route: Mapped[str | None]
    verified: Mapped[bool]


class OutOfScopeKeywordRow(Base):
    __tablename__ = "catalogue_out_of_scope_keyword"

    route_id: Mapped[str] = mapped_column(
        Name, ForeignKey("catalogue_out_of_scope.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = position()
    text: Mapped[str]


class TopServiceRow(Base):
    __tablename__ = "catalogue_top_service"

    position: Mapped[int] = position()
    service_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_service.id", ondelete="CASCADE"))


class ChangeRow(Base):
    """One load that changed something: who, when, why and what (see `store.save`)."""

    __tablename__ = "catalogue_change"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    loaded_at: Mapped[dt.datetime]
    author: Mapped[str]
    reason: Mapped[str]
    summary: Mapped[dict[str, Any]]
