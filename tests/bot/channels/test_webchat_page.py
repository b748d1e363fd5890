"""The web chat's page over real HTTP: served with its guards, and no file beside it given away."""

from __future__ import annotations

import aiohttp
import pytest

from tests.bot.channels.webchat_bot import ChatBot


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/webchat.js", "javascript"),
        ("/webchat/static/chat.js", "javascript"),
        ("/webchat/static/chat.css", "text/css"),
    ],
)
async def test_the_page_is_served_with_security_headers(light: ChatBot, path: str, kind: str) -> None:
    async with light.http.get(light.url + path) as response:
        assert response.status == 200 and kind in response.headers["Content-Type"]
        _assert_guarded(response)


def _assert_guarded(response: aiohttp.ClientResponse) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'self' https://kota.example" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/webchat/static/", 403),
        ("/webchat/static/..%2f..%2froutes.py", 404),
        ("/webchat/static/%2e%2e/routes.py", 404),
        ("/webchat/messages", 405),
        ("/webchat/events", 400),
    ],
)
async def test_errors_are_guarded_too_and_give_no_file_away(light: ChatBot, path: str, status: int) -> None:
    from yarl import URL

    async with light.http.get(URL(light.url + path, encoded=True)) as response:
        assert response.status == status
        assert "import" not in await response.text()
        _assert_guarded(response)


async def test_the_page_has_nothing_inline_that_its_policy_would_stop(light: ChatBot) -> None:
    async with light.http.get(light.url + "/") as response:
        page = await response.text()
    assert "<script>" not in page and "style=" not in page and "onclick" not in page
