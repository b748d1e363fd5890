"""Replies out of the web chat over real HTTP: none is lost or sent twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.channels.webchat.channel import address_of
from bot.channels.webchat.routes import STREAMS_PER_SESSION
from bot.database import Database
from tests.bot.channels.webchat_bot import ChatBot, Open, handled, session
from tests.bot.gateway_databases import Stored
from tests.fakes import Wire, eventually


async def test_replies_arrive_as_events(chat: ChatBot) -> None:
    secret = session()
    async with chat.events(secret) as events:
        assert events.response.headers["Content-Type"].startswith("text/event-stream")
        assert events.response.headers["Cache-Control"] == "no-store"
        assert await events.line() == "retry: 2000"
        await chat.say(secret, 'baris satu\nbaris dua "kutip"')
        assert await events.next() == {
            "seq": 1,
            "kind": "text",
            "text": 'baris satu\nbaris dua "kutip"',
            "buttons": [],
        }
        await chat.say(secret, "5")
        assert await events.texts(5) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("how", ["header", "query", "both"])
async def test_a_stream_goes_on_where_the_last_one_ended(chat: ChatBot, stored: Stored, how: str) -> None:
    secret = session()
    await chat.say(secret, "7")
    await eventually(lambda: handled(stored, 1))
    async with chat.events(secret) as events:
        assert await events.texts(7) == [str(n) for n in range(1, 8)]
    resumed = {
        "header": chat.events(secret, header="4"),
        "query": chat.events(secret, last_event_id="4"),
        # A browser that reconnects repeats the address of its first request: the header is newer.
        "both": chat.events(secret, header="4", last_event_id="0"),
    }[how]
    async with resumed as events:
        assert await events.texts(3) == ["5", "6", "7"]
        assert await events.nothing()
        await chat.say(secret, "baru")
        assert await events.texts(1) == ["baru"]


@pytest.mark.parametrize("odd", ["", "-1", "abc", "1.5", "99999999999", "4294967296", "２", "0x2"])
async def test_an_odd_event_id_means_from_the_beginning(chat: ChatBot, stored: Stored, odd: str) -> None:
    secret = session()
    await chat.say(secret, "2")
    await eventually(lambda: handled(stored, 1))
    async with chat.events(secret, last_event_id=odd) as events:
        assert await events.texts(2) == ["1", "2"]


async def test_a_long_mailbox_is_caught_up_whole(chat: ChatBot, stored: Stored) -> None:
    secret = session()
    await chat.say(secret, "250")
    await eventually(lambda: handled(stored, 1))
    async with chat.events(secret, header="10") as events:
        assert await events.texts(240) == [str(n) for n in range(11, 251)]


async def test_no_reply_is_lost_or_doubled_between_catching_up_and_following(chat: ChatBot, stored: Stored) -> None:
    """Streams are opened at any moment while replies are being stored."""
    secret, total = session(), 60

    async def talk() -> None:
        for n in range(total):
            await chat.say(secret, f"t{n}")

    async def listen(delay: float) -> list[int]:
        await asyncio.sleep(delay)
        async with chat.events(secret) as events:
            return [(await events.next())["seq"] for _ in range(total)]

    async with asyncio.timeout(20):
        _, *heard = await asyncio.gather(talk(), *(listen(n * 0.03) for n in range(STREAMS_PER_SESSION)))
    assert all(numbers == list(range(1, total + 1)) for numbers in heard)


async def test_two_tabs_see_the_same_and_strangers_nothing(chat: ChatBot) -> None:
    secret = session()
    async with chat.events(secret) as one, chat.events(secret) as two, chat.events(session()) as stranger:
        await chat.say(secret, "3")
        assert await one.texts(3) == await two.texts(3) == ["1", "2", "3"]
        assert await stranger.nothing()


async def test_streams_of_a_session_are_limited_and_given_back(chat: ChatBot) -> None:
    secret = session()
    opened = [await chat.http.get(f"{chat.url}/webchat/events?session={secret}") for _ in range(STREAMS_PER_SESSION)]
    async with chat.http.get(f"{chat.url}/webchat/events?session={secret}") as response:
        assert response.status == 429 and int(response.headers["Retry-After"]) > 0
    async with chat.events(session()):
        pass
    for response in opened:
        response.close()
    await chat.say(secret, "halo")
    await eventually(lambda: chat.channel.open_streams(address_of(secret)) < STREAMS_PER_SESSION)
    async with chat.events(secret) as events:
        assert await events.texts(1) == ["halo"]


async def test_a_silent_stream_has_a_heartbeat_and_closed_ones_are_forgotten(database: Database, start: Any) -> None:
    bot = await start(database, heartbeat=0.15)
    async with bot.events(session()) as events:
        started = asyncio.get_running_loop().time()
        beats = 0
        while beats < 3:
            line = await events.line(2)
            beats += line.startswith(":")
        assert 0.4 < asyncio.get_running_loop().time() - started < 2
    await eventually(lambda: bot.channel.open_streams() == 0)


async def test_a_stream_cannot_be_held_by_a_head_request(chat: ChatBot) -> None:
    async with asyncio.timeout(2), chat.http.head(f"{chat.url}/webchat/events?session={session()}") as response:
        assert response.status == 405


async def test_a_reply_made_by_another_process_arrives_within_two_seconds(
    postgres_url: str, open_one: Open, start: Any
) -> None:
    one, two = await start(open_one(postgres_url)), await start(open_one(postgres_url))
    secret = session()
    async with one.events(secret) as events:
        assert await events.nothing(0.1)
        for n in range(3):
            began = asyncio.get_running_loop().time()
            await two.say(secret, f"pesan {n}")
            assert await events.texts(1) == [f"pesan {n}"]
            assert asyncio.get_running_loop().time() - began < 2
        # A load balancer spreads messages and streams: the order stays.
        for n in range(10):
            await (one, two)[n % 2].say(secret, f"{n}x")
        seqs = [(await events.next())["seq"] for _ in range(10)]
        assert seqs == list(range(4, 14))


async def test_a_reply_stored_while_the_database_was_away_is_brought_later(
    wire: Wire, wired: Database, postgres: Database, start: Any
) -> None:
    bot, other = await start(wired), await start(postgres)
    secret = session()
    await other.say(secret, "sebelum")
    await eventually(lambda: handled(Stored(postgres), 1))
    await wire.cut()
    async with bot.events(secret) as events:
        assert await events.nothing(0.2), "the stream opens even now, and waits"
        await other.say(secret, "selama")
        await wire.mend()
        assert await events.texts(2) == ["sebelum", "selama"]
