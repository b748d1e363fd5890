"""Greetings and courtesies: warm, short, and always with a way on."""

from __future__ import annotations

import pytest

from actions.turn import Context, Outcome
from actions.vocabulary import SMALL_TALK
from tests.actions.conftest import NOW, Say, text_of, titles_of


@pytest.mark.parametrize(
    "text", ["assalamualaikum", "Assalamu'alaikum pak", "asalamualaikum min", "samlekum", "aslmkm kak", "salamualaikum"]
)
def test_a_salam_is_returned(say: Say, text: str) -> None:
    assert text_of(say(text, "greet")).startswith("Waalaikumsalam")


@pytest.mark.parametrize("text", ["halo", "sampurasun", "pagi min"])
def test_no_salam_is_invented(say: Say, text: str) -> None:
    assert "Waalaikumsalam" not in text_of(say(text, "greet"))


def test_the_bot_introduces_itself_once(say: Say) -> None:
    first = say("halo", "greet")
    assert "Nirtatap" in text_of(first)
    assert "NIK" in text_of(first)
    second = say("halo lagi", "greet", context=first.context)
    assert "Nirtatap" not in text_of(second)


@pytest.mark.parametrize("act", SMALL_TALK)
def test_each_is_answered_shortly_as_small_talk(say: Say, act: str) -> None:
    turn = say("…", act)
    assert turn.outcome is Outcome.SMALL_TALK
    assert turn.act == act
    assert len(text_of(turn)) < 500


def test_thanks_keep_the_subject_and_what_was_offered(say: Say) -> None:
    before = Context(service="kia", offered=("ask_fee:kia",), updated_at=NOW)
    after = say("makasih", "thank", context=before).context
    assert (after.service, after.offered) == ("kia", ("ask_fee:kia",))


@pytest.mark.parametrize("act", ["deny", "cancel"])
def test_no_and_stop_forget_the_subject(say: Say, act: str) -> None:
    assert say("…", act, context=Context(service="kia", updated_at=NOW)).context.service is None


@pytest.mark.parametrize("act", ["insult", "give_feedback"])
def test_anger_is_offered_a_human(say: Say, act: str) -> None:
    assert titles_of(say("…", act)) == ["Bicara petugas"]


def test_the_bot_says_that_it_is_no_human(say: Say) -> None:
    text = text_of(say("kamu robot?", "ask_bot"))
    assert "bukan manusia" in text
    assert "112" in text
