"""The main job, end to end: a resident asks on Telegram or the web chat, and the catalogue answers.

Real model, real Rasa server, real database, real sockets; only Telegram's own side is a simulator.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright
from sqlalchemy import select

from bot.models import INBOUND, OUTBOX
from bot.settings import Settings, load_settings
from nirtatap.wiring import ROOT, Bot, prepare
from tests.conftest import RasaServer, free_port
from tests.simulators.telegram import TelegramSimulator, official_spec

CHAT = 70011


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    simulator = TelegramSimulator(official_spec())
    await simulator.start()
    yield simulator
    await simulator.close()
    assert simulator.spec_problems == []


def settings(
    rasa: RasaServer, folder: Path, telegram: TelegramSimulator | None = None, mode: str = "polling"
) -> Settings:
    values: dict[str, object] = {
        "database_url": f"sqlite:///{folder}/nirtatap.db",
        "public_port": free_port(),
        "internal_port": free_port(),
        "rasa_url": rasa.url,
        "rasa_token": rasa.token,
    }
    if telegram is not None:
        values |= {"telegram_bot_token": telegram.token, "telegram_api_base": telegram.base_url, "telegram_mode": mode}
        values["telegram_webhook_secret"] = "rahasia-untuk-uji"
    return load_settings(**values)


@pytest.fixture
def ready_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with the city in it."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/nirtatap.db")
    prepare(load_settings())
    return tmp_path


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_telegram(ready_database: Path, rasa: RasaServer, telegram: TelegramSimulator, mode: str) -> None:
    config = settings(rasa, ready_database, telegram, mode)
    async with Bot(config) as bot:
        await bot.listen()
        if mode == "webhook":
            url = f"http://127.0.0.1:{config.public_port}/telegram/webhook"
            await telegram.set_webhook(url, config.telegram_webhook_secret)
        people = telegram.residents

        people.say(CHAT, "/start ktp_el_hilang")
        card = await telegram.wait_for_message(CHAT, 1)
        assert "KTP-el hilang" in card["text"] and "kepolisian" in card["text"]
        assert telegram.calls_of(CHAT, "sendChatAction")

        people.press(CHAT, "Caranya")
        steps = await telegram.wait_for_message(CHAT, 2)
        assert "Polsek" in steps["text"]

        people.say(CHAT, "bayar ga trs brp lama jadinya")
        both = await telegram.wait_for_message(CHAT, 3)
        assert "gratis" in both["text"].lower() and "hari kerja" in both["text"]

        people.send_voice(CHAT)
        voice = await telegram.wait_for_message(CHAT, 4)
        assert "suara" in voice["text"]

        people.say(CHAT, "nik saya 3273012345678901 gmn")
        await telegram.wait_for_message(CHAT, 6)
        warned = telegram.sent(CHAT)[-1]["text"]
        assert "samarkan" in warned

        people.say(CHAT, "tolong ada kebakaran besar di rumah tetangga!!")
        danger = await telegram.wait_for_message(CHAT, 7)
        assert "113" in danger["text"] and "reply_markup" not in danger
        rows = await bot.database.run(
            lambda c: c.execute(select(INBOUND.c.text, INBOUND.c.state, INBOUND.c.outcome)).all()
        )
        assert all(row.state == "done" and row.outcome for row in rows)
        assert not any("3273012345678901" in row.text for row in rows)
        states = await bot.database.run(lambda c: set(c.execute(select(OUTBOX.c.state)).scalars()))
        assert states == {"sent"}


async def test_web_chat_in_a_browser(ready_database: Path, rasa: RasaServer) -> None:
    """The page on a phone, with the screenshot that the README shows."""
    shots = ROOT / "build" / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    config = settings(rasa, ready_database)
    async with Bot(config) as bot, async_playwright() as playwright:
        await bot.listen()
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        )  # fmt: skip
        for name, width, height in (("phone", 390, 844), ("desktop", 1280, 900)):
            context = await browser.new_context(viewport={"width": width, "height": height}, locale="id-ID")
            page = await context.new_page()
            await page.goto(f"http://127.0.0.1:{config.public_port}/")
            box = page.get_by_role("textbox")
            await box.fill("ktp sy ilang di angkot, syaratnya apa trs bayar ga?")
            await box.press("Enter")
            log = page.get_by_role("log")
            await log.get_by_text("kepolisian").wait_for(timeout=20_000)
            await log.get_by_text("gratis").first.wait_for()
            await box.fill("klo diwakilin bisa?")
            await box.press("Enter")
            await log.get_by_text("Untuk siapa").last.wait_for(timeout=20_000)
            await page.wait_for_timeout(300)
            await page.screenshot(path=shots / f"conversation-{name}.png")
            await context.close()
        await browser.close()
