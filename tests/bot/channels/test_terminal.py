"""The terminal: typed lines as messages."""

from __future__ import annotations

import pytest

from actions.turn import Button, Reply
from bot.channels.terminal import TerminalChannel, typed
from bot.messages import OutgoingPart

BUTTONS = [{"title": "Syarat", "payload": "ask_requirements:kk_baru"}, {"title": "Biaya", "payload": "ask_fee:kk_baru"}]


@pytest.mark.parametrize(
    ("line", "kind", "text", "payload", "attributes"),
    [
        ("ktp hilang", "text", "ktp hilang", None, {}),
        ("#2", "payload", "", "ask_fee:kk_baru", {}),
        (" #1 ", "payload", "", "ask_requirements:kk_baru", {}),
        ("#3", "text", "#3", None, {}),
        ("#0", "text", "#0", None, {}),
        ("#1 dan #2", "text", "#1 dan #2", None, {}),
        ("/start kk_baru ", "command", "/start", None, {"argument": "kk_baru"}),
        ("/bantuan", "command", "/bantuan", None, {"argument": ""}),
        ("nik 3273010101900001", "text", "nik [nomor disamarkan]", None, {"identity_masked": True}),
    ],
)
def test_a_typed_line(line: str, kind: str, text: str, payload: str | None, attributes: dict[str, object]) -> None:
    message = typed(line, "a1", "7", BUTTONS)
    assert (message.kind, message.text, message.payload, dict(message.attributes)) == (kind, text, payload, attributes)
    assert (message.channel, message.address, message.external_id) == ("terminal", "a1", "a1:7")


@pytest.mark.parametrize("line", ["a\x00b", "rusak \udcff"])
def test_what_no_database_stores_is_left_out(line: str) -> None:
    assert typed(line, "a", "1", []).text.encode("utf-8").count(b"\x00") == 0


async def test_answers_come_whole_and_in_order() -> None:
    channel = TerminalChannel()
    [body] = channel.render(Reply("Halo", (Button("Menu", "menu"),)))
    assert body == {"text": "Halo", "buttons": [{"title": "Menu", "payload": "menu"}]}
    first = [OutgoingPart(1, 1, "a", 1, body), OutgoingPart(2, 1, "a", 2, body)]
    channel.delivered("a", first)
    channel.delivered("a", [])
    assert channel.answers.get_nowait() == first and channel.answers.get_nowait() == []
    assert channel.mailbox and await channel.send(first[0]) is None
