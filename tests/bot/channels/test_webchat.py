"""The web chat over real HTTP: nothing is answered with 202 that is not stored, no reply is lost or sent twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import inbox
from bot.app import build_public_app
from bot.channels.webchat.channel import WebChatChannel, address_of
from bot.channels.webchat.routes import MAX_BODY, STREAMS_PER_SESSION, WebChatRoutes
from bot.database import Database, answers
from bot.lanes import Lanes
from bot.messages import Claimed, IncomingMessage, Reply
from tests.bot.gateway_databases import Stored
from tests.builders import turn
from tests.fakes import Wire, eventually

Open = Callable[[str], Database]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def session() -> str:
    return secrets.token_urlsafe(16)


class Events:
    """An open event stream, read event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def line(self, within: float = 5.0) -> str:
        async with asyncio.timeout(within):
            raw = await self.response.content.readline()
        assert raw, "the stream has ended"
        return raw.decode().rstrip("\n")

    async def next(self, within: float = 5.0) -> dict[str, Any]:
        """The next event; comments and empty lines are passed over."""
        number = None
        while True:
            line = await self.line(within)
            if line.startswith("id: "):
                number = int(line[4:])
            if line.startswith("data: "):
                event: dict[str, Any] = json.loads(line[6:])
                assert event["seq"] == number
                return event

    async def texts(self, count: int) -> list[str]:
        return [(await self.next())["text"] for _ in range(count)]

    async def nothing(self, seconds: float = 0.3) -> bool:
        try:
            event = await self.next(seconds)
        except TimeoutError:
            return True
        pytest.fail(f"unexpected {event}")


class ChatBot:
    """One bot process: the public listener, lanes that echo, and an HTTP client."""

    def __init__(self, database: Database, heartbeat: float = 15.0) -> None:
        self.database = database
        self.channel = WebChatChannel()
        self.lanes = Lanes(database, self._echo, now)
        app = build_public_app(self._check, "'self' https://kota.example")
        WebChatRoutes(self.channel, database, self.receive, heartbeat).add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.url = ""
        self.http = aiohttp.ClientSession()

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self.http.close()
        await self._runner.cleanup()
        await self.lanes.close(patience=0.5)

    async def receive(self, messages: Sequence[IncomingMessage]) -> None:
        for one in await self.database.run(lambda c: inbox.receive(c, messages, now())):
            if one.inbound_id is not None:
                self.lanes.wake(one.conversation_id)

    async def _echo(self, message: Claimed) -> None:
        count = int(message.text) if message.text.isdigit() else 1
        texts = [f"{message.text or message.payload}" if count == 1 else f"{n + 1}" for n in range(count)]
        bodies = [body for text in texts for body in self.channel.render(Reply(text))]
        stored = await self.database.run(lambda c: inbox.finish(c, message, turn(*texts), bodies, "sent", now()))
        self.channel.delivered(message.address, stored)

    async def _check(self) -> dict[str, bool]:
        return {"database": await answers(self.database), "rasa": True}

    async def post(self, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post(f"{self.url}/webchat/messages", data=data, **options) as response:
            raw = await response.read()
            return response.status, json.loads(raw) if response.content_type == "application/json" else {}

    async def say(self, secret: str, text: str, key: str | None = None) -> None:
        status, _ = await self.post({"session": secret, "id": key or secrets.token_hex(8), "text": text})
        assert status == 202

    @asynccontextmanager
    async def events(self, secret: str, header: str | None = None, **query: str) -> AsyncIterator[Events]:
        headers = {"Last-Event-ID": header} if header is not None else {}
        async with self.http.get(
            f"{self.url}/webchat/events", params={"session": secret, **query}, headers=headers
        ) as response:
            assert response.status == 200, await response.text()
            yield Events(response)


@pytest.fixture
async def start(open_one: Open) -> AsyncIterator[Callable[..., Any]]:
    """Starts bots that are stopped after the test."""
    started: list[ChatBot] = []

    async def start_it(database: Database, **options: Any) -> ChatBot:
        started.append(ChatBot(database, **options))
        await started[-1].start()
        return started[-1]

    yield start_it
    for bot in started:
        await bot.close()


@pytest.fixture
async def chat(database: Database, start: Callable[..., Any]) -> ChatBot:
    bot: ChatBot = await start(database)
    return bot


@pytest.fixture
async def light(sqlite: Database, start: Callable[..., Any]) -> ChatBot:
    """On SQLite only, where the database has no part in what is tested."""
    bot: ChatBot = await start(sqlite)
    return bot


@pytest.fixture
async def light_stored(sqlite: Database) -> Stored:
    return Stored(sqlite)


# ---------------------------------------------------------------- messages in


async def test_a_message_is_stored_before_it_is_accepted(chat: ChatBot, stored: Stored) -> None:
    secret = session()
    status, body = await chat.post({"session": secret, "id": "a-1", "text": "KTP hilang 🙏"})
    assert (status, body) == (202, {"accepted": True})
    [row] = await stored.inbound()
    assert (row.channel, row.kind, row.text, row.payload) == ("webchat", "text", "KTP hilang 🙏", None)
    [conversation] = await stored.conversations()
    assert conversation.address == address_of(secret) and secret not in str((row, conversation))


async def test_a_repeated_post_is_accepted_and_stored_once(chat: ChatBot, stored: Stored) -> None:
    body = {"session": session(), "id": "same", "text": "halo"}
    assert {status for status, _ in await asyncio.gather(*(chat.post(body) for _ in range(20)))} == {202}
    await chat.post({**body, "text": "halo lagi"})
    await eventually(lambda: _handled(stored, 1))
    assert [row.text for row in await stored.inbound()] == ["halo"]
    assert len(await stored.outbox()) == 1


async def _handled(stored: Stored, count: int) -> bool:
    return [row.state for row in await stored.inbound()] == ["done"] * count


async def test_two_sessions_may_choose_the_same_id(chat: ChatBot, stored: Stored) -> None:
    for secret in (session(), session()):
        await chat.say(secret, "halo", key="1")
    assert len(await stored.inbound()) == 2


async def test_a_pressed_button(chat: ChatBot, stored: Stored) -> None:
    assert (await chat.post({"session": session(), "id": "1", "payload": "ask_fee:kk_baru"}))[0] == 202
    [row] = await stored.inbound()
    assert (row.kind, row.text, row.payload) == ("payload", "", "ask_fee:kk_baru")


@pytest.mark.parametrize(
    "secret",
    [
        None,
        12345678901234567890123,
        "",
        "short",
        "x" * 21,
        "a" * 64,
        "abcabcabcabcabcabcabcabcabc",
        "0123456789abcdef0123",
        "0123456789abcdef0123456789abcde",  # hexadecimal, 124 bits
        "1234567890123456789012",
        "123e4567-e89b-12d3-a456-42661417400",
        "spaces are no secrets at all",
        "tanda/baca+lain=1234567",
        "ä" * 30,
        "A" * 10 + secrets.token_urlsafe(120),
        ["x" * 22],
    ],
)
async def test_a_session_that_can_be_guessed_is_refused(light: ChatBot, light_stored: Stored, secret: object) -> None:
    status, body = await light.post({"session": secret, "id": "1", "text": "halo"})
    assert status == 400 and "session" in body["error"]
    if isinstance(secret, str):
        async with light.http.get(f"{light.url}/webchat/events", params={"session": secret}) as response:
            assert response.status == 400
    assert await light_stored.inbound() == []


@pytest.mark.parametrize(
    "secret",
    [secrets.token_urlsafe(16), secrets.token_hex(16), "123e4567-e89b-12d3-a456-426614174000", "aB3-_x9Z" * 16],
)
async def test_a_session_of_128_bits_is_taken(light: ChatBot, secret: str) -> None:
    assert (await light.post({"session": secret, "id": "1", "text": "halo"}))[0] == 202


GOOD: dict[str, Any] = {"session": "k3yOf-some_length_22ch", "id": "1", "text": "halo"}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe\xfd", "JSON"),
        (b"[" * 50_000, "JSON"),
        (b'{"text": 1' + b"0" * 5000 + b"}", "JSON"),
        ([], "objek"),
        ("halo", "objek"),
        (None, "objek"),
        (7, "objek"),
        ({**GOOD, "id": None}, "id"),
        ({**GOOD, "id": 7}, "id"),
        ({**GOOD, "id": ""}, "id"),
        ({**GOOD, "id": "a b"}, "id"),
        ({**GOOD, "id": "a\n"}, "id"),
        ({**GOOD, "id": "ä"}, "id"),
        ({**GOOD, "id": "x" * 65}, "id"),
        ({**GOOD, "text": None}, "text"),
        ({**GOOD, "text": 7}, "text"),
        ({**GOOD, "text": ["halo"]}, "text"),
        ({**GOOD, "text": {"a": 1}}, "text"),
        ({**GOOD, "text": True}, "text"),
        ({**GOOD, "text": "x" * 10_001}, "text"),
        ({**GOOD, "payload": "menu"}, "payload"),
        ({**GOOD, "text": None, "payload": ""}, "payload"),
        ({**GOOD, "text": None, "payload": 7}, "payload"),
        ({**GOOD, "text": None, "payload": "x" * 65}, "payload"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_a_word_why(
    light: ChatBot, light_stored: Stored, body: Any, word: str
) -> None:
    status, answer = await light.post(body)
    assert status == 400 and word in answer["error"]
    assert "halo" not in answer["error"], "nothing is echoed"
    assert await light_stored.inbound() == []


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_huge_body_is_refused(light: ChatBot, light_stored: Stored, chunked: bool) -> None:
    huge = json.dumps({**GOOD, "filler": "x" * (3 * MAX_BODY)}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(huge), 1000):
            yield huge[start : start + 1000]

    try:
        async with light.http.post(f"{light.url}/webchat/messages", data=chunks() if chunked else huge) as response:
            assert response.status == 413
    except aiohttp.ClientOSError:
        assert chunked, "the server may hang up on who goes on sending"
    assert await light_stored.inbound() == []
    await light.say(session(), "x" * 10_000)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", ""), ("   ", "   "), ("a\x00b", "ab"), ("\x00", ""), ("a\ud800b", "a?b"), ("\udc00", "?"), ("👍🏽", "👍🏽")],
)
async def test_odd_text_is_taken_as_far_as_it_can_be_stored(
    chat: ChatBot, stored: Stored, text: str, kept: str
) -> None:
    assert (await chat.post({**GOOD, "text": text}))[0] == 202
    assert [row.text for row in await stored.inbound()] == [kept]


@pytest.mark.parametrize(("payload", "kept"), [("a\x00b", "ab"), ("x\ud800", "x?"), ("\x00", "")])
async def test_an_odd_payload_is_no_fault_of_the_database(
    chat: ChatBot, stored: Stored, payload: str, kept: str
) -> None:
    assert (await chat.post({"session": session(), "id": "1", "payload": payload}))[0] == 202
    assert [row.payload for row in await stored.inbound()] == [kept]


async def test_identity_numbers_are_masked_before_they_are_stored(chat: ChatBot, stored: Stored) -> None:
    secret = session()
    await chat.say(secret, "NIK saya 3273 0101 0190 0001 tolong")
    await chat.post({"session": secret, "id": "2", "payload": "3273010101900001"})
    first, second = await stored.inbound()
    assert first.text == "NIK saya [nomor disamarkan] tolong" and first.attributes == {"identity_masked": True}
    assert second.payload == "[nomor disamarkan]"


async def test_an_unexpected_error_says_nothing_of_itself(chat: ChatBot) -> None:
    async def broken(_messages: Sequence[IncomingMessage]) -> None:
        raise RuntimeError("password=hunter2")

    app = build_public_app(chat._check, "*")
    WebChatRoutes(chat.channel, chat.database, broken).add_to(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/webchat/messages"
    async with chat.http.post(url, data=json.dumps(GOOD)) as response:
        assert response.status == 500 and "hunter2" not in await response.text()
    await runner.cleanup()


async def test_a_message_that_cannot_be_stored_is_not_accepted(sqlite_url: str, open_one: Open, start: Any) -> None:
    database = open_one(sqlite_url)
    bot = await start(database)
    await database.close()
    async with bot.http.post(f"{bot.url}/webchat/messages", data=json.dumps(GOOD)) as response:
        assert response.status == 503 and int(response.headers["Retry-After"]) > 0
        assert "lagi" in (await response.json())["error"]


async def test_an_outage_costs_no_message_and_no_reply(
    wire: Wire, wired: Database, postgres: Database, start: Any
) -> None:
    """PostgreSQL goes away under an open stream and comes back; the page repeats what got no 202."""
    bot = await start(wired)
    secret = session()
    async with bot.events(secret) as events:
        await bot.say(secret, "satu")
        assert (await events.next())["text"] == "satu"
        await wire.cut()
        body = {"session": secret, "id": "two", "text": "dua"}
        assert (await bot.post(body))[0] == 503
        async with bot.http.get(f"{bot.url}/health/ready") as response:
            assert response.status == 503 and (await response.json())["database"] is False
        await wire.mend()
        assert (await bot.post(body))[0] == 202
        assert (await events.next())["text"] == "dua"
    async with bot.http.get(f"{bot.url}/health/ready") as response:
        assert response.status == 200
    assert [row.text for row in await Stored(postgres).inbound()] == ["satu", "dua"]


# ---------------------------------------------------------------- replies out


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
    await eventually(lambda: _handled(stored, 1))
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
    await eventually(lambda: _handled(stored, 1))
    async with chat.events(secret, last_event_id=odd) as events:
        assert await events.texts(2) == ["1", "2"]


async def test_a_long_mailbox_is_caught_up_whole(chat: ChatBot, stored: Stored) -> None:
    secret = session()
    await chat.say(secret, "250")
    await eventually(lambda: _handled(stored, 1))
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
    await eventually(lambda: _handled(Stored(postgres), 1))
    await wire.cut()
    async with bot.events(secret) as events:
        assert await events.nothing(0.2), "the stream opens even now, and waits"
        await other.say(secret, "selama")
        await wire.mend()
        assert await events.texts(2) == ["sebelum", "selama"]


# ---------------------------------------------------------------- the page


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/webchat.js", "javascript"),
        ("/webchat/static/chat.js", "javascript"),
        ("/webchat/static/chat.css", "text/css"),
    ],
)
async def test_the_page_is_served_with_security_headers(light: ChatBot, path: str, kind: str) -> None:
    async with light.http.get(light.url + path) as response:
        assert response.status == 200 and kind in response.headers["Content-Type"]
        _assert_guarded(response)


def _assert_guarded(response: aiohttp.ClientResponse) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'self' https://kota.example" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/webchat/static/", 403),
        ("/webchat/static/..%2f..%2froutes.py", 404),
        ("/webchat/static/%2e%2e/routes.py", 404),
        ("/webchat/messages", 405),
        ("/webchat/events", 400),
    ],
)
async def test_errors_are_guarded_too_and_give_no_file_away(light: ChatBot, path: str, status: int) -> None:
    from yarl import URL

    async with light.http.get(URL(light.url + path, encoded=True)) as response:
        assert response.status == status
        assert "import" not in await response.text()
        _assert_guarded(response)


async def test_the_page_has_nothing_inline_that_its_policy_would_stop(light: ChatBot) -> None:
    async with light.http.get(light.url + "/") as response:
        page = await response.text()
    assert "<script>" not in page and "style=" not in page and "onclick" not in page
