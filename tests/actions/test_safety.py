"""Danger is seen without a model, and alarming words in an ordinary question are not danger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import safety
from actions.desk import Ask, Desk
from actions.safety import (
    DISASTER,
    FIRE,
    Danger,
    recognise,
)
from actions.turn import Context, Incoming, Outcome, Ranked, Understanding
from tests.actions.danger_cases import DANGERS, HARMLESS


@pytest.mark.parametrize(("danger", "text"), DANGERS, ids=[text for _, text in DANGERS])
def test_danger_is_seen(danger: Danger, text: str) -> None:
    assert recognise(text) == danger


@pytest.mark.parametrize("text", HARMLESS)
def test_a_question_with_alarming_words_is_no_danger(text: str) -> None:
    assert recognise(text) is None


def test_there_are_enough_cases() -> None:
    assert len(DANGERS) >= 60
    assert len(HARMLESS) >= 80


@pytest.mark.parametrize("danger", {danger for danger, _ in DANGERS} | {DISASTER}, ids=lambda d: d.text_id)
def test_each_danger_has_the_citys_words_and_service(desk: Desk, danger: Danger) -> None:
    text = desk.catalogue.safety_text(danger.text_id)
    assert text is not None, danger.text_id
    assert text.phone_numbers
    assert danger.service is None or desk.catalogue.service(danger.service) is not None


@pytest.mark.parametrize(("danger", "text"), DANGERS[::6], ids=[text for _, text in DANGERS[::6]])
def test_the_answer_is_the_signed_text_alone(desk: Desk, danger: Danger, text: str) -> None:
    ask = Ask(Incoming(text), Understanding(text, decision="safety"), Context(offered=("ask_fee:kia",)))
    turn = safety.answer(desk, ask)
    signed = desk.catalogue.safety_text(danger.text_id)
    assert signed is not None
    assert [reply.text for reply in turn.replies] == [signed.text]
    assert turn.outcome is Outcome.SAFETY
    assert not turn.replies[0].buttons
    assert turn.context.offered == ()


@pytest.mark.parametrize(
    ("act", "service", "text_id"),
    [
        ("report_emergency", "kebakaran_penyelamatan", "kebakaran"),
        ("report_emergency", "lapor_bencana", "bencana"),
        ("report_emergency", "darurat_112", "darurat"),
        ("report_emergency", None, "darurat"),
        ("report_crisis", "lapor_kekerasan", "kekerasan"),
        ("report_crisis", None, "bunuh_diri"),
    ],
)
def test_what_only_the_model_sees_gets_the_same_words(desk: Desk, act: str, service: str | None, text_id: str) -> None:
    services = (Ranked(service, 0.9),) if service else ()
    understanding = Understanding("tolongin dong", (Ranked(act, 0.9),), services, decision="safety")
    turn = safety.answer(desk, Ask(Incoming("tolongin dong"), understanding, Context()))
    signed = desk.catalogue.safety_text(text_id)
    assert signed is not None
    assert turn.replies[0].text == signed.text


def test_a_danger_behind_a_question_gets_its_own_words(desk: Desk) -> None:
    acts = (Ranked("ask_procedure", 0.8), Ranked("report_crisis", 0.3))
    understanding = Understanding("gimana ya", acts, (Ranked("lapor_kekerasan", 0.9),), decision="safety")
    turn = safety.answer(desk, Ask(Incoming("gimana ya"), understanding, Context()))
    signed = desk.catalogue.safety_text("kekerasan")
    assert signed is not None and turn.replies[0].text == signed.text
    assert (turn.act, turn.outcome) == ("report_crisis", Outcome.SAFETY)


def test_letter_case_stretching_and_punctuation_do_not_hide_danger() -> None:
    for text in (
        "KEBAKARAN",
        "kebakarannn di sini",
        "bunuh   diri",
        "bunuh... diri",
        "b\nkebakaran!",
        "ke\u200bbakaran",
        "k\u0336e\u0336bakaran",
        "𝗸𝗲𝗯𝗮𝗸𝗮𝗿𝗮𝗻",
    ):
        assert recognise(text) is not None, text


def test_danger_at_the_end_of_a_long_message_is_seen() -> None:
    assert recognise("halo min mau cerita. " * 60 + "rumah tetangga kebakaran") == FIRE
    assert recognise("halo min mau cerita. " * 240 + "rumah tetangga kebakaran") == FIRE


@given(st.text(max_size=3000))
def test_any_text_is_read(text: str) -> None:
    recognise(text)
