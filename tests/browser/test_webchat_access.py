"""Names, roles, contrast and touch targets, in both colour schemes."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from conftest import Faults, PageAt
from playwright.async_api import Page, expect
from webchat_page import ChatPage
from webchat_server import ChatServer

from bot.app import STATIC

CONTRAST = """() => {
  const parse = c => { const [r, g, b, a = 1] = c.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const ground = el => {
    const layers = [];
    for (let n = el; n; n = n.parentElement) layers.push(parse(getComputedStyle(n).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const el = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !el.getClientRects().length || el.closest('noscript, .sr')) continue;
    const back = ground(el);
    found.push([walker.currentNode.data.trim(), ratio(over(parse(getComputedStyle(el).color), back), back)]);
  }
  const field = document.querySelector('textarea');
  found.push(['(placeholder)', ratio(parse(getComputedStyle(field, '::placeholder').color), ground(field))]);
  return found;
}"""


async def everything_on_screen(chat: ChatServer, page: Page) -> None:
    """Chips old and new, a failed message, the counter, a notice, the open menu."""
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("pilihan")
    await page.get_by_role("button", name="KTP-el").click()
    await talk.read("Dipilih: info:ktp")
    await talk.say("pilihan")
    await expect(page.get_by_role("button", name="KTP-el").last).to_be_enabled()
    await page.route("**/webchat/messages", lambda route: route.fulfill(status=400))
    await talk.say("tidak terkirim")
    await talk.expect_state("tidak terkirim", "gagal")
    await page.unroute("**/webchat/messages")
    await page.route("**/webchat/messages", lambda route: route.fulfill(status=503))
    await talk.say("menunggu")
    await expect(talk.notice).to_contain_text("sibuk")
    await talk.composer.fill("x" * 2000)
    await page.get_by_role("button", name="Menu").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_contrast(
    chat: ChatServer, page_at: PageAt, faults: Faults, width: int, scheme: Literal["light", "dark"]
) -> None:
    faults.allow(r"status of (400|503)")
    page = await page_at(width, color_scheme=scheme)
    await everything_on_screen(chat, page)
    found: list[tuple[str, float]] = await page.evaluate(CONTRAST)
    assert {"Telepon 112", "terkirim", "Kirim ulang", "Hapus riwayat di perangkat ini"} <= {
        text.rpartition(" · ")[2] for text, _ in found
    }
    assert [(text, round(ratio, 2)) for text, ratio in found if ratio < 4.5] == []
    await page.get_by_role("button", name="Hapus riwayat").click()
    asked: list[tuple[str, float]] = await page.evaluate(CONTRAST)
    assert [(text, round(ratio, 2)) for text, ratio in asked if ratio < 4.5] == []


@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_touch_targets(chat: ChatServer, page_at: PageAt, faults: Faults, width: int) -> None:
    faults.allow(r"status of (400|503)")
    page = await page_at(width)
    await everything_on_screen(chat, page)
    small: list[Any] = await page.evaluate(
        """() => [...document.querySelectorAll('button, textarea, .sos a, .go')]
            .map(n => [n.textContent || n.id, n.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 44 || box.width < 44)).map(([name]) => name)"""
    )
    assert small == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_names_and_roles(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360)
    await page.goto(chat.url)
    talk = ChatPage(page)
    await talk.say("pilihan")
    await talk.read("Pilih salah satu:")
    assert await page.locator("html").get_attribute("lang") == "id"
    await expect(page.get_by_role("heading", name="Nirtatap", level=1)).to_be_visible()
    await expect(page.get_by_role("banner")).to_be_visible()
    await expect(page.get_by_role("main")).to_be_visible()
    await expect(page.get_by_role("log", name="Pesan")).to_have_attribute("aria-live", "polite")
    await expect(page.get_by_role("textbox", name="Tulis pertanyaan Anda")).to_be_visible()
    await expect(page.get_by_role("button", name="Kirim")).to_be_visible()
    await expect(page.get_by_role("button", name="Menu")).to_have_attribute("aria-expanded", "false")
    await expect(page.get_by_role("status")).to_have_count(2)
    assert await page.get_by_role("link", name="Telepon 112").get_attribute("href") == "tel:112"
    # Who speaks is said, not only shown by side and colour.
    await expect(page.locator(".mine .sr")).to_have_text("Anda: ")
    await expect(page.locator(".theirs .sr").last).to_have_text("Nirtatap: ")
    unnamed = await page.evaluate(
        """[...document.querySelectorAll('button, a, textarea, img')].filter(n => n.getClientRects().length &&
            !(n.textContent.trim() || n.getAttribute('aria-label') || n.alt === '' || (n.labels && n.labels.length)))
            .length"""
    )
    assert unnamed == 0
    twice = await page.evaluate(
        "[...document.querySelectorAll('[id]')].map(n => n.id).filter((id, i, all) => all.indexOf(id) !== i)"
    )
    assert twice == []


async def test_focus_is_visible(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(1280)
    await page.goto(chat.url)
    for _ in range(10):
        await page.keyboard.press("Tab")
        style = await page.evaluate(
            """() => { const s = getComputedStyle(document.activeElement);
                return document.activeElement === document.body ? 'body' : s.outlineStyle + s.boxShadow; }"""
        )
        assert style not in ("nonenone", "")


def test_pages_are_small_and_old_browsers_read_them() -> None:
    page = [STATIC / name for name in ("index.html", "chat.css", "chat.js")]
    assert sum(path.stat().st_size for path in page) < 45_000
    for path in (STATIC / "chat.js", STATIC / "embed.js"):
        source = path.read_text("utf-8")
        for newer in ("?.", "??", "{ ...", "replaceChildren", "replaceAll(", ".at(-", "matchAll", "innerHTML", "eval("):
            assert newer not in source, f"{path.name}: {newer}"
    styles = (STATIC / "chat.css").read_text("utf-8")
    for newer in (" gap:", "inset:", "clamp(", "min(", ":is(", ":where(", "dvh"):
        assert newer not in styles.replace("min()/clamp(), no :is()", ""), newer
