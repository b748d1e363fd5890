"""What is no text for the model: attachments, events, commands, links, typed payloads, and when Rasa is away."""

from __future__ import annotations

import pytest

from actions.router import Actions
from actions.turn import Context, Incoming, Outcome, Ranked, Understanding
from service_catalog.facts import Catalogue
from tests.actions.conftest import NOW, titles_of

KTP = Context(service="ktp_el_hilang", updated_at=NOW)


@pytest.mark.parametrize(
    "kind", ["photo", "voice", "audio", "video", "location", "document", "contact", "poll", "sticker"]
)
def test_what_cannot_be_read_is_said_so_and_the_subject_stays(actions: Actions, kind: str) -> None:
    turn = actions.direct(Incoming("", kind, now=NOW), KTP)
    assert turn is not None
    assert turn.outcome is Outcome.UNSUPPORTED
    assert turn.replies
    assert turn.context.service == "ktp_el_hilang"


@pytest.mark.parametrize("kind", ["blocked", "unblocked", "other"])
def test_events_that_ask_nothing_get_no_answer(actions: Actions, kind: str) -> None:
    turn = actions.direct(Incoming("", kind, now=NOW), KTP)
    assert turn is not None
    assert (turn.outcome, turn.replies, turn.context) == (Outcome.IGNORED, (), KTP)


@pytest.mark.parametrize(
    "command", ["/bantuan", "/help", "/menu", "/data", "/hapus", "/salinan", "/privasi", "/petugas", "/batal", "/start"]
)
def test_commands(actions: Actions, command: str) -> None:
    turn = actions.direct(Incoming(command, "command", now=NOW), KTP)
    assert turn is not None
    assert turn.outcome in (Outcome.SMALL_TALK, Outcome.REFERRED)


def test_start_with_each_service(actions: Actions, catalogue: Catalogue) -> None:
    for service in catalogue.services:
        incoming = Incoming("/start", "command", attributes={"argument": service.id}, now=NOW)
        turn = actions.direct(incoming, Context())
        assert turn is not None
        assert turn.service == service.id


def test_a_typed_payload_is_a_text(actions: Actions) -> None:
    for text in ('/ask_fee{"service": "kia"}', "ask_fee:kia", "ask_fee:"):
        assert actions.direct(Incoming(text, now=NOW), Context()) is None


def test_a_masked_number_is_warned_of_after_the_answer(actions: Actions) -> None:
    incoming = Incoming("[nomor disamarkan] ktp", attributes={"identity_masked": True}, now=NOW)
    turn = actions.answer(incoming, Understanding("ktp", (Ranked("greet", 1.0),), decision="answer"), Context())
    assert "samarkan" in turn.replies[-1].text
    assert len(turn.replies) == 2


def test_rasa_away_still_helps(actions: Actions) -> None:
    found = actions.degraded(Incoming("ktp hilang", now=NOW), Context())
    assert found.outcome is Outcome.DEGRADED
    assert "Penggantian KTP-el hilang" in titles_of(found)
    assert "Bicara petugas" in titles_of(actions.degraded(Incoming("qwzx", now=NOW), Context()))


@pytest.mark.parametrize("phrase", ["apology", "degraded", "anything"])
def test_the_apology_is_a_turn(actions: Actions, phrase: str) -> None:
    turn = actions.apologise(phrase, KTP, NOW)
    assert turn.outcome is Outcome.FAILED
    assert turn.replies
    assert turn.context.service == "ktp_el_hilang"
