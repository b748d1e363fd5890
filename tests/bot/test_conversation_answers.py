"""What a message is answered along the whole line, with Rasa and without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from actions.router import Actions
from bot.database import Database
from tests.bot.conversation_line import Line, outcomes
from tests.bot.gateway_databases import Stored
from tests.builders import incoming, nlu_result
from tests.fakes import Clock, FakeChannel, FakeNlu


async def test_a_question_is_answered_and_recorded(line: Line, nlu: FakeNlu, stored: Stored) -> None:
    nlu.answer = lambda _text: nlu_result("ask_requirements", "ktp_el_hilang")
    [said] = await line.say("syarat ktp hilang")
    assert "kepolisian" in said.lower() or "kehilangan" in said.lower()
    [row] = await stored.inbound()
    assert (row.state, row.outcome, row.act, row.service) == ("done", "answered", "ask_requirements", "ktp_el_hilang")
    assert nlu.texts == ["syarat ktp hilang"] and nlu.tokens == ["rahasia"]
    assert line.channel.typing == [row.id]
    assert (await stored.conversations())[0].context["service"] == "ktp_el_hilang"


async def test_a_follow_up_uses_the_service_of_before_but_not_of_yesterday(
    line: Line, nlu: FakeNlu, clock: Clock, stored: Stored
) -> None:
    nlu.answer = lambda _text: nlu_result("ask_requirements", "ktp_el_hilang")
    await line.say("syarat ktp hilang")
    nlu.answer = lambda _text: nlu_result("ask_fee")
    await line.say("berapa biayanya")
    clock.advance(31 * 60)
    await line.say("berapa biayanya")
    assert [(row.outcome, row.service) for row in await stored.inbound()] == [
        ("answered", "ktp_el_hilang"),
        ("answered", "ktp_el_hilang"),
        ("clarified", None),
    ]


async def test_a_mailbox_is_told_and_nothing_is_sent(
    database: Database, nlu: FakeNlu, actions: Actions, clock: Clock, stored: Stored
) -> None:
    line = Line(database, FakeChannel(mailbox=True), nlu, actions, clock)
    await line.rasa.start()
    conversation = await line.receive(incoming("halo"))
    await line.turn(conversation)
    assert line.channel.announced == [("asep", [row.seq for row in await stored.outbox()])]
    assert set(await stored.states()) == {"sent"} and line.channel.calls == []
    await line.rasa.close()


# ---------------------------------------------------------------- Rasa away


async def down(nlu: FakeNlu) -> None:
    await nlu.stop()


async def slow(nlu: FakeNlu) -> None:
    nlu.delay = 2.0


async def rubbish(nlu: FakeNlu) -> None:
    nlu.answer = lambda _text: "<html>Bad Gateway</html>"


async def failing(nlu: FakeNlu) -> None:
    nlu.http_status = 500


@pytest.mark.parametrize("trouble", [down, slow, rubbish, failing])
async def test_without_rasa_the_resident_still_hears_something_useful(
    line: Line, nlu: FakeNlu, stored: Stored, trouble: Callable[[FakeNlu], Any]
) -> None:
    await trouble(nlu)
    started = asyncio.get_running_loop().time()
    said = await line.say("ktp saya hilang")
    assert asyncio.get_running_loop().time() - started < 2
    offered = [title for part in line.channel.parts for title in part.body["buttons"]]
    assert said and any("KTP" in words for words in [*said, *offered])
    assert outcomes(await stored.inbound()) == [("done", "degraded")]


async def test_without_rasa_danger_is_answered_as_always(line: Line, nlu: FakeNlu, stored: Stored) -> None:
    await nlu.stop()
    said = await line.say("tolong rumah saya kebakaran")
    assert "11" in said[0]
    assert outcomes(await stored.inbound()) == [("done", "safety")]


async def test_without_rasa_buttons_and_commands_work(line: Line, nlu: FakeNlu, stored: Stored) -> None:
    await nlu.stop()
    assert await line.say(incoming("/start", kind="command"))
    assert await line.say(incoming("", kind="sticker"))
    assert "degraded" not in {row.outcome for row in await stored.inbound()}
    assert nlu.texts == []


async def test_an_event_without_answer_is_done_without_a_word(line: Line, stored: Stored) -> None:
    assert await line.say(incoming("", kind="unblocked")) == []
    assert outcomes(await stored.inbound()) == [("done", "ignored")]
