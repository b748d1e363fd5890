"""Replies out: in order per conversation, retried where that helps, never silently lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import update

from bot import inbox, outbox
from bot.database import Database
from bot.errors import RecipientGone, SendRejected, SendRetry
from bot.messages import OutgoingPart
from bot.models import CONVERSATION
from bot.outbox import BACKOFF, LEASE, Dispatcher
from tests.bot.gateway_databases import Stored
from tests.builders import CHANNEL, bodies, incoming, turn
from tests.fakes import Clock, FakeChannel, eventually

Open = Callable[[str], Database]


class Office:
    """A dispatcher over one database, and a way to put parts into its outbox."""

    def __init__(self, database: Database, channel: FakeChannel, clock: Clock) -> None:
        self.database = database
        self.channel = channel
        self.clock = clock
        self.dispatcher = Dispatcher(database, {channel.name: channel}, clock, sweep_every=0.02)

    async def queue(self, *texts: str, address: str = "asep", wake: bool = True, channel: str = CHANNEL) -> int:
        message = incoming(address=address, channel=channel)
        [one] = await self.database.run(lambda c: inbox.receive(c, [message], self.clock()))
        claimed = await self.database.run(lambda c: inbox.claim(c, one.conversation_id, "t", self.clock()))
        assert claimed is not None
        await self.database.run(lambda c: inbox.finish(c, claimed, turn(), bodies(*texts), "queued", self.clock()))
        if wake:
            self.dispatcher.wake(channel, one.conversation_id)
        return one.conversation_id

    async def take(self, conversation: int) -> OutgoingPart | None:
        return await self.database.run(lambda c: outbox.take(c, conversation, self.clock()))

    async def taken(self, conversation: int) -> OutgoingPart:
        part = await self.take(conversation)
        assert part is not None
        return part

    async def bump_epoch(self, conversation: int) -> None:
        """What an agent's takeover does."""
        table = CONVERSATION
        statement = update(table).where(table.c.id == conversation).values(epoch=table.c.epoch + 1)
        await self.database.run(lambda c: c.execute(statement) and None)


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
async def office(database: Database, channel: FakeChannel, clock: Clock) -> AsyncIterator[Office]:
    office = Office(database, channel, clock)
    yield office
    await office.dispatcher.close(patience=0)


async def test_parts_leave_in_order_one_at_a_time(office: Office, channel: FakeChannel, stored: Stored) -> None:
    for n in range(6):
        for name in ("asep", "euis", "ujang"):
            await office.queue(f"{n}a", f"{n}b", address=name)
    await eventually(lambda: len(channel.sent) == 36)
    for name in ("asep", "euis", "ujang"):
        assert channel.texts(name) == [f"{n}{part}" for n in range(6) for part in "ab"]
        assert channel.most_at_once[name] == 1
    await eventually(lambda: _all(stored, "sent"))
    rows = await stored.outbox()
    assert len({row.provider_id for row in rows}) == 36
    assert not any(row.ambiguous for row in rows)


async def _all(stored: Stored, state: str) -> bool:
    return set(await stored.states()) == {state}


async def test_two_processes_over_one_postgresql_keep_the_order(
    postgres_url: str, open_one: Open, channel: FakeChannel, clock: Clock
) -> None:
    offices = [Office(open_one(postgres_url), channel, clock) for _ in range(2)]
    for office in offices:
        office.dispatcher.start()
    names = [f"r{n}" for n in range(8)]

    async def resident(name: str) -> None:
        for n in range(5):
            conversation = await offices[n % 2].queue(*(f"{n}{part}" for part in "abcd"), address=name)
            offices[(n + 1) % 2].dispatcher.wake(CHANNEL, conversation)

    async with asyncio.timeout(20):
        await asyncio.gather(*(resident(name) for name in names))
        await eventually(lambda: len(channel.sent) >= 160, within=15)
    for office in offices:
        await office.dispatcher.close()
    for name in names:
        assert channel.texts(name) == [f"{n}{part}" for n in range(5) for part in "abcd"]
        assert channel.most_at_once[name] == 1
    stored = Stored(offices[0].database)
    assert await _all(stored, "sent") and not any(row.ambiguous for row in await stored.outbox())


async def test_no_part_is_taken_twice_or_before_an_earlier_one(postgres_url: str, open_one: Open, clock: Clock) -> None:
    """The window inside one transaction: settled but not committed, seen by another process."""
    office = Office(open_one(postgres_url), FakeChannel(), clock)
    conversation = await office.queue(*(str(n) for n in range(40)), wake=False)
    flying: list[str] = []
    order: list[str] = []

    async def process() -> None:
        part = await office.take(conversation)
        while len(order) < 40:
            if part is None:
                await asyncio.sleep(0.001)
                part = await office.take(conversation)
                continue
            text = part.body["text"]
            assert not flying, f"{text} was taken while {flying} was being sent"
            flying.append(text)
            await asyncio.sleep(0.001)
            flying.remove(text)
            order.append(text)
            sent = part

            def settle_and_take(connection, sent=sent):  # type: ignore[no-untyped-def]
                outbox.settle(connection, sent, "id", clock())
                return outbox.take(connection, conversation, clock())

            part = await office.database.run(settle_and_take)
            if part is not None and len(order) % 3 == 0:
                # The other process gets its chance in the middle.
                await asyncio.sleep(0)

    async with asyncio.timeout(20):
        await asyncio.gather(*(process() for _ in range(4)))
    assert order == [str(n) for n in range(40)]


# ---------------------------------------------------------------- retried


async def test_a_named_wait_is_kept_and_later_parts_wait_behind(
    office: Office, channel: FakeChannel, stored: Stored, clock: Clock
) -> None:
    channel.problems["asep"].append(SendRetry("429", retry_after=30))
    office.dispatcher.start()
    await office.queue("satu", "dua")
    await eventually(lambda: len(channel.calls) == 1)
    await office.queue("tiga")
    await office.queue("lain", address="euis")
    await eventually(lambda: channel.texts("euis") == ["lain"])
    for _ in range(3):
        clock.advance(9.9)
        await asyncio.sleep(0.06)
        assert len(channel.calls) == 2, "sent before the provider's wait was over"
    clock.advance(0.4)
    await eventually(lambda: channel.texts() == ["satu", "dua", "tiga"])
    await eventually(lambda: _all(stored, "sent"))
    assert [row.attempts for row in await stored.outbox()] == [0, 0, 0, 0]


async def test_a_flood_of_short_waits_does_not_use_up_a_part(
    office: Office, channel: FakeChannel, clock: Clock, stored: Stored
) -> None:
    """More refusals with "wait one second" than there are attempts: the message is late, not lost."""
    refusals = len(BACKOFF) + 3
    channel.problems["asep"].extend(SendRetry("429", retry_after=1) for _ in range(refusals))
    office.dispatcher.start()
    await office.queue("satu")
    for n in range(refusals):
        await eventually(lambda n=n: _waiting_after(stored, channel, calls=n + 1))  # type: ignore[misc]
        clock.advance(1)
    await eventually(lambda: channel.texts() == ["satu"])
    await eventually(lambda: _all(stored, "sent"))


async def _waiting_after(stored: Stored, channel: FakeChannel, calls: int) -> bool:
    return len(channel.calls) == calls and await stored.states() == ["queued"]


async def test_backoff_grows_and_in_the_end_the_part_has_failed(
    office: Office, channel: FakeChannel, clock: Clock, stored: Stored
) -> None:
    channel.problems["asep"].extend(SendRetry(f"down {n}") for n in range(len(BACKOFF) + 1))
    office.dispatcher.start()
    await office.queue("satu", "dua")
    for number, wait in enumerate(BACKOFF, 1):
        await eventually(lambda n=number: _settled(stored, attempts=n))  # type: ignore[misc]
        assert len(channel.calls) == number
        row = (await stored.outbox())[0]
        assert (row.state, row.next_at, row.error) == ("queued", clock.time + wait, f"down {number - 1}")
        clock.advance(wait.total_seconds())
    await eventually(lambda: channel.texts() == ["dua"])
    await eventually(lambda: _states(stored, "failed", "sent"))
    assert (await stored.outbox())[0].error == "down 7"


async def _settled(stored: Stored, attempts: int) -> bool:
    row = (await stored.outbox())[0]
    return row.state == "queued" and row.attempts == attempts


async def _states(stored: Stored, *states: str) -> bool:
    return await stored.states() == list(states)


async def test_an_unexpected_exception_is_retried_and_wedges_nobody(
    office: Office, channel: FakeChannel, clock: Clock, stored: Stored
) -> None:
    channel.problems["asep"].extend([KeyError("bug"), ZeroDivisionError("bug")])
    office.dispatcher.start()
    await office.queue("satu", "dua")
    await office.queue("lain", address="euis")
    await eventually(lambda: channel.texts("euis") == ["lain"])
    for attempts, error in ((1, "KeyError"), (2, "ZeroDivisionError")):
        await eventually(lambda n=attempts: _settled(stored, n))  # type: ignore[misc]
        assert (await stored.outbox())[0].error.startswith(error)
        clock.advance(BACKOFF[attempts - 1].total_seconds())
    await eventually(lambda: channel.texts() == ["satu", "dua"])


async def test_a_part_that_always_crashes_the_channel_is_given_up(
    office: Office, channel: FakeChannel, clock: Clock, stored: Stored
) -> None:
    channel.problems["asep"].extend(RuntimeError("bug") for _ in range(len(BACKOFF) + 1))
    office.dispatcher.start()
    await office.queue("satu", "dua")
    for n, wait in enumerate(BACKOFF, 1):
        await eventually(lambda n=n: _settled(stored, n))  # type: ignore[misc]
        clock.advance(wait.total_seconds())
    await eventually(lambda: _states(stored, "failed", "sent"))
    assert channel.texts() == ["dua"]


# ---------------------------------------------------------------- final


async def test_a_rejected_part_has_failed_and_the_next_goes_on(
    office: Office, channel: FakeChannel, stored: Stored
) -> None:
    channel.problems["asep"].append(SendRejected("text is too long " + "x" * 3000))
    await office.queue("satu", "dua")
    await eventually(lambda: channel.texts() == ["dua"])
    await eventually(lambda: _states(stored, "failed", "sent"))
    assert (await stored.outbox())[0].error.startswith("text is too long")


async def test_a_resident_who_is_gone_gets_nothing_until_they_write_again(
    office: Office, channel: FakeChannel, stored: Stored
) -> None:
    channel.problems["asep"].append(RecipientGone("blocked by the user"))
    conversation = await office.queue("satu", "dua", "tiga")
    await eventually(lambda: _states(stored, "failed", "cancelled", "cancelled"))
    assert len(channel.calls) == 1
    assert (await stored.conversations())[0].blocked_at == office.clock.time
    assert (await stored.outbox())[1].error == "blocked"
    await eventually(lambda: not office.dispatcher.busy(conversation))
    await office.queue("empat")  # an answer to a new message
    await eventually(lambda: channel.texts() == ["empat"])


async def test_an_agents_takeover_cancels_the_bots_parts(office: Office, channel: FakeChannel, stored: Stored) -> None:
    channel.gate.clear()
    conversation = await office.queue("satu", "dua", "tiga")
    await eventually(lambda: len(channel.calls) == 1)
    await office.bump_epoch(conversation)
    channel.gate.set()
    await eventually(lambda: _states(stored, "sent", "cancelled", "cancelled"))
    assert (await stored.outbox())[1].error == "taken over"
    await office.queue("empat")  # of the new epoch
    await eventually(lambda: channel.texts() == ["satu", "empat"])


# ---------------------------------------------------------------- crashes


async def test_a_crash_between_sending_and_settling_resends_once_and_says_so(
    database: Database, office: Office, channel: FakeChannel, clock: Clock, stored: Stored
) -> None:
    conversation = await office.queue("satu", "dua", wake=False)
    await channel.send(await office.taken(conversation))
    # The process dies here. The next one starts:
    again = Office(database, channel, clock)
    again.dispatcher.start()
    clock.advance(LEASE.total_seconds() - 1)
    await asyncio.sleep(0.1)
    assert channel.texts() == ["satu"], "the part may still be on its way"
    clock.advance(1.1)
    await eventually(lambda: _all(stored, "sent"))
    await again.dispatcher.close()
    assert channel.texts() == ["satu", "satu", "dua"]
    assert [row.ambiguous for row in await stored.outbox()] == [True, False]


async def test_a_restart_sends_what_was_left(
    database: Database, office: Office, channel: FakeChannel, clock: Clock
) -> None:
    for n in range(5):
        await office.queue(f"{n}", address=f"r{n}", wake=False)
    again = Office(database, channel, clock)
    again.dispatcher.start()
    await eventually(lambda: len(channel.sent) == 5)
    await again.dispatcher.close()


async def test_a_late_failure_does_not_take_back_what_was_sent(office: Office, stored: Stored) -> None:
    """A send outlived its lease, another process sent the part; the first one's error comes in last."""
    conversation = await office.queue("satu", wake=False)
    slow = await office.taken(conversation)
    office.clock.advance(LEASE.total_seconds() + 1)
    fast = await office.taken(conversation)
    await office.database.run(lambda c: outbox.settle(c, fast, "p1", office.clock()))
    for late in (SendRetry("timeout"), SendRejected("no")):
        await office.database.run(lambda c, late=late: outbox.settle(c, slow, late, office.clock()))  # type: ignore[misc]
    [row] = await stored.outbox()
    assert (row.state, row.provider_id, row.ambiguous) == ("sent", "p1", True)


async def test_a_late_success_is_believed(office: Office, stored: Stored) -> None:
    conversation = await office.queue("satu", wake=False)
    slow = await office.taken(conversation)
    office.clock.advance(LEASE.total_seconds() + 1)
    fast = await office.taken(conversation)
    await office.database.run(lambda c: outbox.settle(c, fast, SendRetry("timeout"), office.clock()))
    await office.database.run(lambda c: outbox.settle(c, slow, "p1", office.clock()))
    assert await stored.states() == ["sent"]


async def test_an_outage_after_sending_does_not_send_twice(
    sqlite: Database, channel: FakeChannel, clock: Clock
) -> None:
    from sqlalchemy import text

    office = Office(sqlite, channel, clock)
    channel.gate.clear()
    await office.queue("satu", "dua")
    await eventually(lambda: len(channel.calls) == 1)
    await sqlite.run(lambda c: c.execute(text("PRAGMA query_only = ON")) and None)
    channel.gate.set()
    await eventually(lambda: channel.texts() == ["satu"])
    await asyncio.sleep(0.2)
    await sqlite.run(lambda c: c.execute(text("PRAGMA query_only = OFF")) and None)
    await eventually(lambda: channel.texts() == ["satu", "dua"])
    await office.dispatcher.close()
    rows = await Stored(sqlite).outbox()
    assert [(row.state, row.ambiguous) for row in rows] == [("sent", False), ("sent", False)]


async def test_a_part_taken_by_a_turn_is_sent_even_if_a_sender_is_running(
    office: Office, channel: FakeChannel, stored: Stored
) -> None:
    """The sweeper may start between a turn's commit and its wake; the part is marked `sending` already."""
    conversation = await office.queue("satu", "dua", wake=False)
    first = await office.taken(conversation)
    office.dispatcher.wake(CHANNEL, conversation)
    office.dispatcher.wake(CHANNEL, conversation, first)
    office.dispatcher.wake(CHANNEL, conversation)
    await eventually(lambda: channel.texts() == ["satu", "dua"])
    await eventually(lambda: _all(stored, "sent"))


async def test_closing_ends_the_send_under_way_and_leaves_the_rest(
    office: Office, channel: FakeChannel, stored: Stored
) -> None:
    channel.gate.clear()
    conversation = await office.queue("satu", "dua")
    await eventually(lambda: len(channel.calls) == 1)
    closing = asyncio.create_task(office.dispatcher.close())
    await asyncio.sleep(0.02)
    assert not closing.done() and office.dispatcher.busy(conversation)
    channel.gate.set()
    await closing
    assert channel.texts() == ["satu"] and await stored.states() == ["sent", "queued"]


async def test_a_part_taken_by_a_turn_while_closing_is_still_sent(
    office: Office, channel: FakeChannel, stored: Stored
) -> None:
    conversation = await office.queue("satu", wake=False)
    first = await office.taken(conversation)
    office.dispatcher.wake(CHANNEL, conversation)
    office.dispatcher.wake(CHANNEL, conversation, first)
    await office.dispatcher.close()
    assert channel.texts() == ["satu"] and await stored.states() == ["sent"]


async def test_a_send_that_never_ends_does_not_hold_up_closing(office: Office, channel: FakeChannel) -> None:
    channel.gate.clear()
    await office.queue("satu")
    await eventually(lambda: len(channel.calls) == 1)
    async with asyncio.timeout(2):
        await office.dispatcher.close(patience=0.05)
    assert channel.sending["asep"] == 0, "closing waits until what it cancelled has ended"


async def test_channels_that_are_off_or_mailboxes_do_not_hide_the_others(
    office: Office, channel: FakeChannel, database: Database
) -> None:
    for n in range(6):
        await office.queue("x", address=f"off{n}", wake=False, channel="switched_off")
    await office.queue("satu", wake=False)
    found = await database.run(lambda c: outbox.open_conversations(c, office.clock(), limit=3, channels={CHANNEL}))
    assert len(found) == 1 and found[0][0] == CHANNEL
    office.dispatcher.start()
    await eventually(lambda: channel.texts() == ["satu"])
    office.dispatcher.wake("switched_off", 1)
    assert not office.dispatcher.busy(1)


async def test_only_conversations_whose_oldest_part_is_due_are_looked_at(
    office: Office, database: Database, clock: Clock
) -> None:
    waiting = await office.queue("satu", "dua", wake=False)
    due = await office.queue("tiga", address="euis", wake=False)
    part = await office.taken(waiting)

    async def found() -> list[int]:
        return [one for _, one in await database.run(lambda c: outbox.open_conversations(c, clock()))]

    assert await found() == [due], "a part is on its way; the next one must wait for it"
    await database.run(lambda c: outbox.settle(c, part, SendRetry("x"), clock()))
    assert await found() == [due]
    clock.advance(1)
    assert await found() == [waiting, due]
