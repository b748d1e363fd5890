"""Messages into the web chat over real HTTP: nothing is answered with 202 that is not stored."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.app import build_public_app
from bot.channels.webchat.channel import address_of
from bot.channels.webchat.routes import MAX_BODY, WebChatRoutes
from bot.database import Database
from bot.messages import IncomingMessage
from tests.bot.channels.webchat_bot import ChatBot, Open, handled, session
from tests.bot.gateway_databases import Stored
from tests.fakes import Wire, eventually


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
    await eventually(lambda: handled(stored, 1))
    assert [row.text for row in await stored.inbound()] == ["halo"]
    assert len(await stored.outbox()) == 1


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
