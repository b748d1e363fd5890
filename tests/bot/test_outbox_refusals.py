"""Replies a channel refuses: retried where that helps, given up where it does not, never silently lost."""

from __future__ import annotations

import asyncio

from bot.errors import RecipientGone, SendRejected, SendRetry
from bot.outbox import BACKOFF
from tests.bot.gateway_databases import Stored
from tests.bot.outbox_office import Office, all_are, states_are
from tests.fakes import Clock, FakeChannel, eventually

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
    await eventually(lambda: all_are(stored, "sent"))
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
    await eventually(lambda: all_are(stored, "sent"))


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
    await eventually(lambda: states_are(stored, "failed", "sent"))
    assert (await stored.outbox())[0].error == "down 7"


async def _settled(stored: Stored, attempts: int) -> bool:
    row = (await stored.outbox())[0]
    return row.state == "queued" and row.attempts == attempts


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
    await eventually(lambda: states_are(stored, "failed", "sent"))
    assert channel.texts() == ["dua"]


# ---------------------------------------------------------------- final


async def test_a_rejected_part_has_failed_and_the_next_goes_on(
    office: Office, channel: FakeChannel, stored: Stored
) -> None:
    channel.problems["asep"].append(SendRejected("text is too long " + "x" * 3000))
    await office.queue("satu", "dua")
    await eventually(lambda: channel.texts() == ["dua"])
    await eventually(lambda: states_are(stored, "failed", "sent"))
    assert (await stored.outbox())[0].error.startswith("text is too long")


async def test_a_resident_who_is_gone_gets_nothing_until_they_write_again(
    office: Office, channel: FakeChannel, stored: Stored
) -> None:
    channel.problems["asep"].append(RecipientGone("blocked by the user"))
    conversation = await office.queue("satu", "dua", "tiga")
    await eventually(lambda: states_are(stored, "failed", "cancelled", "cancelled"))
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
    await eventually(lambda: states_are(stored, "sent", "cancelled", "cancelled"))
    assert (await stored.outbox())[1].error == "taken over"
    await office.queue("empat")  # of the new epoch
    await eventually(lambda: channel.texts() == ["satu", "empat"])
