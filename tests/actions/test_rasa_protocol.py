"""Rasa's action-server protocol over the same actions: same answers, context in a slot, clear refusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.rasa_protocol import ACTION_NAMES, FALLBACK_ACTION, SLOT, ActionServer
from actions.router import Actions
from actions.turn import Context
from actions.vocabulary import ACTS
from tests.actions.conftest import NOW


@pytest.fixture(scope="module")
def server(actions: Actions) -> ActionServer:
    return ActionServer(lambda: actions, lambda: NOW)


def call(text: str, act: str, *, action: str | None = None, slots: dict[str, Any] | None = None) -> dict[str, Any]:
    message = {"text": text, "intent": {"name": act, "confidence": 0.9}}
    return {
        "next_action": action or f"action_{act}",
        "sender_id": "x",
        "tracker": {"latest_message": message, "slots": slots or {}},
    }


def test_every_act_has_an_action(server: ActionServer) -> None:
    assert len(ACTION_NAMES) == len(ACTS) + 1
    for act in ACTS:
        status, body = server.handle(call("halo", act))
        assert status == 200, act
        assert body["responses"], act


def test_context_travels_in_the_slot(server: ActionServer) -> None:
    slots = {SLOT: Context(service="uji_kir", updated_at=NOW).to_json()}
    status, body = server.handle(call("berapa biayanya", "ask_fee", slots=slots))
    assert status == 200
    assert "5 Januari 2024" in body["responses"][0]["text"]
    [event] = body["events"]
    assert (event["event"], event["name"]) == ("slot", SLOT)
    assert Context.from_json(event["value"]).service == "uji_kir"


def test_a_button_comes_back_as_a_message_of_ours(server: ActionServer) -> None:
    _, body = server.handle(call("/ask_overview:uji_kir", "ask_overview"))
    assert "Uji KIR" in body["responses"][0]["text"]
    assert all(button["payload"].startswith("/") for button in body["responses"][0]["buttons"])


def test_our_own_pipelines_result_is_used(server: ActionServer) -> None:
    asked = call("biaya kia", "ask_fee")
    asked["tracker"]["latest_message"] |= {
        "acts": [{"name": "ask_fee", "confidence": 0.9}],
        "services": [{"id": "kia", "confidence": 0.9}],
        "opd": [],
        "decision": "answer",
    }
    _, body = server.handle(asked)
    assert "gratis" in body["responses"][0]["text"]


def test_danger_is_answered_whatever_rasa_chose(server: ActionServer) -> None:
    _, body = server.handle(call("tolong rumah kebakaran", "greet"))
    assert "113" in body["responses"][0]["text"]


def test_fallback(server: ActionServer) -> None:
    status, body = server.handle(call("qwzx", "greet", action=FALLBACK_ACTION))
    assert status == 200
    assert "belum menangkap" in body["responses"][0]["text"]


def test_an_unknown_action_is_not_found(server: ActionServer) -> None:
    for name in ("action_hapus", None, 3):
        status, body = server.handle({**call("x", "greet"), "next_action": name})
        assert status == 404
        assert body["action_name"] == name


@pytest.mark.parametrize(
    "broken", [None, [], "x", 3, {"next_action": "action_greet"}, {"next_action": "action_greet", "tracker": None},
               {"next_action": "action_greet", "tracker": {}},
               {"next_action": "action_greet", "tracker": {"latest_message": []}}],
)  # fmt: skip
def test_what_is_no_call_is_refused(server: ActionServer, broken: object) -> None:
    status, body = server.handle(broken)
    assert status == 400
    assert body["error"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["text", "intent", "name", "confidence", "slots", SLOT, "latest_message", "updated_at"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(tracker=_JSON, action=st.sampled_from(sorted(ACTION_NAMES)))
def test_any_tracker_is_answered_or_refused(actions: Actions, tracker: object, action: str) -> None:
    server = ActionServer(lambda: actions, lambda: NOW)
    status, _ = server.handle({"next_action": action, "tracker": tracker})
    assert status in (200, 400)
