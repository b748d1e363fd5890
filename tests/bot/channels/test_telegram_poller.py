"""Long polling over real sockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.receiver import Poller, Receive
from bot.errors import DatabaseUnavailable
from tests.simulators.receivers import InboxStore, Store
from tests.simulators.telegram import Fault, TelegramSimulator

ASEP, EUIS = 1001, 1002
NIK = "3273012345670001"

Start = Callable[[Receive], Poller]


@pytest.fixture
async def poll(client: TelegramClient) -> AsyncIterator[Start]:
    """Starts pollers and ends them."""
    pollers: list[Poller] = []

    def start(receive: Receive) -> Poller:
        pollers.append(Poller(client, receive, poll_seconds=1, first_pause=0.01))
        pollers[-1].start()
        return pollers[-1]

    yield start
    for poller in pollers:
        await poller.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - the state is a server's, which fires no event for it
            await asyncio.sleep(0.005)


def polls(telegram: TelegramSimulator) -> list[int | None]:
    return [call.params.get("offset") for call in telegram.calls if call.method == "getUpdates"]


async def test_everything_residents_do_comes_in(telegram: TelegramSimulator, poll: Start, store: Store) -> None:
    residents = telegram.residents
    residents.say(ASEP, "/start ktp_el_hilang")
    poll(store)
    said = residents.say(ASEP, "syrat ktp")
    residents.edit(ASEP, said, "syarat ktp")
    residents.send_photo(ASEP, caption="jalan rusak")
    residents.send_voice(ASEP)
    residents.send_sticker(ASEP)
    residents.send_location(ASEP, -6.9, 107.6)
    residents.block(ASEP)
    residents.unblock(ASEP)
    await telegram.queue.drained()
    assert [message.kind for message in store.messages] == [
        *("command", "text", "edited", "photo", "voice", "sticker", "location", "blocked", "unblocked")
    ]


async def test_a_pressed_button_comes_in(
    telegram: TelegramSimulator, client: TelegramClient, poll: Start, store: Store
) -> None:
    telegram.residents.say(ASEP, "halo")
    keyboard = {"inline_keyboard": [[{"text": "Syarat", "callback_data": "ask_requirements:ktp_el"}]]}
    await client.send(ASEP, {"text": "Pilih", "plain": "Pilih", "reply_markup": keyboard})
    telegram.residents.press(ASEP, "Syarat")
    poll(store)
    await telegram.queue.drained()
    assert store.messages[-1].payload == "ask_requirements:ktp_el"
    assert store.messages[-1].attributes["title"] == "Syarat"


async def test_an_older_webhook_is_deleted_first(telegram: TelegramSimulator, poll: Start, store: Store) -> None:
    await telegram.set_webhook("http://127.0.0.1:9/nowhere", None)
    telegram.residents.say(ASEP, "halo")
    telegram.fail(Fault("deleteWebhook", status=502, page="<html>"))
    poll(store)
    await telegram.queue.drained()
    assert store.texts == ["halo"]
    assert telegram.calls[0].params == {"drop_pending_updates": False}


async def test_an_outage_of_the_database_holds_the_offset(
    telegram: TelegramSimulator, poll: Start, inbox_store: InboxStore
) -> None:
    inbox_store.outages = 4
    for number in range(3):
        telegram.residents.say(ASEP, f"pesan {number}")
    poll(inbox_store)
    await telegram.queue.drained()
    assert polls(telegram)[:5] == [None] * 5
    assert [text for _, text in await inbox_store.stored()] == ["pesan 0", "pesan 1", "pesan 2"]


async def test_repeats_make_one_message(telegram: TelegramSimulator, poll: Start, inbox_store: InboxStore) -> None:
    first = telegram.residents.say(ASEP, "satu")
    telegram.residents.say(EUIS, "dua")
    poll(inbox_store)
    await telegram.queue.drained()
    telegram.queue.repeat(first)
    await telegram.queue.drained()
    assert [text for _, text in await inbox_store.stored()] == ["satu", "dua"]


async def test_a_restart_repeats_what_was_not_confirmed_and_loses_nothing(
    telegram: TelegramSimulator, client: TelegramClient, inbox_store: InboxStore
) -> None:
    async def one_life(number: int) -> None:
        telegram.residents.say(ASEP, f"putaran {number}")
        poller = Poller(client, inbox_store, poll_seconds=1, first_pause=0.01)
        poller.start()
        await until(lambda: inbox_store.calls > number)
        await poller.close()

    for number in range(3):
        await one_life(number)
    assert [text for _, text in await inbox_store.stored()] == ["putaran 0", "putaran 1", "putaran 2"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("getUpdates", times=3, status=500),
        Fault("getUpdates", times=3, status=502, page="<html>Bad Gateway</html>"),
        Fault("getUpdates", times=1, lost=True),
        Fault("getUpdates", times=2, status=401, description="Unauthorized"),
        Fault("getUpdates", times=2, status=200, page='{"ok": true, "result": {"bukan": "daftar"}}'),
        Fault("getUpdates", times=2, status=200, page='{"ok": true, "result": [1, {"update_id": "x"}]}'),
        Fault("getUpdates", times=2, status=200, page='{"ok": true}'),
    ],
    ids=lambda fault: f"{fault.status} {fault.page or fault.lost}",
)
async def test_it_goes_on_after_errors(telegram: TelegramSimulator, poll: Start, store: Store, fault: Fault) -> None:
    telegram.residents.say(ASEP, "halo")
    telegram.fail(fault)
    with capture_logs() as logs:
        poll(store)
        await telegram.queue.drained()
    assert store.texts[-1] == "halo"
    assert logs


async def test_it_waits_as_long_as_telegram_asks(telegram: TelegramSimulator, poll: Start, store: Store) -> None:
    telegram.residents.say(ASEP, "halo")
    telegram.fail(Fault("getUpdates", status=429, description="Too Many Requests", retry_after=1))
    poll(store)
    await telegram.queue.drained()
    first, second = [call.at for call in telegram.calls if call.method == "getUpdates"][:2]
    assert second - first >= 1


async def test_a_second_receiver_is_named_clearly(telegram: TelegramSimulator, poll: Start, store: Store) -> None:
    with capture_logs() as logs:
        poll(store)
        await asyncio.sleep(0.05)
        await telegram.set_webhook("http://127.0.0.1:9/nowhere", None)
        telegram.queue.changed.fire()
        await asyncio.sleep(1.2)
    conflicts = [entry for entry in logs if entry["event"] == "telegram_conflict"]
    assert conflicts and "hanya satu" in conflicts[0]["hint"]
    assert conflicts[0]["log_level"] == "error"


async def test_one_message_that_cannot_be_stored_does_not_hold_back_the_others(
    telegram: TelegramSimulator, poll: Start, store: Store
) -> None:
    store.poison = "racun"
    for text in ("satu", "racun", "dua"):
        telegram.residents.say(ASEP, text)
    with capture_logs() as logs:
        poll(store)
        await telegram.queue.drained()
    assert store.texts == ["satu", "dua"]
    assert [entry["external_id"] for entry in logs if entry["event"] == "telegram_message_lost"] == ["m:1001:2"]


async def test_where_nothing_can_be_stored_everything_is_held(
    telegram: TelegramSimulator, poll: Start, store: Store
) -> None:
    store.failures = [RuntimeError("no such table")] * 7
    for text in ("satu", "dua"):
        telegram.residents.say(ASEP, text)
    poll(store)
    await telegram.queue.drained()
    assert store.texts == ["satu", "dua"]


async def test_updates_that_are_not_used_are_logged_and_passed(
    telegram: TelegramSimulator, poll: Start, store: Store
) -> None:
    telegram.queue.add({"message": {"message_id": 1, "chat": {"id": -5, "type": "group"}, "text": "rahasia"}})
    telegram.residents.say(ASEP, "halo")
    with capture_logs() as logs:
        poll(store)
        await telegram.queue.drained()
    assert store.texts == ["halo"]
    ignored = [entry for entry in logs if entry["event"] == "telegram_update_ignored"]
    assert len(ignored) == 1 and "rahasia" not in str(ignored)


async def test_after_an_empty_poll_numbers_may_start_anew(
    telegram: TelegramSimulator, poll: Start, store: Store
) -> None:
    telegram.residents.say(ASEP, "satu")
    poll(store)
    await telegram.queue.drained()
    await until(lambda: polls(telegram)[-1] is None)
    telegram.queue._next = 5
    telegram.residents.say(ASEP, "setelah seminggu sepi")
    await telegram.queue.drained()
    assert store.texts == ["satu", "setelah seminggu sepi"]


async def test_it_ends_at_once_in_the_middle_of_a_poll(telegram: TelegramSimulator, poll: Start, store: Store) -> None:
    poller = poll(store)
    await until(lambda: bool(polls(telegram)))
    await asyncio.wait_for(poller.close(), 0.5)


async def test_neither_nik_nor_token_reach_a_log(
    telegram: TelegramSimulator, poll: Start, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.residents.say(ASEP, NIK)
    store.failures = [DatabaseUnavailable("x")]
    telegram.fail(Fault("getUpdates", status=502, page=f"cannot GET /bot{telegram.token}/getUpdates {NIK}"))
    telegram.fail(Fault("getUpdates", status=400, description=f"Bad Request: bot{telegram.token}"))
    with capture_logs() as logs:
        poll(store)
        await telegram.queue.drained()
    everything = str(logs) + caplog.text
    assert len(logs) >= 3
    assert telegram.token.lower() not in everything.lower() and NIK not in everything
