"""A real Chromium, and the web chat's real routes over a database of their own.

`browser` and `page_at` serve any browser test; `chat` is the web chat with an answering
function of the test instead of the model.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright
from webchat_server import ChatServer

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM_ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium (scripts/browser.sh installs it)."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("Chromium is missing; install it with scripts/browser.sh")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_ARGS, ignore_default_args=["--headless"]
        )
        yield launched
        await launched.close()


class Faults(list[str]):
    """What a page logged as an error; `allow` names what a test provokes on purpose."""

    def __init__(self) -> None:
        super().__init__()
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        self._allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        return [fault for fault in self if not any(p.search(fault) for p in self._allowed)]


@pytest.fixture
def faults() -> Faults:
    return Faults()


PageAt = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture
async def page_at(browser: Browser, faults: Faults) -> AsyncIterator[PageAt]:
    """`await page_at(360)`: an empty page of that width, phone-like below 600 pixels.

    Keywords go to Playwright's `new_context` (`color_scheme="dark"`). The test fails at its end
    if a page logged an error, threw, or broke its Content-Security-Policy.
    """
    contexts = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.append(f"{message.type}: {message.text}")

    async def open_page(width: int, height: int | None = None, **options: Any) -> Page:
        phone = width < 600
        settings: dict[str, Any] = {
            "viewport": {"width": width, "height": height or (740 if phone else 800)},
            "device_scale_factor": 2 if phone else 1,
            "has_touch": phone,
            "is_mobile": phone,
            "locale": "id-ID",
            "timezone_id": "Asia/Jakarta",
        }
        context = await browser.new_context(**(settings | options))
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        watch(page)
        context.on("page", watch)
        return page

    def watch(page: Page) -> None:
        page.on("console", on_console)
        page.on("pageerror", lambda error: faults.append(f"thrown: {error}"))

    yield open_page
    for context in contexts:
        await context.close()
    assert faults.unexpected() == []


@pytest_asyncio.fixture
async def chat(tmp_path: Path) -> AsyncIterator[ChatServer]:
    server = ChatServer(tmp_path)
    await server.open()
    yield server
    server.go_on()
    with contextlib.suppress(RuntimeError):
        await server.close()
