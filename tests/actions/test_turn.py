"""The context a conversation keeps: the way into the database and back, and its end."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.turn import Context, Outcome
from tests.actions.conftest import NOW

_TEXTS = st.lists(st.text(max_size=20), max_size=6).map(tuple)
_CONTEXTS = st.builds(
    Context,
    service=st.none() | st.text(max_size=30),
    opd=st.none() | st.text(max_size=30),
    pending_acts=_TEXTS,
    offered=_TEXTS,
    misses=st.integers(0, 99),
    greeted=st.booleans(),
    updated_at=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
)


@given(_CONTEXTS)
def test_there_and_back_as_json(context: Context) -> None:
    assert Context.from_json(json.loads(json.dumps(context.to_json()))) == context


@pytest.mark.parametrize("data", [None, "x", 3, [], {}, {"service": None}])
def test_what_is_no_context_is_an_empty_one(data: object) -> None:
    assert Context.from_json(data) == Context()


def test_fresh_for_thirty_minutes() -> None:
    context = Context(service="kia", misses=1, greeted=True, updated_at=NOW)
    assert context.fresh(NOW + dt.timedelta(minutes=30)) is context
    assert context.fresh(NOW + dt.timedelta(minutes=30, seconds=1)) == Context()
    assert Context(service="kia").fresh(NOW) == Context()


def test_outcomes_are_words_for_a_dashboard() -> None:
    assert all(outcome.value == outcome.name.lower() for outcome in Outcome)
