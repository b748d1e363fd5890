"""Writing and reading on the web chat page, on a phone and on a desktop."""

from __future__ import annotations

import re

import pytest
from conftest import SCREENSHOTS, PageAt
from playwright.async_api import expect
from webchat_page import ChatPage
from webchat_server import ChatServer

from actions.turn import Button, Reply

CARD = """*KTP-el hilang*
Mencetak ulang KTP elektronik yang hilang.

*Syarat*
• Surat kehilangan dari kepolisian
• Fotokopi Kartu Keluarga
• Formulir F-1.02 (perlu dipastikan ke OPD)

*Caranya*
1. Daftar di https://disdukcapil.bandung.go.id/layanan?x=a_b_c.
2. Tunggu pesan petugas, lalu datang sesuai jadwal

*Biaya*: gratis. Bila ada yang meminta uang, tolak dan laporkan.
*Hubungi*: (022) 4209891 atau WhatsApp 0811-2233-4455

_Dinas Kependudukan dan Pencatatan Sipil · diperiksa 3 Mei 2026_"""


@pytest.mark.parametrize(("device", "width"), [("phone", 360), ("desktop", 1280)])
async def test_question_and_answer(chat: ChatServer, page_at: PageAt, device: str, width: int) -> None:
    buttons = (Button("Syarat lengkap", "ask_requirements:ktp"), Button("Lokasi", "ask_location:ktp"))
    chat.answer = lambda _message: [Reply(CARD, buttons, ("Ajukan sekarang", "https://kota.example/formulir/x"))]
    page = await page_at(width)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("Punten, KTP saya hilang")
    await expect(page.get_by_text("Mencetak ulang")).to_be_visible()
    await talk.expect_state("Punten", "terkirim")
    await expect(page.locator("#typing")).to_be_empty()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"webchat-{device}.png")

    assert await chat.inbound() == [("text", "Punten, KTP saya hilang", None)]
    # A long card is read from its beginning: the question is still in sight.
    await expect(page.locator(".mine")).to_be_in_viewport()
    link = page.get_by_role("link", name="Ajukan sekarang")
    assert await link.get_attribute("href") == "https://kota.example/formulir/x"
    assert await link.get_attribute("rel") == "noopener noreferrer"
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0


async def test_formatting_becomes_nodes(chat: ChatServer, page_at: PageAt) -> None:
    chat.answer = lambda _message: [Reply(CARD)]
    page = await page_at(360)
    await page.goto(chat.url)
    await ChatPage(page).say("ktp")
    answer = page.locator(".theirs").last
    await expect(answer.locator("strong").first).to_have_text("KTP-el hilang")
    assert await answer.locator("ul > li").all_inner_texts() == [
        "Surat kehilangan dari kepolisian",
        "Fotokopi Kartu Keluarga",
        "Formulir F-1.02 (perlu dipastikan ke OPD)",
    ]
    await expect(answer.locator("ol > li")).to_have_count(2)
    await expect(answer.locator("em")).to_contain_text("diperiksa 3 Mei 2026")
    hrefs = await answer.locator("a").evaluate_all("links => links.map(a => [a.textContent, a.getAttribute('href')])")
    assert hrefs == [
        ["https://disdukcapil.bandung.go.id/layanan?x=a_b_c", "https://disdukcapil.bandung.go.id/layanan?x=a_b_c"],
        ["(022) 4209891", "tel:0224209891"],
        ["0811-2233-4455", "tel:081122334455"],
    ]
    # Blank lines are paragraphs: each of the four that follow one keeps its distance.
    await expect(answer.locator(".gap")).to_have_count(4)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Telepon 112 sekarang (gratis, 24 jam).", {"112": "tel:112"}),
        ("Hubungi *112* atau 119 ext 8.", {"112": "tel:112", "119": "tel:119"}),
        ("Ada 112 layanan, Rp112.000, tahun 2112", {}),
        ("Buka healing119.id atau https://a.go.id/b_c_d, ya.", {"healing119.id": "https://healing119.id/"}),
        ("Surel disdukcapil@bandung.go.id, tanggal 01-02-2026 pukul 08.00", {}),
        ("tel:+62-811-2233 dan +62 811 2233 4455", {"+62 811 2233 4455": "tel:+6281122334455"}),
        ("2 * 3 * 4 dan snake_case_name dan a*b*c", {}),
        ("javascript:alert(1) data:text/html,x file:///etc/passwd", {}),
    ],
)
async def test_numbers_and_links(chat: ChatServer, page_at: PageAt, text: str, links: dict[str, str]) -> None:
    chat.answer = lambda _message: [Reply(text)]
    page = await page_at(1280)
    await page.goto(chat.url)
    await ChatPage(page).say("tanya")
    answer = page.locator(".theirs .text").last
    shown = re.sub(r"\*(112)\*", r"\1", text).replace("tel:", "")
    await expect(answer).to_have_text(shown)
    found = dict(await answer.locator("a").evaluate_all("l => l.map(a => [a.textContent, a.getAttribute('href')])"))
    assert links.items() <= found.items()
    if not links:
        assert found == {}
        await expect(answer.locator("strong, em")).to_have_count(0)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "*<b onmouseover=alert(1)>tebal</b>*",
    'https://a.example/"onmouseover="alert(1)',
    "&lt;i&gt; &amp; {{7*7}} ${7*7}",
]


async def test_markup_is_shown_as_text(chat: ChatServer, page_at: PageAt) -> None:
    chat.answer = lambda m: [Reply(m.text, (Button(m.text[:20], "info:x"),), (m.text, "javascript:alert(1)"))]
    page = await page_at(360)
    page.on("dialog", lambda _dialog: pytest.fail("a script ran"))
    await page.goto(chat.url)
    talk = ChatPage(page)
    for text in HOSTILE:
        await talk.say(text)
        await expect(page.locator(".theirs .text").last).to_have_text(text.strip("*"))
        assert (await talk.said())[-2:] == [f"> {text}", text.strip("*")]
    await expect(page.locator("#log img, #log script, #log b, #log a[href^='javascript']")).to_have_count(0)
    await page.reload()
    assert len(await talk.said()) == 2 * len(HOSTILE)
    await expect(page.locator("#log img, #log script, #log b, #log a[href^='javascript']")).to_have_count(0)


async def test_buttons_send_their_payload_once(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("pilihan")
    card = page.get_by_role("button", name="Kartu Keluarga")
    await card.dblclick()
    await talk.read("Dipilih: info:kk")
    assert await chat.inbound() == [("text", "pilihan", None), ("payload", "", "info:kk")]
    assert await talk.said() == ["> pilihan", "Pilih salah satu:", "> Kartu Keluarga", "Dipilih: info:kk"]
    # What was offered stays in sight, and cannot be pressed any more; after a reload too.
    for _ in range(2):
        await expect(card).to_be_disabled()
        await expect(page.get_by_role("button", name="KTP-el")).to_be_disabled()
        await page.reload()


async def test_examples_greet_an_empty_log(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    chips = page.locator("[data-id=greeting] button")
    await expect(chips).to_have_count(5)
    await expect(page.get_by_text("jangan kirim NIK")).to_be_visible()
    assert chat.resumed_from == []  # who only looks takes no connection
    await page.get_by_role("button", name="KTP saya hilang").click()
    await talk.read("Kata Anda: KTP saya hilang")
    assert await chat.inbound() == [("text", "KTP saya hilang", None)]
    await expect(chips.first).to_be_disabled()


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


async def test_keyboard_only(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(1280)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await expect(talk.composer).to_be_focused()
    await page.keyboard.type("pilihan")
    await page.keyboard.press("Enter")
    await talk.read("Pilih salah satu:")
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="KTP-el")).to_be_focused()
    await page.keyboard.press("Enter")
    await talk.read("Dipilih: info:ktp")
    await expect(talk.composer).to_be_focused()

    await page.keyboard.type("baris satu")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("baris dua")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Kirim")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.locator(".mine")).to_have_count(3)
    assert (await chat.inbound())[-1] == ("text", "baris satu\nbaris dua", None)

    menu = page.get_by_role("button", name="Menu")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(menu).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Escape")
    await expect(menu).to_have_attribute("aria-expanded", "false")
    await expect(menu).to_be_focused()


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


async def test_large_text_is_remembered(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    size = "parseFloat(getComputedStyle(document.querySelector('.bubble')).fontSize)"
    normal = await page.evaluate(size)
    await talk.choose("Ukuran huruf besar")
    assert await page.evaluate(size) >= 1.25 * normal
    await page.reload()
    assert await page.evaluate(size) >= 1.25 * normal
    await page.get_by_role("button", name="Menu").click()
    toggle = page.get_by_role("button", name="Ukuran huruf besar")
    await expect(toggle).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_link_prefills_without_sending(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(f"{chat.url}/?tanya=ktp%20hilang")
    talk = ChatPage(page)
    await expect(talk.composer).to_have_value("ktp hilang")
    assert await talk.said() == []
    assert await chat.inbound() == []
    await page.get_by_role("button", name="Kirim").click()
    await talk.read("Kata Anda: ktp hilang")


async def test_composer_grows_and_counts(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    composer = ChatPage(page).composer
    low = (await composer.bounding_box() or {})["height"]
    await composer.fill("satu\ndua\ntiga")
    assert (await composer.bounding_box() or {})["height"] > low + 30
    await expect(page.locator("#counter")).to_be_hidden()
    await composer.fill("x" * 1900)
    await expect(page.locator("#counter")).to_have_text("Sisa 100 huruf")
    assert (await composer.bounding_box() or {})["height"] < 200
    assert await composer.get_attribute("maxlength") == "2000"
    await composer.fill("   \n ")
    await composer.press("Enter")
    assert await chat.inbound() == []


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


async def test_without_javascript(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360, java_script_enabled=False)
    await page.goto(chat.url)
    # Playwright's text selectors pass over what is in <noscript>.
    await expect(page.locator(".plain p").first).to_be_visible()
    await expect(page.locator(".plain a")).to_have_attribute("href", "tel:112")
    await expect(page.locator("#bottom")).to_be_hidden()
