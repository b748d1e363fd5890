"""A catalogue as the rows of its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from service_catalog import models as m
from service_catalog.facts import Catalogue, Channel, City, LifeEvent, Opd, OutOfScopeRoute, Service

Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""Rows by table name."""


def rows_of(catalogue: Catalogue) -> Rows:
    """The rows of every table but the city's own and the history."""
    rows: Rows = defaultdict(list)
    _city(rows, catalogue.city)
    for position, opd in enumerate(catalogue.opds):
        _opd(rows, opd, position)
    for position, service in enumerate(catalogue.services):
        _service(rows, service, position)
    for position, event in enumerate(catalogue.life_events):
        _life_event(rows, event, position)
    for position, route in enumerate(catalogue.out_of_scope):
        _out_of_scope(rows, route, position)
    _add(
        rows,
        m.SourceRow,
        ({"id": s.id, "position": p, "title": s.title, "url": s.url} for p, s in enumerate(catalogue.sources)),
    )
    return rows


def city_row(city: City) -> Row:
    """The city's settings without slot and version."""
    return {
        "id": city.id,
        "name": city.name,
        "bot_name": city.bot_name,
        "timezone": city.timezone,
        "courtesy": city.courtesy,
    }


def _add(rows: Rows, model: type[m.Base], new: Iterable[Row]) -> None:
    rows[model.__tablename__].extend(new)


def _texts(owner: Row, texts: Iterable[str], column: str = "text") -> list[Row]:
    return [{**owner, "position": position, column: text} for position, text in enumerate(texts)]


def _channel(channel: Channel) -> Row:
    return {
        "kind": channel.kind,
        "name": channel.name,
        "value": channel.value,
        "verified": channel.verified,
    }


def _city(rows: Rows, city: City) -> None:
    _add(
        rows,
        m.TermRow,
        ({"position": p, "word": w, "local_word": local} for p, (w, local) in enumerate(city.terms)),
    )
    _add(rows, m.CityNoteRow, _texts({}, city.notes))
    for position, safety in enumerate(city.safety):
        _add(rows, m.SafetyTextRow, [{"id": safety.id, "position": position, "text": safety.text}])
        _add(rows, m.SafetyPhoneRow, _texts({"safety_id": safety.id}, safety.phone_numbers, "number"))
    _add(rows, m.TopServiceRow, _texts({}, city.top_services, "service_id"))


def _opd(rows: Rows, opd: Opd, position: int) -> None:
    _add(
        rows,
        m.OpdRow,
        [{"id": opd.id, "position": position, "name": opd.name, "short_name": opd.short_name}],
    )
    _add(rows, m.OpdAliasRow, _texts({"opd_id": opd.id}, opd.aliases))
    _contacts(rows, opd.id, None, opd.contacts)
    for number, office in enumerate(opd.offices):
        _add(
            rows,
            m.OfficeRow,
            [
                {
                    "opd_id": opd.id,
                    "position": number,
                    "name": office.name,
                    "address": office.address,
                    "hours": office.hours,
                    "verified": office.verified,
                }
            ],
        )
        _contacts(rows, opd.id, number, office.contacts)


def _contacts(rows: Rows, opd_id: str, office: int | None, contacts: Iterable[Channel]) -> None:
    owner = {"opd_id": opd_id, "office_position": office}
    _add(rows, m.ContactRow, ({**owner, "position": p, **_channel(c)} for p, c in enumerate(contacts)))


def _service(rows: Rows, service: Service, position: int) -> None:
    owner: Row = {"service_id": service.id}
    _add(
        rows,
        m.ServiceRow,
        [
            {
                "id": service.id,
                "position": position,
                "opd_id": service.opd,
                "name": service.name,
                "kind": service.kind,
                "sensitivity": service.sensitivity,
                "purpose": service.purpose,
                "output": service.output,
                "eligibility": service.eligibility,
                "note": service.note,
            }
        ],
    )
    _add(rows, m.RequirementRow, _texts(owner, service.requirements))
    _add(rows, m.StepRow, _texts(owner, service.steps))
    _add(rows, m.FeeRow, [{**owner, "amount": service.fee.amount, "text": service.fee.text}])
    time = service.processing_time
    _add(rows, m.ProcessingTimeRow, [{**owner, "working_days": time.working_days, "text": time.text}])
    _add(rows, m.LegalBasisRow, _texts(owner, service.legal_basis))
    _add(rows, m.ChannelRow, ({**owner, "position": p, **_channel(c)} for p, c in enumerate(service.channels)))
    for number, field in enumerate(service.form_fields):
        _add(
            rows,
            m.FormFieldRow,
            [
                {
                    **owner,
                    "position": number,
                    "key": field.key,
                    "label": field.label,
                    "type": field.type,
                    "required": field.required,
                    "pii": field.pii,
                }
            ],
        )
    _add(rows, m.SynonymRow, _texts(owner, service.synonyms))
    _add(rows, m.RelatedServiceRow, _texts(owner, service.related, "related_id"))
    evidence = service.evidence
    _add(rows, m.EvidenceRow, [{**owner, "basis": evidence.basis, "checked_on": evidence.checked_on}])
    _add(rows, m.EvidenceSourceRow, _texts(owner, evidence.sources, "source_id"))
    _add(rows, m.UnverifiedAspectRow, _texts(owner, evidence.unverified, "aspect"))
    _add(rows, m.ToVerifyRow, _texts(owner, evidence.to_verify))


def _life_event(rows: Rows, event: LifeEvent, position: int) -> None:
    _add(
        rows,
        m.LifeEventRow,
        [{"id": event.id, "position": position, "name": event.name, "intro": event.intro}],
    )
    owner: Row = {"life_event_id": event.id}
    _add(rows, m.LifeEventServiceRow, _texts(owner, event.services, "service_id"))
    _add(rows, m.LifeEventSynonymRow, _texts(owner, event.synonyms))


def _out_of_scope(rows: Rows, route: OutOfScopeRoute, position: int) -> None:
    _add(
        rows,
        m.OutOfScopeRow,
        [
            {
                "id": route.id,
                "position": position,
                "topic": route.topic,
                "owner": route.owner,
                "route": route.route,
                "verified": route.verified,
            }
        ],
    )
    _add(rows, m.OutOfScopeKeywordRow, _texts({"route_id": route.id}, route.keywords))
