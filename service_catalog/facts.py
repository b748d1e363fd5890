"""What the catalogue knows, as frozen values: the shape shared by file, database and answers.

A city file (YAML) is parsed into a `Catalogue`, the database stores one and gives it
back, `diff` compares two, and the actions answer from one. Empty tuples and `None`
mean "not known"; nothing here is ever invented to fill a gap.

Terms follow Permenpan RB 15/2014 (service standard: requirements, procedure, time,
fee, product, complaints) and schema.org/GovernmentService where it has a word.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NewType

ServiceId = NewType("ServiceId", str)
OpdId = NewType("OpdId", str)

ServiceKind = Literal["permohonan", "pengaduan", "informasi", "pembayaran", "darurat", "program"]
Sensitivity = Literal["rendah", "sedang", "tinggi", "darurat"]
ChannelKind = Literal["app", "web", "counter", "phone", "whatsapp", "sms", "email", "social", "other"]
Basis = Literal["sourced", "partly", "general"]
"""How well a service's facts are supported: pages seen, some pages seen, general knowledge."""

Aspect = Literal[
    "requirements", "steps", "fee", "processing_time", "eligibility",
    "channels", "location", "hours", "output",
]  # fmt: skip
"""A part of a service that can be asked about, and can be marked unverified."""


@dataclass(frozen=True)
class Fee:
    """`amount` in whole rupiah (0 = free); `text` explains it, or is the formula where amount is None."""

    amount: int | None
    text: str | None


@dataclass(frozen=True)
class ProcessingTime:
    """`working_days` from a complete file (0 = at once, None = no figure); `text` as residents read it."""

    working_days: int | None
    text: str | None


@dataclass(frozen=True)
class Channel:
    """A way to reach a service or office. `value` is the number, address or handle, if known."""

    kind: ChannelKind
    name: str
    value: str | None
    verified: bool


@dataclass(frozen=True)
class FormField:
    """One field of the city's own application form."""

    key: str
    label: str
    type: str
    required: bool
    pii: str


@dataclass(frozen=True)
class Evidence:
    """What the entry was checked against and when, and what an officer must still confirm."""

    basis: Basis
    sources: tuple[str, ...]
    checked_on: dt.date | None
    unverified: tuple[Aspect, ...]
    to_verify: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    id: ServiceId
    opd: OpdId
    name: str
    kind: ServiceKind
    sensitivity: Sensitivity
    purpose: str
    requirements: tuple[str, ...]
    steps: tuple[str, ...]
    fee: Fee
    processing_time: ProcessingTime
    output: str | None
    eligibility: str | None
    channels: tuple[Channel, ...]
    note: str | None
    legal_basis: tuple[str, ...]
    form_fields: tuple[FormField, ...]
    synonyms: tuple[str, ...]
    related: tuple[ServiceId, ...]
    evidence: Evidence


@dataclass(frozen=True)
class Office:
    """A place where an OPD serves. `hours` and `address` are None where not known."""

    name: str
    address: str | None
    hours: str | None
    contacts: tuple[Channel, ...]
    verified: bool


@dataclass(frozen=True)
class Opd:
    """Organisasi Perangkat Daerah: a municipal agency."""

    id: OpdId
    name: str
    short_name: str
    aliases: tuple[str, ...]
    contacts: tuple[Channel, ...]
    offices: tuple[Office, ...]


@dataclass(frozen=True)
class LifeEvent:
    """A moment in life that needs several services, in the order to arrange them."""

    id: str
    name: str
    intro: str
    services: tuple[ServiceId, ...]
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class OutOfScopeRoute:
    """What is not the city's business, and who owns it, if anybody. `keywords` find it in a message."""

    id: str
    topic: str
    owner: str | None
    route: str | None
    keywords: tuple[str, ...]
    verified: bool


@dataclass(frozen=True)
class Source:
    id: str
    title: str
    url: str | None


@dataclass(frozen=True)
class SafetyText:
    """The city's signed words for one kind of danger; sent before any model is asked."""

    id: str
    text: str
    phone_numbers: tuple[str, ...]


@dataclass(frozen=True)
class City:
    """The settings that make the bot this city's own."""

    id: str
    name: str
    bot_name: str
    timezone: str
    courtesy: str
    terms: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    safety: tuple[SafetyText, ...]
    top_services: tuple[ServiceId, ...]


@dataclass(frozen=True)
class Catalogue:
    """Everything one city publishes. `version` grows by one at every load that changed something."""

    city: City
    opds: tuple[Opd, ...]
    services: tuple[Service, ...]
    life_events: tuple[LifeEvent, ...]
    out_of_scope: tuple[OutOfScopeRoute, ...]
    sources: tuple[Source, ...]
    version: int = field(default=0, compare=False)

    @cached_property
    def _services_by_id(self) -> dict[str, Service]:
        return {service.id: service for service in self.services}

    @cached_property
    def _opds_by_id(self) -> dict[str, Opd]:
        return {opd.id: opd for opd in self.opds}

    @cached_property
    def _safety_by_id(self) -> dict[str, SafetyText]:
        return {text.id: text for text in self.city.safety}

    def service(self, service_id: str) -> Service | None:
        return self._services_by_id.get(service_id)

    def opd(self, opd_id: str) -> Opd | None:
        return self._opds_by_id.get(opd_id)

    def safety_text(self, kind: str) -> SafetyText | None:
        return self._safety_by_id.get(kind)
