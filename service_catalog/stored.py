"""Rows of the catalogue's tables put together into a `Catalogue`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from service_catalog import models as m
from service_catalog.facts import (
    Catalogue,
    Channel,
    City,
    Evidence,
    Fee,
    FormField,
    LifeEvent,
    Office,
    Opd,
    OutOfScopeRoute,
    ProcessingTime,
    SafetyText,
    Service,
    Source,
)
from service_catalog.model_base import table

Lock = Literal["shared", "exclusive"]

Children = dict[Any, tuple[Any, ...]]
"""What belongs to each owner, in order."""


def read_catalogue(connection: Connection, *, lock: Lock) -> Catalogue | None:
    """The stored catalogue, or None; the city's row is locked first where the database can."""
    query = select(table(m.CityRow)).with_for_update(read=lock == "shared")
    city = connection.execute(query).one_or_none()
    if city is None:
        return None
    return Catalogue(
        city=_city(connection, city),
        opds=_opds(connection),
        services=_services(connection),
        life_events=_life_events(connection),
        out_of_scope=_out_of_scope(connection),
        sources=tuple(Source(r.id, r.title, r.url) for r in _rows(connection, m.SourceRow)),
        version=city.catalogue_version,
    )


def _rows(connection: Connection, model: type[m.Base]) -> list[Row[Any]]:
    rows = table(model)
    return list(connection.execute(select(rows).order_by(rows.c.position)))


def _texts(connection: Connection, model: type[m.Base], owner: str, column: str = "text") -> Children:
    """The texts of each owner; `owner` and `column` are column names."""
    found: dict[Any, list[str]] = defaultdict(list)
    for row in _rows(connection, model):
        found[getattr(row, owner)].append(getattr(row, column))
    return {key: tuple(texts) for key, texts in found.items()}


def _channel(row: Row[Any]) -> Channel:
    return Channel(row.kind, row.name, row.value, row.verified)


def _city(connection: Connection, row: Row[Any]) -> City:
    phones = _texts(connection, m.SafetyPhoneRow, "safety_id", "number")
    return City(
        id=row.id,
        name=row.name,
        bot_name=row.bot_name,
        timezone=row.timezone,
        courtesy=row.courtesy,
        terms=tuple((r.word, r.local_word) for r in _rows(connection, m.TermRow)),
        notes=tuple(r.text for r in _rows(connection, m.CityNoteRow)),
        safety=tuple(SafetyText(r.id, r.text, phones.get(r.id, ())) for r in _rows(connection, m.SafetyTextRow)),
        top_services=tuple(r.service_id for r in _rows(connection, m.TopServiceRow)),
    )


def _opds(connection: Connection) -> tuple[Opd, ...]:
    aliases = _texts(connection, m.OpdAliasRow, "opd_id")
    contacts: dict[tuple[str, int | None], list[Channel]] = defaultdict(list)
    for row in _rows(connection, m.ContactRow):
        contacts[row.opd_id, row.office_position].append(_channel(row))
    offices: dict[str, list[Office]] = defaultdict(list)
    for row in _rows(connection, m.OfficeRow):
        own = tuple(contacts.get((row.opd_id, row.position), ()))
        offices[row.opd_id].append(Office(row.name, row.address, row.hours, own, row.verified))
    return tuple(
        Opd(
            id=row.id,
            name=row.name,
            short_name=row.short_name,
            aliases=aliases.get(row.id, ()),
            contacts=tuple(contacts.get((row.id, None), ())),
            offices=tuple(offices.get(row.id, ())),
        )
        for row in _rows(connection, m.OpdRow)
    )


def _one_each(connection: Connection, model: type[m.Base]) -> dict[str, Row[Any]]:
    return {row.service_id: row for row in connection.execute(select(table(model)))}


def _services(connection: Connection) -> tuple[Service, ...]:
    def texts(model: type[m.Base], column: str = "text") -> Children:
        return _texts(connection, model, "service_id", column)

    channels: dict[str, list[Channel]] = defaultdict(list)
    for row in _rows(connection, m.ChannelRow):
        channels[row.service_id].append(_channel(row))
    fields: dict[str, list[FormField]] = defaultdict(list)
    for row in _rows(connection, m.FormFieldRow):
        fields[row.service_id].append(FormField(row.key, row.label, row.type, row.required, row.pii))
    fees = _one_each(connection, m.FeeRow)
    times = _one_each(connection, m.ProcessingTimeRow)
    evidence = _evidence(connection)
    requirements, steps = texts(m.RequirementRow), texts(m.StepRow)
    legal, synonyms = texts(m.LegalBasisRow), texts(m.SynonymRow)
    related = texts(m.RelatedServiceRow, "related_id")
    return tuple(
        Service(
            id=row.id,
            opd=row.opd_id,
            name=row.name,
            kind=row.kind,
            sensitivity=row.sensitivity,
            purpose=row.purpose,
            requirements=requirements.get(row.id, ()),
            steps=steps.get(row.id, ()),
            fee=Fee(fees[row.id].amount, fees[row.id].text),
            processing_time=ProcessingTime(times[row.id].working_days, times[row.id].text),
            output=row.output,
            eligibility=row.eligibility,
            channels=tuple(channels.get(row.id, ())),
            note=row.note,
            legal_basis=legal.get(row.id, ()),
            form_fields=tuple(fields.get(row.id, ())),
            synonyms=synonyms.get(row.id, ()),
            related=related.get(row.id, ()),
            evidence=evidence[row.id],
        )
        for row in _rows(connection, m.ServiceRow)
    )


def _evidence(connection: Connection) -> dict[str, Evidence]:
    sources = _texts(connection, m.EvidenceSourceRow, "service_id", "source_id")
    unverified = _texts(connection, m.UnverifiedAspectRow, "service_id", "aspect")
    to_verify = _texts(connection, m.ToVerifyRow, "service_id")
    return {
        service: Evidence(
            basis=row.basis,
            sources=sources.get(service, ()),
            checked_on=row.checked_on,
            unverified=unverified.get(service, ()),
            to_verify=to_verify.get(service, ()),
        )
        for service, row in _one_each(connection, m.EvidenceRow).items()
    }


def _life_events(connection: Connection) -> tuple[LifeEvent, ...]:
    services = _texts(connection, m.LifeEventServiceRow, "life_event_id", "service_id")
    synonyms = _texts(connection, m.LifeEventSynonymRow, "life_event_id")
    return tuple(
        LifeEvent(row.id, row.name, row.intro, services.get(row.id, ()), synonyms.get(row.id, ()))
        for row in _rows(connection, m.LifeEventRow)
    )


def _out_of_scope(connection: Connection) -> tuple[OutOfScopeRoute, ...]:
    keywords = _texts(connection, m.OutOfScopeKeywordRow, "route_id")
    return tuple(
        OutOfScopeRoute(row.id, row.topic, row.owner, row.route, keywords.get(row.id, ()), row.verified)
        for row in _rows(connection, m.OutOfScopeRow)
    )
