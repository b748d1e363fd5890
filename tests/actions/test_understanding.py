"""Rasa's parse result as an Understanding, and a resident's text as Rasa may see it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.turn import Ranked, Understanding
from actions.understanding import MOST, from_rasa, shield, with_safety

OURS: dict[str, Any] = {
    "acts": [{"name": "ask_fee", "confidence": 0.9}, {"name": "ask_duration", "confidence": 0.6}],
    "services": [{"id": "kia", "confidence": 0.8}],
    "opd": [],
    "decision": "answer",
}


def test_our_pipeline() -> None:
    found = from_rasa(OURS, "biaya dan lama kia")
    assert found.acts == (Ranked("ask_fee", 0.9), Ranked("ask_duration", 0.6))
    assert found.services == (Ranked("kia", 0.8),)
    assert (found.act, found.opd, found.decision) == ("ask_fee", (), "answer")


def test_a_stock_pipeline_with_several_intents() -> None:
    found = from_rasa({"intent": {"name": "ask_fee+ask_duration", "confidence": 0.7}}, "biaya dan lama")
    assert [r.name for r in found.acts] == ["ask_fee", "ask_duration"]
    assert found.decision == "answer"


@pytest.mark.parametrize(("confidence", "decision"), [(0.3, "answer"), (0.29, "fallback"), (0, "fallback")])
def test_a_stock_pipeline_decides_by_confidence(confidence: float, decision: str) -> None:
    assert from_rasa({"intent": {"name": "greet", "confidence": confidence}}, "halo").decision == decision


def test_a_stock_pipeline_that_found_nothing() -> None:
    assert from_rasa({"intent": {"name": None, "confidence": 0.0}}, "x").act is None


@pytest.mark.parametrize(
    "broken",
    [{}, {"intent": None}, {"intent": {}}, {"acts": []}, {**OURS, "decision": "maybe"},
     {**OURS, "acts": [{"name": "x"}]},
     {**OURS, "acts": [{"name": "x", "confidence": "much"}]}, {**OURS, "services": None}],
)  # fmt: skip
def test_what_is_no_parse_result_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_rasa(broken, "x")


@pytest.mark.parametrize(
    ("text", "seen"),
    [("!!!", "fallback"), ("[nomor disamarkan]!!!", "fallback"),
     ("47", "fallback"), ("\u2462 ！", "fallback"), ("火事!", "fallback"),
     ("s", "fallback"),
     ("sos", "safety"), ("ｋ\u200bｅ!", "safety")],
)  # fmt: skip
def test_no_model_sees_danger_without_a_word(text: str, seen: str) -> None:
    """Many who are in danger end with “!”; a sign alone must not send 112."""
    sure = {"acts": [{"name": "report_emergency", "confidence": 0.9}], "services": [], "opd": [], "decision": "safety"}
    assert from_rasa(sure, text).decision == seen


@pytest.mark.parametrize(("text", "seen"), [("1", "clarify"), ("n", "clarify"), ("👍", "clarify"), ("kk", "answer")])
def test_a_number_alone_is_asked_about(text: str, seen: str) -> None:
    found = from_rasa(OURS, text)
    assert (found.decision, found.services) == (seen, (Ranked("kia", 0.8),))
    assert from_rasa({**OURS, "services": []}, text).decision == "answer"


def test_at_most_five_of_each() -> None:
    many = {**OURS, "services": [{"id": f"s{n}", "confidence": 0.1} for n in range(9)]}
    assert len(from_rasa(many, "x").services) == MOST


def test_danger_comes_first_and_its_service_too() -> None:
    found = from_rasa(OURS, "rumah tetangga kebakaran, kia saya di dalam")
    assert (found.decision, found.act) == ("safety", "report_emergency")
    assert found.services[0].name == "kebakaran_penyelamatan"
    assert "ask_fee" in [r.name for r in found.acts]


def test_danger_is_not_listed_twice() -> None:
    known = Understanding(
        "kebakaran tolong", (Ranked("report_emergency", 0.4),), (Ranked("kebakaran_penyelamatan", 0.3),)
    )
    found = with_safety(known)
    assert len(found.acts) == len(found.services) == 1
    assert found.acts[0].confidence == 1.0


def test_crisis_without_a_service_keeps_what_was_found() -> None:
    found = with_safety(Understanding("pengen mati aja", services=(Ranked("kia", 0.2),)))
    assert found.services == (Ranked("kia", 0.2),)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('/ask_fee{"service":"kia"}', 'ask_fee{"service":"kia"}'),
        ("  / / /greet", "greet"),
        ("ktp/kk hilang", "ktp/kk hilang"),
        ("halo", "halo"),
        ("", ""),
    ],
)
def test_a_resident_cannot_set_an_intent(text: str, seen: str) -> None:
    assert shield(text) == seen


@given(st.text(max_size=100))
def test_no_text_reaches_rasa_as_a_command(text: str) -> None:
    assert not shield("/" + text).startswith("/")
    assert not shield(text).lstrip().startswith("/")
