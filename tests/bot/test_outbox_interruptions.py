"""Replies under way when the process crashes, restarts, closes or loses its database."""

from __future__ import annotations

import asyncio

from bot import outbox
from bot.database import Database
from bot.errors import SendRejected, SendRetry
from bot.outbox import LEASE
from tests.bot.gateway_databases import Stored
from tests.bot.outbox_office import Office, all_are
from tests.builders import CHANNEL
from tests.fakes import Clock, FakeChannel, eventually


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
    await eventually(lambda: all_are(stored, "sent"))
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
