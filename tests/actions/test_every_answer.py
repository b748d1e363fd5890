"""Every act for every service of the city: never empty, never invented, never too long, marked where it must be."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from actions import payload
from actions.desk import Desk
from actions.router import Actions
from actions.turn import Context, Incoming, Outcome, Turn
from actions.vocabulary import ABOUT_A_SERVICE, ACTS, SERVICE_ASPECTS
from service_catalog.facts import Catalogue, Service
from service_catalog.search import Search
from tests.actions.conftest import Press, text_of, titles_of

LONGEST = 3500
LONG = 1200
MARK = "perlu dipastikan ke OPD"

_NUMBERS = re.compile(r"\(0\d+\) ?\d[\d-]*|\+?\d[\d.-]*\d")
NATIONAL = {"110", "112", "113", "119", "1708"}
"""Numbers that hold in every city and may stand in a phrase."""


@pytest.fixture(scope="module")
def turns(catalogue: Catalogue, press: Press) -> dict[tuple[str, str], Turn]:
    return {
        (act, service.id): press(payload.encode(act, service.id))
        for act in sorted(ACTS)
        for service in catalogue.services
    }


@pytest.fixture(scope="module")
def others(catalogue: Catalogue, press: Press) -> dict[str, Turn]:
    """Answers about an agency, about a life event, and about nothing."""
    return {
        **{f"{act}:": press(f"{act}:") for act in sorted(ACTS)},
        **{f"{a}:@{o.id}": press(f"{a}:@{o.id}") for a in ("ask_hours", "ask_contact", "ask_location", "ask_overview")
           for o in catalogue.opds},
        **{f"ask_overview:#{e.id}": press(f"ask_overview:#{e.id}") for e in catalogue.life_events},
    }  # fmt: skip


def test_all_were_asked(turns: dict[tuple[str, str], Turn], catalogue: Catalogue) -> None:
    assert len(turns) == len(ACTS) * len(catalogue.services)
    assert len(catalogue.services) >= 90


def test_nobody_is_left_without_an_answer(turns: dict[tuple[str, str], Turn], others: dict[str, Turn]) -> None:
    for key, turn in [*turns.items(), *others.items()]:
        assert turn.replies, key
        assert turn.outcome not in (Outcome.FAILED, Outcome.IGNORED, Outcome.DEGRADED), key
        for reply in turn.replies:
            assert reply.text.strip() == reply.text != "", key
            for trace in ("None", "Undefined", "{{", "{%", "\n\n\n", "()", " ,", "..", "gratis. Gratis", "*: *"):
                assert trace not in reply.text, f"{key}: {trace!r} in:\n{reply.text}"


def test_no_line_is_said_twice(turns: dict[tuple[str, str], Turn]) -> None:
    for key, turn in turns.items():
        for reply in turn.replies:
            lines = [line for line in reply.text.splitlines() if line]
            assert len(lines) == len(set(lines)), f"{key}:\n{reply.text}"


def test_every_button_leads_on(turns: dict[tuple[str, str], Turn], others: dict[str, Turn], press: Press) -> None:
    leads = {
        button.payload for turn in [*turns.values(), *others.values()] for r in turn.replies for button in r.buttons
    }
    assert len(leads) > 200
    for lead in leads:
        assert press(lead).outcome not in (Outcome.UNSUPPORTED, Outcome.FAILED), lead


def test_no_button_stands_twice_or_asks_what_was_just_answered(turns: dict[tuple[str, str], Turn]) -> None:
    for (act, service), turn in turns.items():
        titles = titles_of(turn)
        assert len(titles) == len(set(titles)), (act, service, titles)
        if act in SERVICE_ASPECTS:
            assert payload.encode(act, service) not in [b.payload for r in turn.replies for b in r.buttons], (
                act,
                service,
            )


def test_what_is_offered_is_what_is_shown(turns: dict[tuple[str, str], Turn], others: dict[str, Turn]) -> None:
    """A typed number picks the button of that number: the two lists must be one."""
    for key, turn in [*turns.items(), *others.items()]:
        shown = tuple(button.payload for reply in turn.replies for button in reply.buttons)
        if turn.act not in ("report_emergency", "report_crisis", "thank"):
            assert turn.context.offered == shown, key


def test_the_context_is_the_service_that_was_answered(turns: dict[tuple[str, str], Turn]) -> None:
    for (act, service), turn in turns.items():
        if act in ABOUT_A_SERVICE:
            assert turn.service == service
            assert turn.context.service == service, act


def test_answers_fit_a_phone(turns: dict[tuple[str, str], Turn], others: dict[str, Turn]) -> None:
    sizes = {key: max(len(r.text) for r in turn.replies) for key, turn in [*turns.items(), *others.items()]}
    assert max(sizes.values()) <= LONGEST, max(sizes, key=lambda key: sizes[key])
    long = {key: size for key, size in sizes.items() if size > LONG}
    if long:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn(f"{len(long)} answers over {LONG} characters: {long}", stacklevel=1)


ASPECT_OF = {
    "ask_requirements": "requirements",
    "ask_procedure": "steps",
    "ask_eligibility": "eligibility",
    "ask_fee": "fee",
    "ask_duration": "processing_time",
}


@pytest.mark.parametrize("act", sorted(ASPECT_OF))
def test_marked_exactly_where_the_catalogue_marks_it(
    act: str, turns: dict[tuple[str, str], Turn], catalogue: Catalogue
) -> None:
    marked = 0
    for service in catalogue.services:
        fact = fact_of(turns[act, service.id])
        known = known_of(service, act)
        expected = ASPECT_OF[act] in service.evidence.unverified or not known
        assert (MARK in fact) == expected, f"{act}:{service.id}\n{fact}"
        marked += expected
    assert 0 < marked < len(catalogue.services)


def fact_of(turn: Turn) -> str:
    """The card without its title, ways, note and source: the asked fact alone."""
    paragraph = turn.replies[0].text.split("\n\n")[0]
    return "\n".join(line for line in paragraph.splitlines()[1:] if not line.startswith("*Lewat*"))


def known_of(service: Service, act: str) -> bool:
    if act == "ask_fee":
        return service.fee.amount is not None or service.fee.text is not None
    if act == "ask_duration":
        return service.processing_time.text is not None or service.processing_time.working_days is not None
    return bool(
        {"ask_requirements": service.requirements, "ask_procedure": service.steps}.get(act, service.eligibility)
    )


def test_ways_are_marked_exactly_where_they_are_not_confirmed(
    turns: dict[tuple[str, str], Turn], catalogue: Catalogue
) -> None:
    kinds = set()
    for service in catalogue.services:
        text = turns["ask_overview", service.id].replies[0].text
        ways = next(line for line in text.splitlines() if line.startswith("*Lewat*"))
        confirmed = [channel.verified for channel in service.channels]
        kinds.add((all(confirmed), any(confirmed)))
        if all(confirmed) and confirmed and "channels" not in service.evidence.unverified:
            assert MARK not in ways, ways
        elif not any(confirmed):
            assert ways.count(MARK) == 1, ways
        elif not all(confirmed):
            assert ways.count(MARK) == confirmed.count(False), ways
    assert len(kinds) == 3, "the city has services of every kind"


def test_a_contact_is_marked_exactly_where_it_is_not_confirmed(
    turns: dict[tuple[str, str], Turn], catalogue: Catalogue
) -> None:
    seen = 0
    for service in catalogue.services:
        text = turns["ask_contact", service.id].replies[0].text
        opd = catalogue.opd(service.opd)
        for channel in (*service.channels, *(opd.contacts if opd else ())):
            for line in text.splitlines():
                if channel.value and line.startswith(f"• {channel.name}: {channel.value}"):
                    assert (MARK in line) == (not channel.verified), line
                    seen += 1
    assert seen > 50


# ---------------------------------------------------------------- nothing is invented


def strings(value: Any) -> Iterator[str]:
    """Every text that the catalogue holds."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from strings(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from strings(item)


def numbers(text: str) -> set[str]:
    """Digit strings that could be dialled: three digits or more, without what is written between."""
    found = (re.sub(r"\D", "", match.group()) for match in _NUMBERS.finditer(text))
    return {digits for digits in found if len(digits) >= 3}


def test_no_number_is_said_that_the_catalogue_does_not_hold(
    turns: dict[tuple[str, str], Turn], others: dict[str, Turn], catalogue: Catalogue
) -> None:
    known = NATIONAL | {number for text in strings(catalogue) for number in numbers(text)}
    amounts = {str(s.fee.amount) for s in catalogue.services if s.fee.amount}
    # The counts of the catalogue, the year of a check, and the one law that a phrase names (UU 27/2022).
    allowed = known | amounts | {str(len(catalogue.services)), str(len(catalogue.opds)), "272022"}
    allowed |= {str(s.evidence.checked_on.year) for s in catalogue.services if s.evidence.checked_on}
    seen: set[str] = set()
    for key, turn in [*turns.items(), *others.items()]:
        said = {number for line in text_of(turn).splitlines() for number in numbers(line)}
        dated = {n for n in said if n.endswith(tuple(str(y) for y in range(2024, 2030))) and len(n) <= 6}
        assert said - allowed - dated <= set(), f"{key}: {said - allowed - dated}"
        seen |= said
    assert {"112", "1500537"} <= seen


def test_sites_and_mails_are_those_of_the_catalogue(
    turns: dict[tuple[str, str], Turn], others: dict[str, Turn], catalogue: Catalogue
) -> None:
    held = "\n".join(strings(catalogue)).lower()
    site = re.compile(r"\b[\w.-]+\.(?:go\.id|co\.id|id|com|org|net)\b")
    seen: set[str] = set()
    for key, turn in [*turns.items(), *others.items()]:
        for found in site.findall(text_of(turn).lower()):
            assert found in held, f"{key}: {found}"
            seen.add(found)
    assert len(seen) >= 10


# ---------------------------------------------------------------- what changes under a resident's hands


def test_a_removed_service_is_said_to_be_gone(press: Press) -> None:
    for act in ABOUT_A_SERVICE:
        turn = press(f"{act}:layanan_yang_dihapus")
        assert "tidak ada di katalog" in text_of(turn)
        assert titles_of(turn)


def test_an_unknown_agency_or_event_is_no_error(press: Press) -> None:
    for lead in ("ask_hours:@tidak_ada", "ask_overview:#tidak_ada", "ask_fee:@"):
        turn = press(lead)
        assert turn.replies
        assert titles_of(turn)


def test_a_remembered_service_that_was_removed_is_forgotten(press: Press) -> None:
    turn = press("ask_fee:", Context(service="layanan_yang_dihapus", updated_at=None))
    assert "Untuk layanan apa" in text_of(turn)


def test_a_city_without_safety_words_still_gives_the_national_numbers(desk: Desk) -> None:
    bare = replace(desk.catalogue, city=replace(desk.catalogue.city, safety=()))
    turn = Actions(Desk(bare, Search(bare), desk.phrases)).direct(Incoming("kebakaran tolong"), Context())
    assert turn is not None
    assert "112" in text_of(turn)
    assert "119" in text_of(turn)
