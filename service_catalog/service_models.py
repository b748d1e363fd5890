"""The tables of one service: its row, and everything that belongs to it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from service_catalog.model_base import Base, Name, Word, position


def _service() -> Mapped[str]:
    return mapped_column(Name, ForeignKey("catalogue_service.id", ondelete="CASCADE"), primary_key=True)


class ServiceRow(Base):
    __tablename__ = "catalogue_service"

    id: Mapped[str] = mapped_column(Name, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    opd_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_opd.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(Word)
    sensitivity: Mapped[str] = mapped_column(Word)
    purpose: Mapped[str]
    output: Mapped[str | None]
    eligibility: Mapped[str | None]
    note: Mapped[str | None]


class RequirementRow(Base):
    __tablename__ = "catalogue_requirement"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    text: Mapped[str]


class StepRow(Base):
    __tablename__ = "catalogue_step"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    text: Mapped[str]


class FeeRow(Base):
    __tablename__ = "catalogue_fee"

    service_id: Mapped[str] = _service()
    amount: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str | None]


class ProcessingTimeRow(Base):
    __tablename__ = "catalogue_processing_time"

    service_id: Mapped[str] = _service()
    working_days: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str | None]


class LegalBasisRow(Base):
    __tablename__ = "catalogue_legal_basis"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    text: Mapped[str]


class ChannelRow(Base):
    __tablename__ = "catalogue_channel"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    kind: Mapped[str] = mapped_column(Word)
    name: Mapped[str]
    value: Mapped[str | None]
    verified: Mapped[bool]


class FormFieldRow(Base):
    __tablename__ = "catalogue_form_field"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    key: Mapped[str]
    label: Mapped[str]
    type: Mapped[str]
    required: Mapped[bool]
    pii: Mapped[str]


class SynonymRow(Base):
    __tablename__ = "catalogue_synonym"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    text: Mapped[str]


class RelatedServiceRow(Base):
    __tablename__ = "catalogue_related_service"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    related_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_service.id", ondelete="CASCADE"))


class EvidenceRow(Base):
    __tablename__ = "catalogue_evidence"

    service_id: Mapped[str] = _service()
    basis: Mapped[str] = mapped_column(Word)
    checked_on: Mapped[dt.date | None]


class EvidenceSourceRow(Base):
    __tablename__ = "catalogue_evidence_source"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    source_id: Mapped[str] = mapped_column(Name, ForeignKey("catalogue_source.id"))


class UnverifiedAspectRow(Base):
    __tablename__ = "catalogue_unverified_aspect"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    aspect: Mapped[str] = mapped_column(Word)


class ToVerifyRow(Base):
    """A question that an officer of the OPD must still answer."""

    __tablename__ = "catalogue_to_verify"

    service_id: Mapped[str] = _service()
    position: Mapped[int] = position()
    text: Mapped[str]
