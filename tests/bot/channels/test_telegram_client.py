"""The client over real sockets: what Telegram and the network answer, as errors of ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from telegram.error import TelegramError

from bot.channels.base import Channel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.client import TelegramClient
from bot.errors import RecipientGone, SendError, SendRejected, SendRetry
from bot.messages import Button, Claimed, Context, OutgoingPart, Reply
from tests.simulators.telegram import Fault, TelegramSimulator

ASEP, EUIS = 1001, 1002
HALO = {"text": "<b>Halo</b> &amp; selamat", "plain": "Halo & selamat"}


def part(body: Any, address: str = str(ASEP)) -> OutgoingPart:
    return OutgoingPart(1, 1, address, 1, body)


def claimed(kind: str = "text", address: str = str(ASEP), **attributes: Any) -> Claimed:
    now = dt.datetime.now(dt.UTC)
    return Claimed(1, 1, "telegram", address, kind, "halo", None, attributes, now, 0, Context(), 1, 0)


async def test_a_reply_arrives_as_it_was_written(telegram: TelegramSimulator, client: TelegramClient) -> None:
    telegram.residents.say(ASEP, "halo")
    channel: Channel = TelegramChannel(client)
    reply = Reply("*KTP* & <KK>", (Button("Syarat", "ask_requirements:ktp_el"),), ("Buka", "https://a.go.id/x?y=1&z=2"))
    [body] = channel.render(reply)
    message_id = await channel.send(part(body))
    message = await telegram.wait_for_message(ASEP)
    assert message["text"] == "KTP & <KK>"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 3}]
    assert message_id == str(message["message_id"])
    assert telegram.calls[-1].params["link_preview_options"] == {"is_disabled": True}
    telegram.residents.press(ASEP, "Syarat")


async def test_long_replies_arrive_whole(telegram: TelegramSimulator, client: TelegramClient) -> None:
    telegram.residents.say(ASEP, "halo")
    channel = TelegramChannel(client)
    for body in channel.render(Reply("😀 & < kata " * 1200, (Button("Ya", "affirm:"),))):
        await channel.send(part(body))
    assert "".join(m["text"] for m in telegram.sent(ASEP)).count("😀") == 1200


@pytest.mark.parametrize(
    ("fault", "expected", "retry_after"),
    [
        (
            Fault("sendMessage", status=429, description="Too Many Requests: retry after 7", retry_after=7),
            SendRetry,
            7.0,
        ),
        (Fault("sendMessage", status=429, description="Too Many Requests"), SendRetry, None),
        (Fault("sendMessage", status=500), SendRetry, None),
        (Fault("sendMessage", status=502, page="<html>Bad Gateway</html>"), SendRetry, None),
        (Fault("sendMessage", status=403, page="<html>Access denied by proxy</html>"), SendRetry, None),
        (Fault("sendMessage", status=200, page="<html>Masuk Wi-Fi</html>"), SendRetry, None),
        (Fault("sendMessage", status=302, page="ke halaman masuk"), SendRetry, None),
        (Fault("sendMessage", lost=True), SendRetry, None),
        (Fault("sendMessage", delay=0.6), SendRetry, None),
        (Fault("sendMessage", status=409, description="Conflict"), SendRetry, None),
        (Fault("sendMessage", status=401, description="Unauthorized"), SendRetry, None),
        (Fault("sendMessage", status=403, description="Forbidden: bot was blocked by the user"), RecipientGone, None),
        (Fault("sendMessage", status=403, description="Forbidden: user is deactivated"), RecipientGone, None),
        (
            Fault("sendMessage", status=403, description="Forbidden: bot was kicked from the group chat"),
            RecipientGone,
            None,
        ),
        (Fault("sendMessage", status=400, description="Bad Request: chat not found"), RecipientGone, None),
        (Fault("sendMessage", status=400, description="Bad Request: PEER_ID_INVALID"), RecipientGone, None),
        (Fault("sendMessage", status=400, description="Bad Request: message is too long"), SendRejected, None),
        (Fault("sendMessage", status=400, description="Bad Request: BUTTON_DATA_INVALID"), SendRejected, None),
    ],
    ids=lambda value: f"{value.status} {value.page or value.description}" if isinstance(value, Fault) else None,
)
async def test_errors(
    telegram: TelegramSimulator, fault: Fault, expected: type[SendError], retry_after: float | None
) -> None:
    telegram.residents.say(ASEP, "halo")
    telegram.fail(fault)
    client = TelegramClient(telegram.token, telegram.base_url, timeout=0.2)
    await client.start()
    try:
        # The connection's own five seconds are part of the time for an answer: cut it short here.
        with pytest.raises(SendError) as caught, pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.channels.telegram.transport.CONNECT_TIMEOUT", 0.2)
            await client.send(ASEP, HALO)
    finally:
        await client.close()
    assert type(caught.value) is expected
    assert telegram.token not in str(caught.value)
    if isinstance(caught.value, SendRetry):
        assert caught.value.retry_after == retry_after


async def test_a_lost_answer_was_delivered_and_says_so(telegram: TelegramSimulator, client: TelegramClient) -> None:
    telegram.residents.say(ASEP, "halo")
    telegram.fail(Fault("sendMessage", lost=True))
    with pytest.raises(SendRetry, match="may have been accepted"):
        await client.send(ASEP, HALO)
    assert len(telegram.sent(ASEP)) == 1


async def test_nobody_listening(client: TelegramClient, telegram: TelegramSimulator) -> None:
    await telegram.close()
    with pytest.raises(SendRetry, match="nothing was sent"):
        await client.send(ASEP, HALO)


async def test_blocked_and_unknown_residents_are_gone(telegram: TelegramSimulator, client: TelegramClient) -> None:
    telegram.residents.block(ASEP)
    with pytest.raises(RecipientGone, match="blocked"):
        await client.send(ASEP, HALO)
    with pytest.raises(RecipientGone, match="not found"):
        await client.send(EUIS, HALO)


async def test_markup_that_telegram_cannot_read_is_sent_once_as_plain_text(
    telegram: TelegramSimulator, client: TelegramClient
) -> None:
    telegram.residents.say(ASEP, "halo")
    keyboard = {"inline_keyboard": [[{"text": "Ya", "callback_data": "affirm:"}]]}
    await client.send(ASEP, {"text": "<b>Halo", "plain": "Halo", "reply_markup": keyboard})
    [message] = telegram.sent(ASEP)
    assert (message["text"], message["reply_markup"]) == ("Halo", keyboard)
    assert [call.status for call in telegram.calls_of(ASEP)] == [400, 200]


@pytest.mark.parametrize("token", ["4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcX", "bukan-token"])
async def test_a_wrong_token_is_said_loudly_and_the_message_waits(telegram: TelegramSimulator, token: str) -> None:
    client = TelegramClient(token, telegram.base_url)
    await client.start()
    with capture_logs() as logs, pytest.raises(SendRetry):
        await client.send(ASEP, HALO)
    await client.close()
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("telegram_token_rejected", "error")]
    assert token not in str(logs)


async def test_an_answer_that_cannot_be_read_counts_as_sent(
    telegram: TelegramSimulator, client: TelegramClient
) -> None:
    telegram.fail(Fault("sendMessage", status=200, page='{"ok": true, "result": {"message": "new shape"}}'))
    assert await client.send(ASEP, HALO) is None


async def test_a_flood_in_one_chat_does_not_delay_another(telegram: TelegramSimulator, client: TelegramClient) -> None:
    for chat in (ASEP, EUIS):
        telegram.residents.say(chat, "halo")
    telegram.fail(
        Fault("sendMessage", chat=ASEP, times=99, status=429, description="Too Many Requests", retry_after=30)
    )
    telegram.fail(Fault("sendMessage", chat=EUIS, times=0))
    started = time.perf_counter()
    results = await asyncio.gather(*(client.send(chat, HALO) for chat in [ASEP, EUIS] * 20), return_exceptions=True)
    assert time.perf_counter() - started < 2
    assert all(isinstance(result, SendRetry) and result.retry_after == 30 for result in results[::2])
    assert len(telegram.sent(EUIS)) == 20


async def test_a_slow_chat_does_not_delay_another(telegram: TelegramSimulator, client: TelegramClient) -> None:
    for chat in (ASEP, EUIS):
        telegram.residents.say(chat, "halo")
    telegram.fail(Fault("sendMessage", chat=ASEP, delay=0.5))
    slow = asyncio.create_task(client.send(ASEP, HALO))
    await asyncio.sleep(0)
    started = time.perf_counter()
    await client.send(EUIS, HALO)
    assert time.perf_counter() - started < 0.4
    await slow


async def test_address_that_is_no_chat_id(client: TelegramClient) -> None:
    with pytest.raises(SendRejected):
        await TelegramChannel(client).send(part(HALO, "bukan angka"))


# ---------------------------------------------------------------- typing, files


async def test_working_releases_the_button_first(telegram: TelegramSimulator, client: TelegramClient) -> None:
    telegram.residents.say(ASEP, "halo")
    await client.send(
        ASEP, HALO | {"reply_markup": {"inline_keyboard": [[{"text": "Ya", "callback_data": "affirm:"}]]}}
    )
    telegram.residents.press(ASEP, "Ya")
    [query_id] = telegram.residents.open_callbacks
    await TelegramChannel(client).working(claimed("payload", callback_id=query_id))
    assert telegram.residents.open_callbacks == set()
    assert [call.method for call in telegram.calls[-2:]] == ["answerCallbackQuery", "sendChatAction"]


async def test_working_never_raises(telegram: TelegramSimulator, client: TelegramClient) -> None:
    channel = TelegramChannel(client)
    telegram.residents.say(ASEP, "halo")
    await channel.working(claimed("payload", callback_id="forgotten"))
    assert telegram.calls[-1].method == "sendChatAction"
    await channel.working(claimed(address=str(EUIS)))
    await channel.working(claimed(address="bukan angka"))
    for kind in ("blocked", "unblocked", "other"):
        count = len(telegram.calls)
        await channel.working(claimed(kind))
        assert len(telegram.calls) == count
    await telegram.close()
    await channel.working(claimed())


async def test_download(telegram: TelegramSimulator, client: TelegramClient) -> None:
    telegram.residents.send_document(ASEP, b"%PDF isi", "surat.pdf")
    [file_id] = telegram.residents.files
    assert await client.download(file_id) == b"%PDF isi"
    with pytest.raises(SendRejected):
        await client.download("tidak-ada")


async def test_files_are_sent_as_a_form(telegram: TelegramSimulator) -> None:
    """Receipts will need it; the simulator has no sendDocument, so a bare server looks at the form."""
    seen: dict[str, Any] = {}

    async def take(request: web.Request) -> web.Response:
        form = await request.post()
        file = form["document"]
        assert isinstance(file, web.FileField)
        seen.update(chat=form["chat_id"], name=file.filename, content=file.file.read())
        return web.json_response({"ok": False, "error_code": 400, "description": "Bad Request: seen"}, status=400)

    app = web.Application()
    app.router.add_post("/bot{token}/sendDocument", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = TelegramClient(telegram.token, f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await client.start()
    with pytest.raises(TelegramError, match="Seen"):
        await client._bot.send_document(ASEP, b"%PDF", filename="tanda-terima.pdf")
    await client.close()
    await runner.cleanup()
    assert seen == {"chat": "1001", "name": "tanda-terima.pdf", "content": b"%PDF"}
