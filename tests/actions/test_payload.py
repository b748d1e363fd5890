"""What a button sends back: every choice survives the way there and back, and nothing foreign is read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import payload
from actions.payload import Choice
from actions.vocabulary import ACTS
from service_catalog.facts import Catalogue

TELEGRAM_BYTES = 64
"""Of callback data; the shortest limit of all channels."""


def choices(catalogue: Catalogue) -> Iterator[Choice]:
    for act in sorted(ACTS):
        yield Choice(act)
        yield from (Choice(act, service=service.id) for service in catalogue.services)
        yield from (Choice(act, opd=opd.id) for opd in catalogue.opds)
        yield from (Choice(act, life_event=event.id) for event in catalogue.life_events)


def test_every_choice_of_the_city_survives_and_fits(catalogue: Catalogue) -> None:
    count = 0
    for choice in choices(catalogue):
        encoded = payload.encode(choice.act, choice.service, choice.opd, choice.life_event)
        assert len(encoded.encode()) <= TELEGRAM_BYTES, encoded
        assert payload.decode(encoded) == choice, encoded
        count += 1
    assert count == len(ACTS) * (1 + len(catalogue.services) + len(catalogue.opds) + len(catalogue.life_events))


@pytest.mark.parametrize(
    "foreign",
    ["", ":", "ask_fee", "ask_fee ktp", "hapus:ktp", "ask_fee:ktp hilang", "ask_fee:ktp;drop", "/ask_fee:ktp",
     "ASK_FEE:ktp", "ask_fee:ktp:kk", "ask_fee:../x", "\n", "ask_fee:<b>"],
)  # fmt: skip
def test_what_is_not_ours_is_not_read(foreign: str) -> None:
    assert payload.decode(foreign) is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    choice = payload.decode(text)
    assert choice is None or choice.act in ACTS
