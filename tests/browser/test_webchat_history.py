"""What the web chat page keeps of a conversation on the device, and what it does not."""

from __future__ import annotations

import re

from conftest import PageAt
from playwright.async_api import expect
from webchat_page import ChatPage
from webchat_server import ChatServer


async def test_reload_keeps_the_conversation(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("ulang 3")
    await talk.read("Bagian 3")
    before = await talk.said()
    assert before == ["> ulang 3", "Bagian 1", "Bagian 2", "Bagian 3"]
    for _ in range(2):
        await page.reload()
        await expect(page.locator(".theirs")).to_have_count(4)  # the greeting is one of them
        assert await talk.said() == before
    await talk.say("lagi")
    await talk.read("Kata Anda: lagi")
    assert await talk.said() == [*before, "> lagi", "Kata Anda: lagi"]
    assert len(await chat.inbound()) == 2
    assert chat.resumed_from[-1] == "3"


async def test_two_tabs_show_one_conversation(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(1280)
    await page.goto(chat.url)
    first = ChatPage(page)
    await first.say("satu")
    await first.read("Kata Anda: satu")
    other = await page.context.new_page()
    await other.goto(chat.url)
    second = ChatPage(other)
    await second.say("dua")
    for talk in (first, second):
        await talk.read("Kata Anda: dua")
        assert await talk.said() == ["> satu", "Kata Anda: satu", "> dua", "Kata Anda: dua"]
    assert len(await chat.inbound()) == 2


async def test_only_the_last_200_messages_are_kept(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("ulang 230")
    await talk.read("Bagian 230")
    log = (await talk.stored())["log"]
    assert len(log) == 200
    assert log[0]["text"] == "Bagian 31"
    await page.reload()
    assert (await talk.said())[0] == "Bagian 31"


async def test_new_conversation_is_a_new_session(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("pilihan")
    await talk.read("Pilih salah satu:")
    old = (await talk.stored())["session"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", old)
    await talk.choose("Mulai percakapan baru")
    await expect(page.get_by_text("Percakapan baru, hari ini")).to_be_visible()
    await expect(page.get_by_role("button", name="Kartu Keluarga")).to_be_disabled()
    assert (await talk.stored())["session"] != old
    await page.get_by_role("button", name="Cara bayar PBB").click()
    await talk.read("Kata Anda: Cara bayar PBB")
    await page.reload()
    assert await talk.said() == [
        "> pilihan",
        "Pilih salah satu:",
        "> Cara bayar PBB",
        "Kata Anda: Cara bayar PBB",
    ]


async def test_erasing_asks_first_and_leaves_nothing(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("rahasia saya")
    await talk.read("Kata Anda: rahasia saya")
    old = (await talk.stored())["session"]
    await talk.choose("Hapus riwayat di perangkat ini")
    dialog = page.get_by_role("alertdialog", name="Hapus riwayat di perangkat ini?")
    await expect(dialog.get_by_role("button", name="Batal")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert len(await talk.said()) == 2
    await talk.choose("Hapus riwayat di perangkat ini")
    await dialog.get_by_role("button", name="Hapus").click()
    assert await talk.said() == []
    kept = await page.evaluate("JSON.stringify(Object.assign({}, localStorage))")
    assert "rahasia" not in kept
    assert old not in kept
    await talk.say("halo")
    await talk.read("Kata Anda: halo")


async def test_identity_number_is_not_kept_on_the_device(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("NIK saya 3273 0112 0190 0001 ya")
    await expect(page.locator(".mine .text")).to_have_text("NIK saya [nomor disamarkan] ya")
    assert "0190" not in str(await talk.stored())


async def test_blocked_storage_still_chats(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('x', 'SecurityError') }})"
    )
    await page.goto(chat.url)
    talk = ChatPage(page)
    await expect(talk.notice).to_contain_text("tidak menyimpan riwayat")
    await talk.say("halo")
    await talk.read("Kata Anda: halo")
    assert await talk.said() == ["> halo", "Kata Anda: halo"]
