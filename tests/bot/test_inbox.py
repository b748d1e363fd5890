"""Messages in: stored once, taken in order, finished together with their answer."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import update

from actions.turn import Context, Outcome
from bot import inbox
from bot.database import Database
from bot.inbox import Received
from bot.messages import Claimed, IncomingMessage
from bot.models import CONVERSATION
from tests.bot.gateway_databases import Stored
from tests.builders import bodies, incoming, turn
from tests.fakes import Clock

Open = Callable[[str], Database]


class Inbox:
    """The inbox's functions as transactions of their own."""

    def __init__(self, database: Database, clock: Clock, owner: str = "us") -> None:
        self.database = database
        self.clock = clock
        self.owner = owner

    async def receive(self, *messages: IncomingMessage) -> list[Received]:
        return await self.database.run(lambda c: inbox.receive(c, messages, self.clock()))

    async def claim(self, conversation: int) -> Claimed | None:
        return await self.database.run(lambda c: inbox.claim(c, conversation, self.owner, self.clock()))

    async def claimed(self, conversation: int) -> Claimed:
        message = await self.claim(conversation)
        assert message is not None
        return message

    async def finish(self, message: Claimed, *texts: str, state: str = "sent") -> list[int]:
        stored = await self.database.run(
            lambda c: inbox.finish(c, message, turn(*texts), bodies(*texts), state, self.clock())
        )
        return [part.seq for part in stored]

    async def waiting(self) -> list[int]:
        return await self.database.run(lambda c: inbox.waiting(c, self.clock()))

    async def mailbox(self, address: str, seq: int = 0) -> list[tuple[int, str]]:
        rows = await self.database.run(lambda c: inbox.delivered_after(c, "fake", address, seq))
        return [(number, body["text"]) for number, body in rows]


@pytest.fixture
def box(database: Database, clock: Clock) -> Inbox:
    return Inbox(database, clock)


# ---------------------------------------------------------------- received once


async def test_twenty_parallel_repeats_store_one_message(box: Inbox, stored: Stored) -> None:
    message = incoming("ktp hilang", attributes={"file_id": "x"}, sent_at=dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC))
    received = await asyncio.gather(*(box.receive(message) for _ in range(20)))
    fresh = [one for [one] in received if one.inbound_id is not None]
    assert len(fresh) == 1
    assert {one.conversation_id for [one] in received} == {fresh[0].conversation_id}
    [row] = await stored.inbound()
    assert (row.id, row.text, row.state, row.attributes) == (
        fresh[0].inbound_id,
        "ktp hilang",
        "received",
        {"file_id": "x"},
    )
    assert row.sent_at == message.sent_at and row.received_at == box.clock.time
    assert len(await stored.conversations()) == 1


async def test_a_batch_of_ten_delivered_twenty_times_at_once_is_ten_messages(box: Inbox, stored: Stored) -> None:
    batch = [incoming(f"pesan {n}", address=f"r{n % 3}") for n in range(10)]
    await asyncio.gather(*(box.receive(*batch) for _ in range(20)))
    rows = await stored.inbound()
    assert [row.text for row in rows] == [f"pesan {n}" for n in range(10)]
    assert len(await stored.conversations()) == 3


async def test_batches_in_opposite_order_do_not_wait_for_each_other(box: Inbox, stored: Stored) -> None:
    forth = [[incoming(address=f"r{n}") for n in range(8)] for _ in range(20)]
    back = [[incoming(address=f"r{n}") for n in reversed(range(8))] for _ in range(20)]
    async with asyncio.timeout(20):
        results = await asyncio.gather(*(box.receive(*batch) for batch in forth + back))
    assert all(one.inbound_id is not None for batch in results for one in batch)
    assert len(await stored.inbound()) == 320


async def test_a_repeat_inside_one_batch_is_stored_once(box: Inbox, stored: Stored) -> None:
    message = incoming()
    first, second = await box.receive(message, message)
    assert first.inbound_id is not None and second.inbound_id is None
    assert len(await stored.inbound()) == 1


async def test_the_same_id_on_two_channels_is_two_messages(box: Inbox, stored: Stored) -> None:
    await box.receive(incoming(external_id="1"), incoming(external_id="1", channel="other"))
    assert len(await stored.inbound()) == 2


async def test_a_batch_is_stored_whole_or_not_at_all(box: Inbox, stored: Stored) -> None:
    unstorable = incoming(attributes={"object": object()})
    with pytest.raises(Exception, match="serializable"):
        await box.receive(incoming(), unstorable)
    assert await stored.inbound() == [] and await stored.conversations() == []


@pytest.mark.parametrize("kind", ["text", "unblocked", "payload"])
async def test_a_resident_who_writes_again_is_no_longer_blocked(box: Inbox, stored: Stored, kind: str) -> None:
    await box.receive(incoming(kind="blocked"))
    assert (await stored.conversations())[0].blocked_at == box.clock.time
    await box.receive(incoming(kind="other"))
    assert (await stored.conversations())[0].blocked_at is not None
    await box.receive(incoming(kind=kind))
    assert (await stored.conversations())[0].blocked_at is None


async def test_a_repeat_of_an_old_event_neither_blocks_nor_unblocks(box: Inbox, stored: Stored) -> None:
    text, blocked, back = incoming(), incoming(kind="blocked"), incoming(kind="unblocked")
    await box.receive(text, blocked)
    await box.receive(text)
    assert (await stored.conversations())[0].blocked_at is not None
    await box.receive(back)
    await box.receive(blocked)
    assert (await stored.conversations())[0].blocked_at is None


async def test_the_last_event_of_a_batch_decides_about_blocked(box: Inbox, stored: Stored) -> None:
    await box.receive(
        incoming(kind="blocked"), incoming(), incoming(address="euis"), incoming(kind="blocked", address="euis")
    )
    asep, euis = sorted(await stored.conversations(), key=lambda row: row.address)
    assert asep.blocked_at is None and euis.blocked_at is not None


# ---------------------------------------------------------------- taken in order


async def test_the_oldest_is_taken_first_with_what_its_conversation_remembers(box: Inbox) -> None:
    [one, _, other] = await box.receive(incoming("satu"), incoming("dua"), incoming("lain", address="euis"))
    first = await box.claimed(one.conversation_id)
    assert (first.text, first.address, first.attempts, first.next_seq, first.epoch) == ("satu", "asep", 0, 1, 0)
    assert first.context == Context()
    context = Context(service="ktp_el_hilang", misses=1, greeted=True, updated_at=box.clock.time)
    answer = turn("a", "b", context=context)
    await box.database.run(lambda c: inbox.finish(c, first, answer, bodies("a", "b"), "sent", box.clock()))
    second = await box.claimed(one.conversation_id)
    assert (second.text, second.next_seq, second.context) == ("dua", 3, context)
    assert (await box.claimed(other.conversation_id)).text == "lain"


async def test_nothing_waiting_is_nothing_claimed(box: Inbox) -> None:
    [one] = await box.receive(incoming())
    await box.finish(await box.claimed(one.conversation_id))
    assert await box.claim(one.conversation_id) is None
    assert await box.claim(424242) is None


async def test_a_message_that_waits_for_its_retry_holds_the_later_ones(box: Inbox, stored: Stored) -> None:
    [one, _] = await box.receive(incoming("satu"), incoming("dua"))
    for attempt, wait in enumerate((2, 15)):
        message = await box.claimed(one.conversation_id)
        assert (message.text, message.attempts) == ("satu", attempt)
        await box.database.run(lambda c, m=message: inbox.postpone(c, m, "boom", box.clock()))  # type: ignore[misc]
        assert await box.claim(one.conversation_id) is None
        assert await box.waiting() == []
        box.clock.advance(wait - 0.01)
        assert await box.claim(one.conversation_id) is None
        box.clock.advance(0.01)
        assert await box.waiting() == [one.conversation_id]
    assert (await stored.inbound())[0].error == "boom"
    await box.finish(await box.claimed(one.conversation_id))
    assert (await box.claimed(one.conversation_id)).text == "dua"


async def test_a_buried_message_frees_the_later_ones_and_stays_visible(box: Inbox, stored: Stored) -> None:
    [one, _] = await box.receive(incoming("satu"), incoming("dua"))
    first = await box.claimed(one.conversation_id)
    await box.database.run(lambda c: inbox.bury(c, first, "x" * 5000, box.clock()))
    row = (await stored.inbound())[0]
    assert (row.state, row.outcome, row.attempts, row.handled_at) == ("dead", "failed", 1, box.clock.time)
    assert row.error == "x" * 2000
    assert (await box.claimed(one.conversation_id)).text == "dua"


# ---------------------------------------------------------------- finished together


async def test_finish_stores_answer_context_and_done_together(box: Inbox, stored: Stored) -> None:
    [one] = await box.receive(incoming())
    message = await box.claimed(one.conversation_id)
    box.clock.advance(1)
    assert await box.finish(message, "a", "b", "c", state="queued") == [1, 2, 3]
    [inbound] = await stored.inbound()
    assert (inbound.state, inbound.outcome, inbound.handled_at) == ("done", Outcome.ANSWERED, box.clock.time)
    assert [(r.seq, r.body["text"], r.state, r.inbound_id, r.sent_at) for r in await stored.outbox()] == [
        (n, text, "queued", inbound.id, None) for n, text in enumerate("abc", 1)
    ]
    assert (await stored.conversations())[0].next_seq == 4


async def test_a_message_finished_by_another_stores_nothing_of_ours(box: Inbox, stored: Stored) -> None:
    [one] = await box.receive(incoming())
    message = await box.claimed(one.conversation_id)
    await box.finish(message, "jawaban")
    before = await stored.conversations(), await stored.inbound(), await stored.outbox()
    late = turn("terlambat", context=Context(service="kk_baru", updated_at=box.clock.time))
    with pytest.raises(inbox.NotOurs):
        await box.database.run(lambda c: inbox.finish(c, message, late, bodies("terlambat"), "sent", box.clock()))
    assert (await stored.conversations(), await stored.inbound(), await stored.outbox()) == before
    await box.database.run(lambda c: inbox.postpone(c, message, "late", box.clock()))
    await box.database.run(lambda c: inbox.bury(c, message, "late", box.clock()))
    assert await stored.inbound() == before[1]


async def test_what_an_agent_has_overtaken_never_reaches_the_mailbox(box: Inbox, stored: Stored) -> None:
    [one] = await box.receive(incoming())
    message = await box.claimed(one.conversation_id)
    await box.database.run(lambda c: c.execute(update(CONVERSATION).values(epoch=CONVERSATION.c.epoch + 1)) and None)
    assert await box.finish(message, "bot bicara", state="sent") == []
    assert await stored.states() == ["cancelled"]
    assert await box.mailbox("asep") == []
    [again] = await box.receive(incoming())
    assert again.conversation_id == one.conversation_id
    assert await box.finish(await box.claimed(one.conversation_id), "sesudahnya") == [2]
    assert await box.mailbox("asep") == [(2, "sesudahnya")]


async def test_finish_beside_repeats_of_its_message_never_deadlocks(postgres: Database, clock: Clock) -> None:
    """A provider repeats a webhook at the very moment when its message is finished."""
    box = Inbox(postgres, clock)
    async with asyncio.timeout(30):
        for _ in range(40):
            message = incoming()
            [one] = await box.receive(message)
            claimed = await box.claimed(one.conversation_id)
            await asyncio.gather(box.finish(claimed, "a"), *(box.receive(message) for _ in range(6)))
    stored = Stored(postgres)
    assert {row.state for row in await stored.inbound()} == {"done"}
    assert [row.seq for row in await stored.outbox()] == list(range(1, 41))


# ---------------------------------------------------------------- leases (PostgreSQL)


@pytest.fixture
def two(postgres_url: str, open_one: Open, clock: Clock) -> tuple[Inbox, Inbox]:
    return Inbox(open_one(postgres_url), clock, "ours"), Inbox(open_one(postgres_url), clock, "theirs")


async def test_a_leased_conversation_is_not_anothers(two: tuple[Inbox, Inbox]) -> None:
    ours, theirs = two
    [one] = await ours.receive(incoming())
    assert await ours.claim(one.conversation_id) is not None
    assert await theirs.claim(one.conversation_id) is None
    assert await theirs.waiting() == []
    assert await ours.claim(one.conversation_id) is not None, "the owner may come back to its own"


async def test_a_lease_runs_out_and_the_late_owner_stores_nothing(two: tuple[Inbox, Inbox]) -> None:
    ours, theirs = two
    [one] = await ours.receive(incoming())
    slow = await ours.claimed(one.conversation_id)
    ours.clock.advance(inbox.LEASE.total_seconds() - 0.01)
    assert await theirs.claim(one.conversation_id) is None
    ours.clock.advance(0.02)
    assert await theirs.waiting() == [one.conversation_id]
    taken = await theirs.claimed(one.conversation_id)
    assert taken.inbound_id == slow.inbound_id
    assert await theirs.finish(taken, "dari kami") == [1]
    with pytest.raises(inbox.NotOurs):
        await ours.finish(slow, "terlambat")
    assert await theirs.mailbox("asep") == [(1, "dari kami")]


async def test_a_released_conversation_is_anothers_at_once(two: tuple[Inbox, Inbox]) -> None:
    ours, theirs = two
    [one, _] = await ours.receive(incoming("satu"), incoming("dua"))
    await ours.finish(await ours.claimed(one.conversation_id))
    await theirs.database.run(lambda c: inbox.release(c, one.conversation_id, "theirs"))
    assert await theirs.claim(one.conversation_id) is None, "only the owner can release"
    await ours.database.run(lambda c: inbox.release(c, one.conversation_id, "ours"))
    assert (await theirs.claimed(one.conversation_id)).text == "dua"


async def test_a_look_that_finds_nothing_leaves_no_lease(two: tuple[Inbox, Inbox]) -> None:
    """The next message may come in at another process, which must not wait for a minute."""
    ours, theirs = two
    [one] = await ours.receive(incoming())
    await ours.finish(await ours.claimed(one.conversation_id))
    assert await ours.claim(one.conversation_id) is None
    await theirs.receive(incoming("berikutnya"))
    assert (await theirs.claimed(one.conversation_id)).text == "berikutnya"


async def test_many_owners_at_once_one_claim(postgres_url: str, open_one: Open, clock: Clock) -> None:
    database = open_one(postgres_url)
    boxes = [Inbox(database, clock, f"owner{n}") for n in range(15)]
    [one] = await boxes[0].receive(incoming())
    claims = await asyncio.gather(*(box.claim(one.conversation_id) for box in boxes))
    assert sum(claim is not None for claim in claims) == 1


# ---------------------------------------------------------------- who waits


async def test_who_waits_longest_comes_first(box: Inbox) -> None:
    received = await box.receive(*(incoming(address=name) for name in ("c", "a", "b", "a", "c")))
    c, a, b = (received[n].conversation_id for n in range(3))
    assert await box.waiting() == [c, a, b]
    await box.finish(await box.claimed(c))
    await box.database.run(lambda k: inbox.release(k, c, "us"))
    assert await box.waiting() == [a, b, c]


async def test_one_resident_with_a_thousand_messages_hides_nobody(box: Inbox) -> None:
    received = await box.receive(*(incoming(f"{n}") for n in range(600)), incoming(address="euis"))
    asep, euis = received[0].conversation_id, received[-1].conversation_id
    assert await box.waiting() == [asep, euis]
    message = await box.claimed(asep)
    await box.database.run(lambda c: inbox.postpone(c, message, "boom", box.clock()))
    await box.database.run(lambda c: inbox.release(c, asep, "us"))
    assert await box.waiting() == [euis], "the later messages of a held conversation cannot be handled"


# ---------------------------------------------------------------- the mailbox


async def test_the_mailbox_is_read_in_order_from_where_one_left(box: Inbox) -> None:
    [one, _] = await box.receive(incoming(), incoming(address="euis"))
    await box.finish(await box.claimed(one.conversation_id), "a", "b", "c", "d")
    assert await box.mailbox("asep") == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert await box.mailbox("asep", 2) == [(3, "c"), (4, "d")]
    assert await box.mailbox("asep", 4) == []
    assert await box.mailbox("euis") == [] and await box.mailbox("nobody") == []
    [more] = await box.receive(incoming())
    await box.finish(await box.claimed(more.conversation_id), *(str(n) for n in range(5, 140)))
    assert [seq for seq, _ in await box.mailbox("asep", 4)] == list(range(5, 105)), "a hundred at most"
