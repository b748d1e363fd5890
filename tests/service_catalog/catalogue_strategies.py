"""Generated catalogues: everything the file format can hold, references included."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TypeVar, get_args

from hypothesis import strategies as st

from service_catalog.facts import (
    Aspect,
    Basis,
    Catalogue,
    Channel,
    ChannelKind,
    City,
    Evidence,
    Fee,
    FormField,
    LifeEvent,
    Office,
    Opd,
    OpdId,
    OutOfScopeRoute,
    ProcessingTime,
    SafetyText,
    Sensitivity,
    Service,
    ServiceId,
    ServiceKind,
    Source,
)

Id = TypeVar("Id", bound=str)

NASTY = (
    "null", "~", "yes", "0812", "1e3", "2026-03-31", "- butir", "a: b", "# bukan komentar", "'kutip'", '"ganda"',
    "baris satu\nbaris dua", "baris\n\n\njauh", "  awal", "akhir  ", "tab\tdi dalam", "Ω≈ç 日本 😀👩‍👩‍👧", "[1, 2]",
    "{a}", "&jangkar", "*alias", "!tag", "%", "@", "`", "|", ">", "a\u2028b", "\u00a0spasi", "x" * 300,
    "kata " * 60 + "akhir", "spasi  ganda   tiga", "titik dua:", "=", "<<", "?", "---", "...",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), min_size=1, max_size=20
    ).map(lambda text: text if text.strip() else f"x{text}"),
)
maybe = st.none() | texts
few = st.lists(texts, max_size=2).map(tuple)
ids = st.sampled_from([f"{letter}_{number}" for letter in "abcdefg" for number in range(5)])
channels = st.lists(
    st.builds(Channel, st.sampled_from(get_args(ChannelKind)), texts, maybe, st.booleans()), max_size=2
).map(tuple)
id_lists = st.lists(ids, min_size=1, max_size=2, unique=True)


def _some(names: list[Id]) -> st.SearchStrategy[tuple[Id, ...]]:
    return st.lists(st.sampled_from(names), max_size=3).map(tuple) if names else st.just(())


@st.composite
def opds(draw: st.DrawFn, name: OpdId) -> Opd:
    offices = st.builds(Office, texts, maybe, maybe, channels, st.booleans())
    return Opd(
        id=name,
        name=draw(texts),
        short_name=draw(texts),
        aliases=draw(few),
        contacts=draw(channels),
        offices=tuple(draw(st.lists(offices, max_size=2))),
    )


@st.composite
def services(
    draw: st.DrawFn, name: ServiceId, opd_ids: list[OpdId], service_ids: list[ServiceId], source_ids: list[str]
) -> Service:
    keys = draw(st.lists(texts, max_size=2, unique=True))
    return Service(
        id=name,
        opd=draw(st.sampled_from(opd_ids)),
        name=draw(texts),
        kind=draw(st.sampled_from(get_args(ServiceKind))),
        sensitivity=draw(st.sampled_from(get_args(Sensitivity))),
        purpose=draw(texts),
        requirements=draw(few),
        steps=draw(few),
        fee=Fee(draw(st.none() | st.integers(0, 10**12)), draw(maybe)),
        processing_time=ProcessingTime(draw(st.none() | st.integers(0, 3650)), draw(maybe)),
        output=draw(maybe),
        eligibility=draw(maybe),
        channels=draw(channels),
        note=draw(maybe),
        legal_basis=draw(few),
        form_fields=tuple(FormField(key, draw(texts), "text", draw(st.booleans()), draw(texts)) for key in keys),
        synonyms=draw(few),
        related=draw(_some(service_ids)),
        evidence=Evidence(
            basis=draw(st.sampled_from(get_args(Basis))),
            sources=draw(_some(source_ids)),
            checked_on=draw(st.none() | st.dates(dt.date(1900, 1, 1))),
            unverified=tuple(draw(st.lists(st.sampled_from(get_args(Aspect)), max_size=3))),
            to_verify=draw(few),
        ),
    )


@st.composite
def cities(draw: st.DrawFn, service_ids: list[ServiceId]) -> City:
    words = draw(st.lists(texts, max_size=2, unique=True))
    safety = draw(st.lists(ids, max_size=2, unique=True))
    return City(
        id=draw(ids),
        name=draw(texts),
        bot_name=draw(texts),
        timezone=draw(st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "UTC"])),
        courtesy=draw(texts),
        terms=tuple((word, draw(texts)) for word in words),
        notes=draw(few),
        safety=tuple(SafetyText(name, draw(texts), draw(few)) for name in safety),
        top_services=draw(_some(service_ids)),
    )


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """A catalogue that the file reader would accept."""
    opd_ids = [OpdId(name) for name in draw(id_lists)]
    service_ids = [ServiceId(name) for name in draw(id_lists)]
    source_ids = draw(st.lists(ids, max_size=3, unique=True))
    events = draw(st.lists(ids, max_size=2, unique=True))
    routes = draw(st.lists(ids, max_size=2, unique=True))
    return Catalogue(
        city=draw(cities(service_ids)),
        opds=tuple(draw(opds(name)) for name in opd_ids),
        services=tuple(draw(services(name, opd_ids, service_ids, source_ids)) for name in service_ids),
        life_events=tuple(
            LifeEvent(name, draw(texts), draw(texts), draw(_some(service_ids)), draw(few)) for name in events
        ),
        out_of_scope=tuple(
            OutOfScopeRoute(name, draw(texts), draw(maybe), draw(maybe), draw(few), draw(st.booleans()))
            for name in routes
        ),
        sources=tuple(Source(name, draw(texts), draw(st.none() | st.just("https://a.id/b"))) for name in source_ids),
    )


def change_service(catalogue: Catalogue, name: str, **values: object) -> Catalogue:
    """The same catalogue with fields of one service replaced."""
    changed = tuple(
        replace(service, **values) if service.id == name else service  # type: ignore[arg-type]
        for service in catalogue.services
    )
    return replace(catalogue, services=changed)
