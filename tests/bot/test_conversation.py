"""One message, one straight line: the real actions over the real catalogue, fakes only at the ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text, update

from actions.desk import Desk
from actions.router import Actions
from actions.turn import Context, Incoming, Turn, Understanding
from bot import inbox
from bot.channels.terminal import TerminalChannel
from bot.conversation import Parts, handle
from bot.database import Database
from bot.errors import DatabaseUnavailable
from bot.inbox import LEASE, MAX_ATTEMPTS, RETRY_AFTER
from bot.messages import Claimed, IncomingMessage
from bot.models import CONVERSATION
from bot.outbox import Dispatcher
from bot.rasa_client import RasaClient
from tests.bot.gateway_databases import Stored
from tests.builders import bodies, incoming, nlu_result, turn
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


class Line:
    """The whole line from a stored message on."""

    def __init__(self, database: Database, channel: FakeChannel, nlu: FakeNlu, actions: Actions, clock: Clock) -> None:
        self.database = database
        self.channel = channel
        self.nlu = nlu
        self.actions = actions
        self.clock = clock
        self.rasa = RasaClient([nlu.url], "rahasia", timeout=0.4)
        channels: dict[str, Any] = {channel.name: channel}
        self.dispatcher = Dispatcher(database, channels, clock, sweep_every=0.02)
        self.parts = Parts(database, channels, self.dispatcher, self.rasa, lambda: self.actions, clock)

    async def receive(self, message: IncomingMessage) -> int:
        [one] = await self.database.run(lambda c: inbox.receive(c, [message], self.clock()))
        return one.conversation_id

    async def claim(self, conversation: int, owner: str = "us") -> Claimed | None:
        return await self.database.run(lambda c: inbox.claim(c, conversation, owner, self.clock()))

    async def turn(self, conversation: int) -> bool:
        """Handle the next message; False where there is none to handle now."""
        message = await self.claim(conversation)
        if message is None:
            return False
        async with asyncio.timeout(5):
            await handle(message, self.parts)
        return True

    async def say(self, message: str | IncomingMessage) -> list[str]:
        """One message through the whole line; what the resident reads of it."""
        before = len(self.channel.sent)
        conversation = await self.receive(incoming(message) if isinstance(message, str) else message)
        assert await self.turn(conversation)
        await eventually(lambda: not self.dispatcher.busy(conversation))
        return [part_text for _, part_text in self.channel.sent[before:]]


@pytest.fixture
async def nlu() -> AsyncIterator[FakeNlu]:
    nlu = FakeNlu()
    await nlu.start()
    yield nlu
    await nlu.stop()


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
async def line(
    database: Database, channel: FakeChannel, nlu: FakeNlu, actions: Actions, clock: Clock
) -> AsyncIterator[Line]:
    line = Line(database, channel, nlu, actions, clock)
    await line.rasa.start()
    yield line
    await line.dispatcher.close(patience=1)
    await line.rasa.close()


def outcomes(rows: list[Any]) -> list[tuple[str, str | None]]:
    return [(row.state, row.outcome) for row in rows]


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


# ---------------------------------------------------------------- faults of our own


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


# ---------------------------------------------------------------- between channel and agent


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
