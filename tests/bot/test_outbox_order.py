"""Replies out: in order per conversation, one part at a time, whoever else is sending."""

from __future__ import annotations

import asyncio

from bot import outbox
from bot.database import Database
from bot.errors import SendRetry
from tests.bot.gateway_databases import Stored
from tests.bot.outbox_office import Office, Open, all_are
from tests.builders import CHANNEL
from tests.fakes import Clock, FakeChannel, eventually


async def test_parts_leave_in_order_one_at_a_time(office: Office, channel: FakeChannel, stored: Stored) -> None:
    for n in range(6):
        for name in ("asep", "euis", "ujang"):
            await office.queue(f"{n}a", f"{n}b", address=name)
    await eventually(lambda: len(channel.sent) == 36)
    for name in ("asep", "euis", "ujang"):
        assert channel.texts(name) == [f"{n}{part}" for n in range(6) for part in "ab"]
        assert channel.most_at_once[name] == 1
    await eventually(lambda: all_are(stored, "sent"))
    rows = await stored.outbox()
    assert len({row.provider_id for row in rows}) == 36
    assert not any(row.ambiguous for row in rows)


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
    assert await all_are(stored, "sent") and not any(row.ambiguous for row in await stored.outbox())


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
    await eventually(lambda: all_are(stored, "sent"))


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
