"""A bad network, a restarting server, a busy one: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web
from conftest import Faults, PageAt
from playwright.async_api import expect
from webchat_page import ChatPage
from webchat_server import ChatServer

NETWORK = r"net::ERR_|status of (429|503|400|413|500)"


async def test_server_stopped_while_sending(chat: ChatServer, page_at: PageAt, faults: Faults) -> None:
    faults.allow(NETWORK)
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("pertama")
    await talk.read("Kata Anda: pertama")
    await chat.stop()
    await talk.say("kedua")
    await talk.say("ketiga")
    await talk.expect_state("kedua", "menunggu jaringan…")
    await expect(talk.notice).to_have_text("Sambungan terputus, mencoba lagi…")
    await expect(page.locator("#typing")).to_be_empty()
    await asyncio.sleep(2)  # some attempts fail meanwhile
    await chat.start()
    await talk.read("Kata Anda: ketiga")
    await talk.expect_state("kedua", "terkirim")
    await expect(talk.notice).to_be_empty()
    assert [text for _, text, _ in await chat.inbound()] == ["pertama", "kedua", "ketiga"]
    assert await talk.said() == [
        "> pertama",
        "Kata Anda: pertama",
        "> kedua",
        "> ketiga",
        "Kata Anda: kedua",
        "Kata Anda: ketiga",
    ]


async def test_a_message_waits_through_a_reload(chat: ChatServer, page_at: PageAt, faults: Faults) -> None:
    faults.allow(NETWORK)
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await page.context.set_offline(True)
    await talk.say("dari lift")
    await talk.expect_state("dari lift", "menunggu jaringan…")
    waiting = (await talk.stored())["log"][0]
    await page.context.set_offline(False)
    await talk.read("Kata Anda: dari lift")
    assert (await talk.stored())["log"][0]["id"] == waiting["id"]

    # The answer to a POST is lost: the server has the message, the page does not know.
    async def swallow(route):  # type: ignore[no-untyped-def]
        await route.fetch()
        await route.abort()

    await page.route("**/webchat/messages", swallow)
    await talk.say("jawaban hilang")
    await talk.expect_state("jawaban hilang", "menunggu jaringan…")
    await talk.read("Kata Anda: jawaban hilang")
    await page.unroute("**/webchat/messages")
    await page.reload()
    await talk.expect_state("jawaban hilang", "terkirim")
    assert [text for _, text, _ in await chat.inbound()] == ["dari lift", "jawaban hilang"]
    assert (await talk.said()).count("> jawaban hilang") == 1
    assert (await talk.said()).count("Kata Anda: jawaban hilang") == 1


async def test_a_cut_stream_goes_on_where_it_ended(chat: ChatServer, page_at: PageAt, faults: Faults) -> None:
    faults.allow(NETWORK)
    page = await page_at(1280)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("ulang 2")
    await talk.read("Bagian 2")
    chat.hold()
    await talk.say("tetap sampai")
    await talk.expect_state("tetap sampai", "terkirim")
    chat.cut()
    chat.go_on()
    await talk.read("Kata Anda: tetap sampai")
    assert await talk.said() == ["> ulang 2", "Bagian 1", "Bagian 2", "> tetap sampai", "Kata Anda: tetap sampai"]
    assert chat.resumed_from == ["0", "2"]
    for number in range(3):
        chat.cut()
        await talk.say(f"nomor {number}")
        await talk.read(f"Kata Anda: nomor {number}")
    said = await talk.said()
    assert len(said) == len(set(said)) == 11


async def test_a_silent_answer_is_announced(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.clock.install()
    await page.goto(chat.url)
    talk = ChatPage(page)
    chat.hold()
    await talk.say("halo")
    await talk.expect_state("halo", "terkirim")
    await expect(page.locator("#typing")).to_have_text("Nirtatap sedang menulis")
    await page.clock.run_for(21_000)
    late = "Jawaban belum datang; pesan Anda tersimpan dan akan dijawab."
    await expect(page.locator("#typing")).to_have_text(late)
    chat.go_on()
    await talk.read("Kata Anda: halo")
    await expect(page.locator("#typing")).to_be_empty()


async def test_a_server_that_forgot_us_is_heard_again(chat: ChatServer, page_at: PageAt, faults: Faults) -> None:
    """Its replies count from 1 again, below the number the page has seen."""
    faults.allow(NETWORK)
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("ulang 5")
    await talk.read("Bagian 5")
    await chat.forget()
    await talk.say("masih di sana?")
    await expect(page.get_by_text("Kata Anda: masih di sana?")).to_be_visible(timeout=20_000)
    await talk.say("bagus")
    await talk.read("Kata Anda: bagus")
    assert (await talk.said())[-4:] == [
        "> masih di sana?",
        "Kata Anda: masih di sana?",
        "> bagus",
        "Kata Anda: bagus",
    ]
    assert len(await talk.said()) == 10


def refusal(status: int, **headers: str) -> Callable[[], web.Response]:
    return lambda: web.json_response({"error": "x"}, status=status, headers=headers)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (503, "Layanan sedang sibuk. Pesan Anda tersimpan dan dikirim ulang otomatis."),
        (429, "Pesan Anda terlalu cepat berturut-turut; dikirim otomatis sebentar lagi."),
        (500, "Layanan sedang sibuk. Pesan Anda tersimpan dan dikirim ulang otomatis."),
    ],
)
async def test_a_busy_server_is_tried_again(
    chat: ChatServer, page_at: PageAt, faults: Faults, status: int, sentence: str
) -> None:
    faults.allow(NETWORK)
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    chat.refuse = refusal(status, **{"Retry-After": "1"})
    await talk.say("sabar")
    await expect(talk.notice).to_have_text(sentence)
    await talk.expect_state("sabar", "menunggu giliran…")
    chat.refuse = None
    await talk.read("Kata Anda: sabar")
    await talk.expect_state("sabar", "terkirim")
    await expect(talk.notice).to_be_empty()
    assert len(await chat.inbound()) == 1


@pytest.mark.parametrize(("status", "words"), [(413, "terlalu panjang"), (400, "tidak dapat diterima")])
async def test_a_refused_message_can_be_sent_again(
    chat: ChatServer, page_at: PageAt, faults: Faults, status: int, words: str
) -> None:
    faults.allow(NETWORK)
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    chat.refuse = refusal(status)
    await talk.say("tolak ini")
    await talk.expect_state("tolak ini", "gagal: ")
    assert words in await talk.state_of("tolak ini")
    chat.refuse = None
    await talk.say("ini boleh")
    await talk.read("Kata Anda: ini boleh")
    await page.get_by_role("button", name="Kirim ulang").click()
    await talk.read("Kata Anda: tolak ini")
    await talk.expect_state("tolak ini", "terkirim")
    await expect(page.get_by_role("button", name="Kirim ulang")).to_have_count(0)
    assert [text for _, text, _ in await chat.inbound()] == ["ini boleh", "tolak ini"]
    assert chat.posts[0] in [message["id"] for message in (await talk.stored())["log"]]
