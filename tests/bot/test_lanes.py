"""One lane per conversation: in order, once, side by side; nothing is left behind."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot import inbox
from bot.database import Database
from bot.errors import DatabaseUnavailable
from bot.lanes import Lanes
from bot.messages import Claimed, IncomingMessage
from tests.bot.gateway_databases import Stored
from tests.builders import bodies, incoming, turn
from tests.fakes import Clock, Wire, eventually

Open = Callable[[str], Database]


class Handler:
    """Answers every message and writes down what happened; `before` runs first and may fail."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.begun: list[str] = []
        self.done: dict[str, list[str]] = defaultdict(list)
        self.now_in: Counter[str] = Counter()
        self.most_in_one = 0
        self.most_in_all = 0
        self.overtaken = 0
        self.before: Callable[[Claimed], Awaitable[None]] | None = None

    def on(self, database: Database) -> Callable[[Claimed], Awaitable[None]]:
        async def handle(message: Claimed) -> None:
            self.begun.append(message.text)
            self.now_in[message.address] += 1
            self.most_in_one = max(self.most_in_one, self.now_in[message.address])
            self.most_in_all = max(self.most_in_all, self.now_in.total())
            try:
                if self.before is not None:
                    await self.before(message)
                try:
                    await database.run(
                        lambda c: inbox.finish(c, message, turn("ya"), bodies("ya"), "sent", self.clock())
                    )
                except inbox.NotOurs:
                    self.overtaken += 1
                    return
                self.done[message.address].append(message.text)
            finally:
                self.now_in[message.address] -= 1

        return handle

    @property
    def count(self) -> int:
        return sum(len(texts) for texts in self.done.values())


class Town:
    """Lanes over one database, and a way to write to them."""

    def __init__(self, database: Database, handler: Handler, width: int = 64, sweep_every: float = 0.05) -> None:
        self.database = database
        self.clock = handler.clock
        self.lanes = Lanes(database, handler.on(database), handler.clock, width, sweep_every)

    async def write(self, *messages: IncomingMessage, wake: bool = True) -> None:
        for one in await self.database.run(lambda c: inbox.receive(c, messages, self.clock())):
            if wake and one.inbound_id is not None:
                self.lanes.wake(one.conversation_id)


@pytest.fixture
def handler(clock: Clock) -> Handler:
    return Handler(clock)


@pytest.fixture
async def town(database: Database, handler: Handler) -> AsyncIterator[Town]:
    """Without a sweeper until it is started."""
    town = Town(database, handler)
    yield town
    await town.lanes.close(patience=0)


async def dither(_message: Claimed) -> None:
    await asyncio.sleep(random.uniform(0, 0.004))  # noqa: S311


async def test_each_resident_is_answered_in_order_under_a_crowd(town: Town, handler: Handler, stored: Stored) -> None:
    handler.before = dither

    async def resident(name: str) -> None:
        for n in range(15):
            await town.write(incoming(f"{n}", address=name))
            await dither(None)  # type: ignore[arg-type]

    async with asyncio.timeout(20):
        await asyncio.gather(*(resident(f"r{n}") for n in range(20)))
        await eventually(lambda: handler.count == 300, within=15)
    assert all(texts == [str(n) for n in range(15)] for texts in handler.done.values())
    assert len(handler.begun) == 300 and handler.most_in_one == 1 and handler.most_in_all > 5
    assert {row.state for row in await stored.inbound()} == {"done"}


async def test_two_processes_over_one_postgresql_handle_each_message_once_in_order(
    postgres_url: str, open_one: Open, handler: Handler
) -> None:
    handler.before = dither
    towns = [Town(open_one(postgres_url), handler) for _ in range(2)]
    for town in towns:
        town.lanes.start()

    async def resident(name: str) -> None:
        for n in range(12):
            # A provider's webhooks reach now this process, now that; sometimes both.
            message = incoming(f"{n}", address=name)
            await random.choice(towns).write(message)  # noqa: S311
            if n % 3 == 0:
                await asyncio.gather(*(town.write(message) for town in towns))
            await dither(None)  # type: ignore[arg-type]

    async with asyncio.timeout(30):
        await asyncio.gather(*(resident(f"r{n}") for n in range(12)))
        await eventually(lambda: handler.count == 144, within=20)
    for town in towns:
        await town.lanes.close()
    assert all(texts == [str(n) for n in range(12)] for texts in handler.done.values())
    assert len(handler.begun) == 144, "a message was begun twice"
    assert handler.most_in_one == 1 and handler.overtaken == 0
    for row in await Stored(towns[0].database).conversations():
        assert row.lease_owner is None, "a lease was left behind"


async def test_residents_do_not_wait_for_each_other(town: Town, handler: Handler) -> None:
    everybody = asyncio.Barrier(10)

    async def together(_message: Claimed) -> None:
        await everybody.wait()  # goes on only when all ten are inside

    handler.before = together
    await town.write(*(incoming(address=f"r{n}") for n in range(10)))
    await eventually(lambda: handler.count == 10)


async def test_no_more_run_at_once_than_allowed(database: Database, handler: Handler) -> None:
    handler.before = dither
    town = Town(database, handler, width=3)
    await town.write(*(incoming(address=f"r{n}") for n in range(20)))
    await eventually(lambda: handler.count == 20)
    assert handler.most_in_all == 3
    await town.lanes.close()


async def test_a_message_that_comes_while_its_lane_ends_is_not_forgotten(town: Town, handler: Handler) -> None:
    """There is no sweeper here: waking alone must be enough."""
    for n in range(60):
        await town.write(incoming(f"{n}"))
        if n % 7 == 0:
            await asyncio.sleep(0.002)
    await eventually(lambda: handler.count == 60)
    assert handler.done["asep"] == [str(n) for n in range(60)]


async def test_waking_for_nothing_is_harmless(town: Town, handler: Handler) -> None:
    await town.write(incoming())
    await eventually(lambda: handler.count == 1)
    for _ in range(5):
        town.lanes.wake(1)
        town.lanes.wake(999)
    await asyncio.sleep(0.05)
    assert handler.begun == ["halo"]


@pytest.mark.parametrize("error", [RuntimeError("bug"), DatabaseUnavailable("outage")])
async def test_a_crashed_turn_is_begun_again_by_the_sweeper(town: Town, handler: Handler, error: Exception) -> None:
    """At once also on PostgreSQL, where the lease is still our own."""
    failures = [error, error]

    async def fail_twice(_message: Claimed) -> None:
        if failures:
            raise failures.pop()

    handler.before = fail_twice
    await town.write(incoming("satu"), incoming("dua"), incoming("lain", address="euis"))
    town.lanes.start()
    await eventually(lambda: handler.count == 3)
    assert handler.done["asep"] == ["satu", "dua"]
    assert handler.begun.count("satu") + handler.begun.count("lain") == 4


async def test_a_message_nobody_was_woken_for_is_found(town: Town, handler: Handler) -> None:
    await town.write(*(incoming(f"{n}", address=f"r{n % 2}") for n in range(6)), wake=False)
    assert handler.begun == []
    town.lanes.start()
    await eventually(lambda: handler.count == 6)
    assert handler.done == {"r0": ["0", "2", "4"], "r1": ["1", "3", "5"]}


async def test_closing_lets_the_turn_end_and_leaves_the_rest(
    database: Database, town: Town, handler: Handler, stored: Stored
) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_message: Claimed) -> None:
        inside.set()
        await go_on.wait()

    handler.before = wait
    await town.write(incoming("satu"), incoming("dua"))
    await inside.wait()
    closing = asyncio.create_task(town.lanes.close())
    await asyncio.sleep(0.02)
    assert not closing.done()
    await town.write(incoming("tiga", address="euis"))
    go_on.set()
    await closing
    assert [(row.text, row.state) for row in await stored.inbound()] == [
        ("satu", "done"),
        ("dua", "received"),
        ("tiga", "received"),
    ]
    # The next start goes on at once: no lease stands in its way.
    again = Town(database, handler)
    again.lanes.start()
    await eventually(lambda: handler.count == 3)
    await again.lanes.close()
    assert handler.done["asep"] == ["satu", "dua"]


async def test_a_message_in_the_middle_of_a_killed_process_is_handled_after_its_restart(
    database: Database, town: Town, handler: Handler, clock: Clock
) -> None:
    stuck = asyncio.Event()

    async def hang(_message: Claimed) -> None:
        stuck.set()
        await asyncio.Event().wait()

    handler.before = hang
    await town.write(incoming("satu"), incoming("dua"))
    await stuck.wait()
    async with asyncio.timeout(2):
        await town.lanes.close(patience=0.05)
    assert handler.now_in.total() == 0, "closing waits until what it cancelled has ended"
    handler.before = None
    again = Town(database, handler)
    again.lanes.start()
    if database.shared:
        await asyncio.sleep(0.2)
        assert handler.count == 0, "another process may still be in the middle of it"
        clock.advance(inbox.LEASE.total_seconds() + 0.1)
    await eventually(lambda: handler.count == 2)
    await again.lanes.close()
    assert handler.done["asep"] == ["satu", "dua"]


async def test_the_lanes_outlive_an_outage_of_the_database(wire: Wire, wired: Database, handler: Handler) -> None:
    town = Town(wired, handler)

    async def cut_once(message: Claimed) -> None:
        handler.before = None
        await wire.cut()

    handler.before = cut_once
    await town.write(incoming("satu"), incoming("dua"))
    town.lanes.start()
    await eventually(lambda: handler.begun == ["satu"])
    await asyncio.sleep(0.2)
    assert handler.count == 0
    await wire.mend()
    await eventually(lambda: handler.done["asep"] == ["satu", "dua"])
    assert handler.begun == ["satu", "satu", "dua"]
    await town.lanes.close()
