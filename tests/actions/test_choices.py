"""A typed answer to a question back chooses as a button would; what is no answer chooses nothing."""

from __future__ import annotations

import pytest

from actions import payload
from actions.turn import Context, Outcome
from tests.actions.conftest import NOW, Say, text_of

KTP = ("ktp_el_rusak", "ktp_el_hilang", "ktp_el_ubah_data")
MOVING = ("pindah_keluar", "pindah_datang")


def offering(*services: str, pending: tuple[str, ...] = ()) -> Context:
    offered = tuple(payload.encode("ask_overview", service) for service in services)
    return Context(offered=offered, pending_acts=pending, updated_at=NOW)


@pytest.mark.parametrize(
    ("text", "act", "offered", "wanted"),
    [
        ("ilang anjir", "ask_overview", KTP, "ktp_el_hilang"),
        ("yang rusak", "ask_overview", KTP, "ktp_el_rusak"),
        ("iya yg hilang", "affirm", KTP, "ktp_el_hilang"),
        ("bukan itu, yg masuk ke bandung", "deny", MOVING, "pindah_datang"),
        ("bukan itu, yg keluar", "deny", MOVING, "pindah_keluar"),
        ("yg pertama", "ask_overview", KTP, "ktp_el_rusak"),
        ("yang kedua dong", "affirm", KTP, "ktp_el_hilang"),
    ],
)
def test_words_choose_as_a_button_does(say: Say, text: str, act: str, offered: tuple[str, ...], wanted: str) -> None:
    turn = say(text, act, decision="clarify", context=offering(*offered))
    assert (turn.service, turn.outcome) == (wanted, Outcome.ANSWERED)


def test_what_was_asked_before_the_question_back_is_answered(say: Say) -> None:
    turn = say("ilang", "ask_overview", decision="clarify", context=offering(*KTP, pending=("ask_fee",)))
    assert turn.act == "ask_fee" and "gratis" in text_of(turn)


def test_a_question_among_the_words_is_answered_for_the_chosen_one(say: Say) -> None:
    turn = say("yg hilang bayar ga", "ask_fee", decision="clarify", context=offering(*KTP))
    assert (turn.service, turn.act) == ("ktp_el_hilang", "ask_fee")


@pytest.mark.parametrize(
    ("text", "act", "service"),
    [
        ("bukan", "deny", None),
        ("bukan ktp hilang", "deny", None),  # names what is not meant
        ("wkwk males bgt", "ask_overview", None),
        ("ktp", "ask_overview", None),  # all three have it
        ("hilang atau rusak ya ktp tuh yang kemarin itu", "ask_overview", None),  # a question of its own
        ("kir truk hilang", "ask_overview", ("uji_kir", 0.97)),  # the model is sure
    ],
)
def test_other_words_choose_nothing(say: Say, text: str, act: str, service: tuple[str, float] | None) -> None:
    services = (service,) if service else ()
    turn = say(text, act, services=services, decision="clarify", context=offering(*KTP))
    assert turn.service not in KTP


def test_nothing_is_chosen_where_nothing_or_one_was_offered(say: Say) -> None:
    for context in (Context(updated_at=NOW), offering("ktp_el_hilang")):
        assert say("yang rusak", "ask_overview", decision="clarify", context=context).service is None
