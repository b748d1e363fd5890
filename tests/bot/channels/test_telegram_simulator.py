"""The simulator is as strict as the real service, or the other tests prove nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.simulators.telegram import BotApiSpec, TelegramSimulator, official_spec
from tests.simulators.telegram.markup import MarkupError, parse_html

ASEP = 1001
KEYBOARD = {"inline_keyboard": [[{"text": "Ya", "callback_data": "x"}]]}


def test_continuous_integration_never_runs_without_the_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert official_spec(tmp_path / "missing.json") is None
    monkeypatch.setenv("CI", "1")
    with pytest.raises(FileNotFoundError):
        official_spec(tmp_path / "missing.json")


@pytest.fixture
def spec(bot_api_spec: BotApiSpec | None) -> BotApiSpec:
    if bot_api_spec is None:
        pytest.skip("no official schema beside this clone")
    return bot_api_spec


@pytest.mark.parametrize(
    ("method", "params", "problem"),
    [
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": KEYBOARD}, None),
        ("sendMessage", {"chat_id": "@x", "text": "x"}, None),
        ("sendMessages", {}, "no such method"),
        ("sendMessage", {"chat_id": 1}, "text: missing"),
        ("sendMessage", {"chat_id": 1, "text": 5}, "text: String expected"),
        ("sendMessage", {"chat_id": 1.5, "text": "x"}, "chat_id: Integer expected"),
        ("sendMessage", {"chat_id": True, "text": "x"}, "chat_id: Integer expected"),
        ("sendMessage", {"chat_id": 1, "text": "x", "markup": {}}, "markup: unknown"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": "{}"}, "reply_markup: "),
        (
            "sendMessage",
            {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"callback_data": "x"}]]}},
            "text: missing",
        ),
        (
            "sendMessage",
            {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [{"text": "x"}]}},
            "Array of InlineKeyboardButton expected",
        ),
        ("getUpdates", {"allowed_updates": ["message", 5]}, "allowed_updates[1]: String expected"),
    ],
)
def test_schema(spec: BotApiSpec, method: str, params: dict[str, Any], problem: str | None) -> None:
    problems = spec.problems(method, params)
    assert (problems == []) if problem is None else any(problem in found for found in problems)


async def test_residents_write_in_the_official_shapes(spec: BotApiSpec, telegram: TelegramSimulator) -> None:
    residents = telegram.residents
    residents.edit(ASEP, residents.say(ASEP, "/start x"), "halo")
    residents.send_photo(ASEP, caption="x")
    residents.send_document(ASEP, b"x", "x.pdf")
    residents.send_voice(ASEP)
    residents.send_sticker(ASEP)
    residents.send_location(ASEP, 1.5, 2.5)
    residents.unblock(ASEP)
    await call(telegram, "sendMessage", chat_id=ASEP, text="x", reply_markup=KEYBOARD)
    residents.press(ASEP, "Ya")
    residents.block(ASEP)
    assert len(telegram.queue.history) == 10
    for update in telegram.queue.history.values():
        assert spec.type_problems("Update", update) == []


async def call(telegram: TelegramSimulator, method: str, **params: Any) -> tuple[int, str]:
    url = f"{telegram.base_url}/bot{telegram.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=params) as response:
        return response.status, str((await response.json()).get("description"))


def button(**fields: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Ya", **fields}]]}


@pytest.mark.parametrize(
    ("params", "status", "description"),
    [
        ({"text": "a" * 4096}, 200, "None"),
        ({"text": "a" * 4097}, 400, "message is too long"),
        ({"text": "😀" * 2049}, 400, "message is too long"),
        ({"text": "&amp;" * 4096, "parse_mode": "HTML"}, 200, "None"),
        ({"text": " \n"}, 400, "message text is empty"),
        ({"text": "<b>x", "parse_mode": "HTML"}, 400, "can't parse entities: Can't find end tag"),
        ({"text": "<b>x"}, 200, "None"),
        ({"text": "x", "reply_markup": button(callback_data="x" * 64)}, 200, "None"),
        ({"text": "x", "reply_markup": button(callback_data="x" * 65)}, 400, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": button(callback_data="")}, 400, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": button()}, 400, "Text buttons are unallowed"),
        ({"text": "x", "reply_markup": button(url="http://localhost")}, 400, "Wrong HTTP URL"),
        ({"text": "x", "chat_id": 9}, 400, "chat not found"),
    ],
)
async def test_limits(telegram: TelegramSimulator, params: dict[str, Any], status: int, description: str) -> None:
    telegram.residents.say(ASEP, "halo")
    got = await call(telegram, "sendMessage", **{"chat_id": ASEP, **params})
    assert got[0] == status and description in got[1]


@pytest.mark.parametrize(
    "text", ["<b>", "</b>", "<b>x</i>", "a < b", "a <3", "<x>y</x>", "<b>x</b", "<>", "<b><i>x</b></i>"]
)
def test_markup_that_is_refused(text: str) -> None:
    with pytest.raises(MarkupError):
        parse_html(text)


def test_markup_that_is_read() -> None:
    assert parse_html("😀<b>x &lt;&#38;</b> &copy; a > b")[0] == "😀x <& &copy; a > b"
    assert parse_html("😀<b>x</b>")[1] == [{"type": "bold", "offset": 2, "length": 1}]
