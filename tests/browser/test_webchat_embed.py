"""The chat in a panel on another site, which has a strict policy and a style sheet of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from aiohttp import web
from conftest import SCREENSHOTS, PageAt
from playwright.async_api import Page, expect
from webchat_page import ChatPage
from webchat_server import ChatServer

PAGE = """<!doctype html><html lang="id"><head><meta name="viewport" content="width=device-width">
<title>Kota</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/site.css"><script src="{chat}/webchat.js" defer {attributes}></script>{more}</head>
<body><h1>Pemerintah Kota</h1><p><a href="#">Berita</a> tentang layanan kota.</p></body></html>"""
SITE_CSS = "button { background: red !important; width: 9px !important; } div { display: none; } iframe { opacity: 0; }"


@pytest_asyncio.fixture
async def site(chat: ChatServer) -> AsyncIterator[Callable[..., str]]:
    """`site(attributes)`: the address of a city page with the script tag on it."""
    wanted = {"attributes": "", "more": ""}

    async def page(_request: web.Request) -> web.Response:
        policy = f"default-src 'none'; script-src {chat.url}; style-src 'self'; frame-src {chat.url}; img-src data:"
        return web.Response(
            text=PAGE.format(chat=chat.url, **wanted),
            content_type="text/html",
            headers={"Content-Security-Policy": policy},
        )

    async def style(_request: web.Request) -> web.Response:
        return web.Response(text=SITE_CSS, content_type="text/css")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/site.css", style)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    def address(attributes: str = "", more: str = "") -> str:
        wanted.update(attributes=attributes, more=more)
        # Another host name as well as another port: another site to the browser.
        return f"http://localhost:{runner.addresses[0][1]}/"

    yield address
    await runner.cleanup()


async def open_panel(page: Page) -> ChatPage:
    await page.get_by_role("button", name="Buka obrolan layanan kota").click()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_label("Tulis pertanyaan Anda")).to_be_visible()
    return ChatPage(page.frames[-1])


@pytest.mark.parametrize(("device", "width"), [("phone", 360), ("desktop", 1280)])
async def test_chat_on_a_city_site(
    site: Callable[..., str], chat: ChatServer, page_at: PageAt, device: str, width: int
) -> None:
    page = await page_at(width)
    await page.goto(site())
    launcher = page.get_by_role("button", name="Buka obrolan layanan kota")
    await expect(launcher).to_be_visible()
    box = await launcher.bounding_box()
    assert box is not None
    assert box["width"] >= 60  # the site's own button style does not reach it
    await expect(page.locator("iframe")).to_have_count(0)  # nothing is loaded before it is wanted

    talk = await open_panel(page)
    panel = page.get_by_role("dialog", name="Obrolan layanan kota")
    await expect(panel).to_be_visible()
    await talk.say("halo dari situs kota")
    await talk.read("Kata Anda: halo dari situs kota")
    await expect(talk.view.get_by_role("heading", name="Nirtatap")).to_be_hidden()
    await expect(talk.view.get_by_role("link", name="Telepon 112")).to_be_visible()
    await page.screenshot(path=SCREENSHOTS / f"webchat-embed-{device}.png")
    size = await panel.bounding_box()
    assert size is not None
    if device == "phone":
        assert (size["width"], size["height"]) == (360, 740)
        assert await panel.get_attribute("aria-modal") == "true"
    else:
        assert size["width"] == 400
        assert size["x"] + size["width"] == 1260

    # Escape inside the frame closes, and focus returns to where it came from.
    await talk.composer.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(launcher).to_be_focused()
    # Opening again goes on in the same frame.
    await page.keyboard.press("Enter")
    await expect(panel).to_be_visible()
    assert await talk.said() == ["> halo dari situs kota", "Kata Anda: halo dari situs kota"]
    await page.get_by_role("button", name="Tutup obrolan").click()
    await expect(panel).to_be_hidden()
    await expect(launcher).to_be_focused()


async def test_keyboard_goes_into_the_panel(site: Callable[..., str], page_at: PageAt) -> None:
    page = await page_at(1280)
    await page.goto(site())
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_label("Tulis pertanyaan Anda")).to_be_focused()
    await page.keyboard.type("mengetik langsung")
    await expect(frame.get_by_label("Tulis pertanyaan Anda")).to_have_value("mengetik langsung")
    close = page.get_by_role("button", name="Tutup obrolan")
    await close.focus()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_attributes(site: Callable[..., str], page_at: PageAt) -> None:
    page = await page_at(1280)
    await page.goto(
        site('data-posisi="kiri" data-warna="#ffd54f" data-label="Tanya Nirtatap" data-judul="Layanan Kota"')
    )
    launcher = page.get_by_role("button", name="Tanya Nirtatap (buka obrolan layanan kota)")
    await expect(launcher).to_have_css("background-color", "rgb(255, 213, 79)")
    await expect(launcher).to_have_css("color", "rgb(0, 0, 0)")  # readable on the site's colour
    box = await launcher.bounding_box()
    assert box is not None
    assert box["x"] == 20
    await launcher.click()
    await expect(page.get_by_role("dialog").get_by_text("Layanan Kota")).to_be_visible()


async def test_loaded_twice_and_other_messages(site: Callable[..., str], chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(1280)
    await page.goto(site(more=f'<script src="{chat.url}/webchat.js" defer></script>'))
    await expect(page.get_by_role("button", name="Buka obrolan layanan kota")).to_have_count(1)
    names = await page.evaluate("Object.keys(window).filter(name => /nirtatap/i.test(name))")
    assert names == ["__nirtatapWebchat"]
    await open_panel(page)
    # Only our frame may close the panel.
    await page.evaluate("window.postMessage('nirtatap:close', '*')")
    await page.wait_for_timeout(200)
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_page_alone_posts_nothing(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(1280)
    await page.goto(f"{chat.url}/?embed=1")
    heard = await page.evaluate(
        """() => new Promise(done => {
            const all = [];
            addEventListener('message', e => all.push(e.data));
            document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}));
            setTimeout(() => done(all), 200);
        })"""
    )
    assert heard == []
