"""Writing and pressing on the web chat page: buttons, keyboard, menu, composer."""

from __future__ import annotations

from conftest import PageAt
from playwright.async_api import expect
from webchat_page import ChatPage
from webchat_server import ChatServer


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


async def test_without_javascript(chat: ChatServer, page_at: PageAt) -> None:
    page = await page_at(360, java_script_enabled=False)
    await page.goto(chat.url)
    # Playwright's text selectors pass over what is in <noscript>.
    await expect(page.locator(".plain p").first).to_be_visible()
    await expect(page.locator(".plain a")).to_have_attribute("href", "tel:112")
    await expect(page.locator("#bottom")).to_be_hidden()
