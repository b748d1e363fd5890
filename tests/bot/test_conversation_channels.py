"""The whole line between channel and agent: a channel that is off, a turn overtaken, typing, the terminal."""

from __future__ import annotations

import asyncio

from sqlalchemy import update

from actions.router import Actions
from bot import inbox
from bot.channels.terminal import TerminalChannel
from bot.conversation import Parts, handle
from bot.database import Database
from bot.inbox import LEASE, MAX_ATTEMPTS, RETRY_AFTER
from bot.messages import Claimed
from bot.models import CONVERSATION
from tests.bot.conversation_line import Line, outcomes
from tests.bot.gateway_databases import Stored
from tests.builders import bodies, incoming, turn
from tests.fakes import Clock, FakeChannel, FakeNlu, eventually


async def test_a_channel_that_is_off_keeps_its_messages_at_no_cost(line: Line, clock: Clock, stored: Stored) -> None:
    conversation = await line.receive(incoming("halo", channel="off"))
    for _ in range(MAX_ATTEMPTS + 2):
        assert await line.turn(conversation)
        [row] = await stored.inbound()
        assert (row.state, row.attempts, row.outcome, row.error) == ("received", 0, None, "channel is off")
        assert not await line.turn(conversation)
        clock.advance(RETRY_AFTER[-1].total_seconds())
    switched_on = FakeChannel("off")
    line.parts = Parts(line.database, {"off": switched_on}, line.dispatcher, line.rasa, line.parts.actions, clock)
    assert await line.turn(conversation)
    assert outcomes(await stored.inbound()) == [("done", "small_talk")]
    assert set(await stored.states()) == {"queued"} or len(await stored.outbox()) == 1


async def test_a_turn_that_was_overtaken_says_nothing(line: Line, nlu: FakeNlu, clock: Clock, stored: Stored) -> None:
    conversation = await line.receive(incoming("halo"))
    message = await line.claim(conversation)
    assert message is not None
    nlu.delay = 0.2
    running = asyncio.create_task(handle(message, line.parts))
    await eventually(lambda: nlu.texts == ["halo"])
    clock.advance(LEASE.total_seconds() + 1)
    other = await line.claim(conversation, owner="theirs")
    assert other is not None and other.inbound_id == message.inbound_id
    await line.database.run(lambda c: inbox.finish(c, other, turn("x"), bodies("dari sana"), "sent", clock()))
    await running
    assert [row.body["text"] for row in await stored.outbox()] == ["dari sana"]
    assert line.channel.calls == []


async def test_a_reply_that_an_agent_has_overtaken_is_cancelled(line: Line, nlu: FakeNlu, stored: Stored) -> None:
    nlu.delay = 0.2
    conversation = await line.receive(incoming("halo"))
    running = asyncio.create_task(line.turn(conversation))
    await eventually(lambda: nlu.texts == ["halo"])
    table = CONVERSATION
    await line.database.run(lambda c: c.execute(update(table).values(epoch=table.c.epoch + 1)) and None)
    await running
    assert set(await stored.states()) == {"cancelled"} and line.channel.calls == []


async def test_typing_that_hangs_holds_neither_the_reply_nor_the_next_message(line: Line, stored: Stored) -> None:
    line.channel.typing_gate.clear()
    conversation = await line.receive(incoming("halo"))
    async with asyncio.timeout(3):
        assert await line.turn(conversation)
    await eventually(lambda: len(line.channel.sent) == 1)
    assert outcomes(await stored.inbound()) == [("done", "small_talk")]


async def test_typing_that_fails_harms_nothing(line: Line, stored: Stored) -> None:
    async def broken(_message: Claimed) -> None:
        raise ConnectionError("no typing today")

    line.channel.working = broken  # type: ignore[method-assign]
    assert await line.say("halo")
    assert outcomes(await stored.inbound()) == [("done", "small_talk")]


async def test_the_terminal_is_answered_through_its_queue(
    database: Database, nlu: FakeNlu, actions: Actions, clock: Clock
) -> None:
    terminal = TerminalChannel()
    line = Line(database, FakeChannel(), nlu, actions, clock)
    await line.rasa.start()
    line.parts = Parts(database, {"terminal": terminal}, line.dispatcher, line.rasa, lambda: actions, clock)
    conversation = await line.receive(incoming("halo", channel="terminal"))
    assert await line.turn(conversation)
    [part] = terminal.answers.get_nowait()
    assert part.body["text"] and part.body["buttons"][0].keys() == {"title", "payload"}
    await line.rasa.close()
