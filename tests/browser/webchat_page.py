"""What a resident does on the web chat page, in words of the tests."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Frame, Locator, Page, expect

KEY = "nirtatap.v1"


class ChatPage:
    """The page, or the page in a city site's panel (`view` is then its frame)."""

    def __init__(self, view: Page | Frame) -> None:
        self.view = view

    @property
    def composer(self) -> Locator:
        return self.view.get_by_label("Tulis pertanyaan Anda")

    @property
    def notice(self) -> Locator:
        return self.view.locator("#notice")

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def read(self, text: str) -> None:
        """Wait until an answer says exactly this."""
        await expect(self.view.locator(".theirs .text").get_by_text(text, exact=True)).to_be_visible()

    async def said(self) -> list[str]:
        """Every message on the screen in order, the greeting left out; the resident's with `> `."""
        return await self.view.locator(".msg").evaluate_all(
            """nodes => nodes.filter(n => n.dataset.id !== 'greeting').map(
                n => (n.classList.contains('mine') ? '> ' : '') + n.querySelector('.text').textContent)"""
        )

    async def state_of(self, text: str) -> str:
        """What stands under the resident's message: time and delivery."""
        message = self.view.locator(".mine").filter(has_text=text)
        return await message.locator(".meta").inner_text()

    async def expect_state(self, text: str, state: str) -> None:
        message = self.view.locator(".mine").filter(has_text=text)
        await expect(message.locator(".meta")).to_contain_text(state)

    async def choose(self, item: str) -> None:
        await self.view.get_by_role("button", name="Menu").click()
        await self.view.get_by_role("button", name=item).click()

    async def stored(self) -> dict[str, Any]:
        return await self.view.evaluate(f"JSON.parse(localStorage.getItem('{KEY}'))")
