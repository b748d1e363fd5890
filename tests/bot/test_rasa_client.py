"""The only door to Rasa: the next server is tried, and whatever comes back is an Understanding or an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import RasaUnavailable
from bot.rasa_client import RasaClient
from tests.builders import nlu_result
from tests.fakes import FakeNlu


@pytest.fixture
async def servers() -> AsyncIterator[list[FakeNlu]]:
    servers = [FakeNlu(), FakeNlu()]
    for server in servers:
        await server.start()
        server.answer = lambda _text: nlu_result("ask_fee", "kk_baru")
    yield servers
    for server in servers:
        await server.stop()


@pytest.fixture
async def client(servers: list[FakeNlu]) -> AsyncIterator[RasaClient]:
    client = RasaClient([f"{server.url}/" for server in servers], "t0ken&?", timeout=0.5)
    await client.start()
    yield client
    await client.close()


async def test_servers_are_asked_in_turn_with_the_token(client: RasaClient, servers: list[FakeNlu]) -> None:
    for n in range(6):
        understood = await client.parse(f"teks {n}")
        assert (understood.act, understood.services[0].name, understood.decision) == ("ask_fee", "kk_baru", "answer")
        assert understood.text == f"teks {n}"
    assert [len(server.texts) for server in servers] == [3, 3]
    assert {token for server in servers for token in server.tokens} == {"t0ken&?"}


async def test_without_a_token_none_is_sent(servers: list[FakeNlu]) -> None:
    client = RasaClient([servers[0].url], None)
    await client.start()
    await client.parse("halo")
    await client.close()
    assert servers[0].tokens == [None]


@pytest.mark.parametrize("trouble", ["down", "slow", "error", "rubbish"])
async def test_the_next_server_answers_for_one_in_trouble(
    client: RasaClient, servers: list[FakeNlu], trouble: str
) -> None:
    bad, good = servers
    if trouble == "down":
        await bad.stop()
    elif trouble == "slow":
        bad.delay = 3
    elif trouble == "error":
        bad.http_status = 503
    else:
        bad.answer = lambda _text: "nonsense"
    async with asyncio.timeout(3):
        for _ in range(3):
            assert (await client.parse("halo")).act == "ask_fee"
    assert len(good.texts) == 3


async def test_a_server_that_comes_back_is_asked_again(client: RasaClient, servers: list[FakeNlu]) -> None:
    await servers[0].stop()
    await servers[1].stop()
    with pytest.raises(RasaUnavailable):
        await client.parse("halo")
    await servers[0].start()
    assert (await client.parse("halo")).act == "ask_fee"
    assert (await client.parse("halo")).act == "ask_fee"


RUBBISH: list[Any] = [
    "",
    "null",
    "[]",
    "7",
    '"acts"',
    b"\xff\xfe\x00",
    "{",
    "{}",
    '{"intent": null}',
    '{"intent": {"name": "x"}}',
    '{"intent": {"name": "x", "confidence": null}}',
    '{"acts": null, "services": [], "opd": [], "decision": "answer"}',
    '{"acts": ["ask_fee"], "services": [], "opd": [], "decision": "answer"}',
    '{"acts": {"a": 1}, "services": [], "opd": [], "decision": "answer"}',
    '{"acts": [{"name": "ask_fee"}], "services": [], "opd": [], "decision": "answer"}',
    '{"acts": [{"name": "a", "confidence": "high"}], "services": [], "opd": [], "decision": "answer"}',
    '{"acts": [], "services": [], "decision": "answer"}',
    '{"acts": [], "services": [], "opd": []}',
    '{"acts": [], "services": [], "opd": [], "decision": "whatever"}',
    '{"acts": [], "services": [], "opd": [], "decision": []}',
    '{"acts": [{"name": "a", "confidence": 1' + "0" * 400 + '}], "services": [], "opd": [], "decision": "answer"}',
    "[" * 100_000,
]


@pytest.mark.parametrize("body", RUBBISH, ids=range(len(RUBBISH)))
async def test_rubbish_is_an_outage_and_nothing_else(client: RasaClient, servers: list[FakeNlu], body: Any) -> None:
    for server in servers:
        server.answer = lambda _text: body
    with pytest.raises(RasaUnavailable):
        await client.parse("halo")
    assert [len(server.texts) for server in servers] == [1, 1]


async def test_a_slow_server_costs_no_more_than_the_timeout(servers: list[FakeNlu]) -> None:
    client = RasaClient([servers[0].url], None, timeout=0.2)
    await client.start()
    servers[0].delay = 5
    started = asyncio.get_running_loop().time()
    with pytest.raises(RasaUnavailable, match="Timeout"):
        await client.parse("halo")
    assert asyncio.get_running_loop().time() - started < 1
    await client.close()


@pytest.mark.parametrize(
    "text",
    [
        '/greet{"service": "ktp_el_baru"}',
        '  /intent{"a": 1}',
        '//intent{"a": 1}',
        "/ /intent",
        "\n/\t/\n/x",
        "/",
    ],
)
async def test_a_resident_cannot_speak_rasas_command_language(
    client: RasaClient, servers: list[FakeNlu], text: str
) -> None:
    understood = await client.parse(text)
    [sent] = servers[0].texts + servers[1].texts
    assert not sent.strip().startswith("/")
    assert understood.text == text


async def test_text_reaches_rasa_unchanged(client: RasaClient, servers: list[FakeNlu]) -> None:
    for text in ("ktp/kk", "  a / b ", "Rp 50.000 / bulan 🙂", '{"a": "b"}'):
        await client.parse(text)
    assert sorted(servers[0].texts + servers[1].texts) == sorted(
        ["ktp/kk", "  a / b ", "Rp 50.000 / bulan 🙂", '{"a": "b"}']
    )


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({"model_file": "m.tar.gz"}, True),
        ({"model_file": None}, False),
        ({}, False),
        ([], False),
        (None, False),
        ("model_file", False),
    ],
)
async def test_ready_means_a_model_is_loaded(
    client: RasaClient, servers: list[FakeNlu], status: Any, ready: bool
) -> None:
    servers[0].http_status = 500
    servers[1].status = status
    assert await client.ready() is ready


async def test_nobody_there_is_not_ready(client: RasaClient, servers: list[FakeNlu]) -> None:
    for server in servers:
        await server.stop()
    assert not await client.ready()
