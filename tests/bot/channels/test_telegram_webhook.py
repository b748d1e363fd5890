"""The webhook over real sockets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.receiver import BODY_LIMIT, SECRET_HEADER, Receive, Webhook
from bot.errors import ConfigurationError, DatabaseUnavailable
from tests.simulators.receivers import InboxStore, Store
from tests.simulators.telegram import Fault, TelegramSimulator

SECRET = "rahasia-webhook_123"
NIK = "3273012345670001"
ASEP = 1001
HALO = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": ASEP, "type": "private"}, "text": "halo"}}


class Served:
    """A webhook on a port of its own."""

    def __init__(self, client: TelegramClient) -> None:
        self.url = ""
        self._client = client
        self._runners: list[web.AppRunner] = []

    async def serve(self, receive: Receive) -> None:
        app = web.Application(client_max_size=1)
        app.add_routes(Webhook(self._client, receive, SECRET).routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._runners.append(runner)
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram/webhook"

    async def post(self, body: bytes, secret: str | None = SECRET) -> tuple[int, str]:
        headers = {} if secret is None else {SECRET_HEADER: secret}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=io.BytesIO(body), headers=headers) as answer,
        ):
            return answer.status, await answer.text()

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()


@pytest.fixture
async def served(client: TelegramClient) -> AsyncIterator[Served]:
    served = Served(client)
    yield served
    await served.close()


async def test_an_update_with_the_secret_is_stored(served: Served, store: Store) -> None:
    await served.serve(store)
    assert await served.post(json.dumps(HALO).encode()) == (200, "")
    assert store.texts == ["halo"]


@pytest.mark.parametrize("secret", [None, "", "salah", SECRET[:-1], SECRET + "x", SECRET.upper(), "é"])
async def test_without_the_right_secret_nothing_is_read(served: Served, store: Store, secret: str | None) -> None:
    await served.serve(store)
    with capture_logs() as logs:
        assert await served.post(json.dumps(HALO).encode(), secret) == (401, "")
    assert store.messages == []
    assert [entry["event"] for entry in logs] == ["telegram_webhook_unauthorized"]
    assert SECRET not in str(logs)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"bukan json", 400),
        (b"\xff\xfe\xfa", 400),
        (b"[" * 100_000, 400),
        (b" " * (BODY_LIMIT + 1), 413),
        (b"null", 200),
        (b"[]", 200),
        (b'{"update_id": 1, "poll": {}}', 200),
        (json.dumps({"update_id": 1, "message": {"chat": {"id": -5, "type": "group"}}}).encode(), 200),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else str(value),
)
async def test_bodies_that_hold_nothing_for_us(served: Served, store: Store, body: bytes, status: int) -> None:
    await served.serve(store)
    with capture_logs() as logs:
        assert await served.post(body) == (status, "")
    assert store.messages == []
    assert len(logs) == 1


async def test_what_is_not_stored_is_not_acknowledged(served: Served, store: Store) -> None:
    await served.serve(store)
    store.failures = [DatabaseUnavailable("disk I/O error"), RuntimeError("a fault of ours")]
    assert [await served.post(json.dumps(HALO).encode()) for _ in range(3)] == [(503, ""), (500, ""), (200, "")]
    assert store.texts == ["halo"]


async def test_redelivery_and_repeats_make_one_message(
    telegram: TelegramSimulator, served: Served, inbox_store: InboxStore
) -> None:
    await served.serve(inbox_store)
    inbox_store.outages = 3
    await telegram.set_webhook(served.url, SECRET)
    first = telegram.residents.say(ASEP, "syarat ktp")
    telegram.residents.say(ASEP, "yang hilang")
    telegram.queue.repeat(first)
    await telegram.queue.drained()
    assert telegram.methods.webhook is not None
    assert telegram.methods.webhook.answers.count(503) == 3
    assert [text for _, text in await inbox_store.stored()] == ["syarat ktp", "yang hilang"]


async def test_updates_out_of_order_are_all_stored_once(
    telegram: TelegramSimulator, served: Served, inbox_store: InboxStore
) -> None:
    await served.serve(inbox_store)
    telegram.queue.paused = True
    await telegram.set_webhook(served.url, SECRET)
    for number in range(5):
        telegram.residents.say(ASEP, f"pesan {number}")
    telegram.queue.release(reverse=True)
    await telegram.queue.drained()
    assert [text for _, text in await inbox_store.stored()] == [f"pesan {n}" for n in (4, 3, 2, 1, 0)]


async def test_the_webhook_registers_itself_when_it_knows_its_address(
    telegram: TelegramSimulator, client: TelegramClient, served: Served, store: Store
) -> None:
    await served.serve(store)
    telegram.fail(Fault("setWebhook", times=2, status=500))
    webhook = Webhook(client, store, SECRET, webhook_url=served.url, first_pause=0.01)
    webhook.start()
    telegram.residents.say(ASEP, "halo")
    await telegram.queue.drained()
    await webhook.close()
    assert store.texts == ["halo"]
    assert telegram.calls[-1].params == {
        "url": served.url,
        "secret_token": SECRET,
        "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
        "drop_pending_updates": False,
    }


async def test_without_an_address_it_leaves_telegram_alone(
    telegram: TelegramSimulator, client: TelegramClient, store: Store
) -> None:
    webhook = Webhook(client, store, SECRET)
    webhook.start()
    await webhook.close()
    assert telegram.calls == []


@pytest.mark.parametrize("secret", ["", "a b", "é", "x" * 257])
def test_a_secret_that_telegram_would_refuse_is_refused_at_start(
    client: TelegramClient, store: Store, secret: str
) -> None:
    with pytest.raises(ConfigurationError):
        Webhook(client, store, secret)


async def test_neither_nik_nor_secrets_reach_a_log(
    telegram: TelegramSimulator,
    client: TelegramClient,
    served: Served,
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await served.serve(store)
    store.failures = [DatabaseUnavailable("x"), RuntimeError(f"fault with {NIK}")]
    strange = {"update_id": 2, "message": {"chat": {"id": 5, "type": "group"}, "text": NIK}}
    with capture_logs() as logs:
        for update in (HALO | {"message": HALO["message"] | {"text": NIK}}, HALO, strange):  # type: ignore[operator]
            await served.post(json.dumps(update).encode())
        await telegram.set_webhook(served.url, SECRET)
        telegram.residents.say(ASEP, NIK)
        await telegram.queue.drained()
    everything = str(logs) + caplog.text
    assert logs
    assert not any(secret in everything for secret in (NIK, SECRET, telegram.token))
    assert NIK not in repr(store.messages)
