"""How the web chat page shows answers: cards, formatting, links, and hostile text."""

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
