"""Faults of our own along the whole line: tried again, then an apology, and the next message is free."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from actions.desk import Desk
from actions.router import Actions
from actions.turn import Context, Incoming, Turn, Understanding
from bot.conversation import handle
from bot.database import Database
from bot.errors import DatabaseUnavailable
from bot.inbox import MAX_ATTEMPTS, RETRY_AFTER
from tests.bot.conversation_line import Line, outcomes
from tests.bot.gateway_databases import Stored
from tests.builders import incoming, nlu_result
from tests.fakes import Clock, FakeChannel, FakeNlu, eventually


class Faulty(Actions):
    """The real actions with a bug that shows `faults` times."""

    def __init__(self, desk: Desk, faults: int) -> None:
        super().__init__(desk)
        self.faults = faults

    def answer(self, incoming: Incoming, understanding: Understanding, context: Context) -> Turn:
        if self.faults:
            self.faults -= 1
            raise ZeroDivisionError("a bug, about 0812 3456 7890")
        return super().answer(incoming, understanding, context)


async def test_a_turn_that_fails_is_tried_again_and_then_answered_once(
    line: Line, desk: Desk, nlu: FakeNlu, clock: Clock, stored: Stored
) -> None:
    line.actions = Faulty(desk, faults=MAX_ATTEMPTS - 1)
    nlu.answer = lambda _text: nlu_result("ask_requirements", "ktp_el_hilang")
    conversation = await line.receive(incoming("syarat ktp hilang"))
    for attempt, wait in enumerate(RETRY_AFTER, 1):
        assert await line.turn(conversation)
        [row] = await stored.inbound()
        assert (row.state, row.attempts, row.next_at) == ("received", attempt, clock.time + wait)
        assert row.error == "ZeroDivisionError: a bug, about [telepon disamarkan]"
        assert not await line.turn(conversation)
        clock.advance(wait.total_seconds())
    assert await line.turn(conversation)
    await eventually(lambda: len(line.channel.sent) == 1)
    assert outcomes(await stored.inbound()) == [("done", "answered")]


async def fail_for_good(line: Line, conversation: int) -> None:
    for wait in RETRY_AFTER:
        assert await line.turn(conversation)
        line.clock.advance(wait.total_seconds())
    assert await line.turn(conversation)


async def test_a_turn_that_always_fails_ends_in_an_apology_and_frees_the_next(
    line: Line, desk: Desk, nlu: FakeNlu, stored: Stored
) -> None:
    line.actions = Faulty(desk, faults=MAX_ATTEMPTS)
    nlu.answer = lambda _text: nlu_result("ask_requirements", "ktp_el_hilang")
    conversation = await line.receive(incoming("satu"))
    await line.receive(incoming("dua"))
    await fail_for_good(line, conversation)
    await eventually(lambda: len(line.channel.sent) == 1)
    assert "gangguan" in line.channel.texts()[0] and "112" in line.channel.texts()[0]
    row = (await stored.inbound())[0]
    assert (row.state, row.outcome, row.attempts) == ("done", "failed", MAX_ATTEMPTS - 1)
    assert row.error.startswith("ZeroDivisionError")
    assert await line.turn(conversation)
    await eventually(lambda: len(line.channel.sent) == 2)
    assert outcomes(await stored.inbound()) == [("done", "failed"), ("done", "answered")]


async def test_an_apology_does_not_bring_yesterdays_service_back(
    line: Line, desk: Desk, nlu: FakeNlu, clock: Clock, stored: Stored
) -> None:
    nlu.answer = lambda _text: nlu_result("ask_requirements", "ktp_el_hilang")
    await line.say("syarat ktp hilang")
    clock.advance(24 * 3600)
    line.actions = Faulty(desk, faults=MAX_ATTEMPTS)
    await fail_for_good(line, await line.receive(incoming("halo")))
    assert (await stored.conversations())[0].context["service"] is None


async def test_a_reply_that_cannot_be_drawn_ends_in_an_apology(line: Line, nlu: FakeNlu, stored: Stored) -> None:
    nlu.answer = lambda _text: nlu_result("ask_requirements", "ktp_el_hilang")
    line.channel.unrenderable = "KTP"
    await fail_for_good(line, await line.receive(incoming("syarat ktp hilang")))
    await eventually(lambda: len(line.channel.sent) == 1)
    assert "gangguan" in line.channel.texts()[0]
    assert outcomes(await stored.inbound()) == [("done", "failed")]


async def test_where_not_even_an_apology_is_possible_the_message_is_dead_and_the_next_is_answered(
    line: Line, nlu: FakeNlu, stored: Stored
) -> None:
    line.channel.unrenderable = ""  # nothing can be drawn
    conversation = await line.receive(incoming("satu"))
    await line.receive(incoming("halo"))
    await fail_for_good(line, conversation)
    line.channel.unrenderable = None
    assert await line.turn(conversation)
    assert outcomes(await stored.inbound()) == [("dead", "failed"), ("done", "small_talk")]
    dead = (await stored.inbound())[0]
    assert dead.attempts == MAX_ATTEMPTS and dead.error == "ValueError: this reply cannot be drawn"
    assert dead.handled_at == line.clock.time


async def test_an_outage_is_not_the_messages_fault(
    sqlite: Database, channel: FakeChannel, nlu: FakeNlu, actions: Actions, clock: Clock
) -> None:
    line = Line(sqlite, channel, nlu, actions, clock)
    await line.rasa.start()
    conversation = await line.receive(incoming("halo"))
    message = await line.claim(conversation)
    assert message is not None
    await sqlite.run(lambda c: c.execute(text("PRAGMA query_only = ON")) and None)
    with pytest.raises(DatabaseUnavailable):
        await handle(message, line.parts)
    assert channel.calls == []
    [row] = await Stored(sqlite).inbound()
    assert (row.state, row.attempts, row.next_at) == ("received", 0, None)
    await sqlite.run(lambda c: c.execute(text("PRAGMA query_only = OFF")) and None)
    assert await line.turn(conversation)
    await eventually(lambda: len(channel.sent) == 1)
    await line.dispatcher.close()
    await line.rasa.close()
