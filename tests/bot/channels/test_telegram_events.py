"""Edits, buttons, blocking, groups and garbage."""

from __future__ import annotations

import timeit
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.updates import ALLOWED_UPDATES, parse
from bot.messages import IncomingMessage
from bot.privacy import MASKED_IDENTITY

CHAT = {"id": 1001, "type": "private"}
ASEP = {"id": 1001, "is_bot": False, "first_name": "Asep"}
NIK = "3273012345670001"
BUTTON = {"text": "Syarat", "callback_data": "ask_requirements:ktp_el"}
UNDER_BUTTON = {"message_id": 9, "chat": CHAT, "reply_markup": {"inline_keyboard": [[BUTTON]]}}

Json = dict[str, Any]


def edit(**content: Any) -> Json:
    return {
        "update_id": 5,
        "edited_message": {"message_id": 42, "chat": CHAT, "edit_date": 1_767_225_700, **content},
    }


def press(**changes: Any) -> Json:
    query = {"id": "77", "from": ASEP, "message": UNDER_BUTTON, "data": "ask_requirements:ktp_el", **changes}
    return {
        "update_id": 5,
        "callback_query": {key: value for key, value in query.items() if value is not None},
    }


def member(status: object, **changes: Any) -> Json:
    change = {"chat": CHAT, "date": 1_767_225_600, "new_chat_member": {"status": status}, **changes}
    return {"update_id": 5, "my_chat_member": change}


def message(**changes: Any) -> Json:
    return {"update_id": 5, "message": {"message_id": 42, "chat": CHAT, "text": "halo", **changes}}


# label, update, expected (external_id, kind, text, payload, attributes) or None
CASES: list[tuple[str, object, tuple[str, str, str, str | None, Json] | None]] = [
    (
        "corrected text",
        edit(text="syarat kk"),
        ("e:1001:42:1767225700", "edited", "syarat kk", None, {"message_id": 42}),
    ),
    (
        "corrected caption with NIK",
        edit(caption=NIK),
        (
            "e:1001:42:1767225700",
            "edited",
            MASKED_IDENTITY,
            None,
            {"message_id": 42, "identity_masked": True},
        ),
    ),
    (
        "correction without its date",
        edit(text="x", edit_date=None),
        ("e:1001:42:u5", "edited", "x", None, {"message_id": 42}),
    ),
    ("moving live location", edit(location={"latitude": 1.0, "longitude": 2.0}), None),
    (
        "button",
        press(),
        (
            "c:77",
            "payload",
            "",
            "ask_requirements:ktp_el",
            {"callback_id": "77", "message_id": 9, "title": "Syarat"},
        ),
    ),
    (
        "button of a message too old to see",
        press(message={"chat": CHAT, "message_id": 9, "date": 0}),
        ("c:77", "payload", "", "ask_requirements:ktp_el", {"callback_id": "77", "message_id": 9}),
    ),
    (
        "button with strange rows",
        press(message=UNDER_BUTTON | {"reply_markup": {"inline_keyboard": [None, [1, {"text": 5}]]}}),
        ("c:77", "payload", "", "ask_requirements:ktp_el", {"callback_id": "77", "message_id": 9}),
    ),
    ("button in a group", press(message={"chat": {"id": -5, "type": "group"}, "message_id": 1}), None),
    ("button of an inline message", press(message=None, inline_message_id="x"), None),
    ("game button", press(data=None, game_short_name="x"), None),
    ("button id as a number", press(id=77), None),
    ("endless button id", press(id="7" * 65), None),
    ("blocked", member("kicked"), ("u:5", "blocked", "", None, {})),
    ("unblocked", member("member"), ("u:5", "unblocked", "", None, {})),
    ("other membership", member("restricted"), None),
    ("membership of a wrong type", member(["kicked"]), None),
    ("added to a group", member("member", chat={"id": -5, "type": "supergroup"}), None),
    ("group message", message(chat={"id": -5, "type": "group"}), None),
    ("supergroup message", message(chat={"id": -5, "type": "supergroup"}), None),
    ("channel post as message", message(chat={"id": -5, "type": "channel"}), None),
    ("message of a bot", message(**{"from": {"id": 3, "is_bot": True}}), None),
    ("message without sender", message(), ("m:1001:42", "text", "halo", None, {"message_id": 42})),
    ("chat id as text", message(chat={"id": "1001", "type": "private"}), None),
    ("chat id true", message(chat={"id": True, "type": "private"}), None),
    ("huge chat id", message(chat={"id": 10**30, "type": "private"}), None),
    ("message without id", message(message_id=None), None),
    ("channel post", {"update_id": 5, "channel_post": {"message_id": 1}}, None),
    ("reaction", {"update_id": 5, "message_reaction": {}}, None),
    ("only a number", {"update_id": 5}, None),
    ("message is a list", {"update_id": 5, "message": []}, None),
    ("nothing", {}, None),
    ("null", None, None),
    ("a list", [1, 2], None),
    ("a string", "halo", None),
    (
        "membership without number",
        {"my_chat_member": {"chat": CHAT, "new_chat_member": {"status": "kicked"}}},
        None,
    ),
]


@pytest.mark.parametrize(("update", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_event(update: object, expected: tuple[str, str, str, str | None, Json] | None) -> None:
    got = parse(update)
    if expected is None:
        assert got is None
        return
    assert got is not None
    assert (got.external_id, got.kind, got.text, got.payload, got.attributes) == expected
    assert got.address == "1001"


NAMES = st.sampled_from(
    [
        *ALLOWED_UPDATES,
        *("update_id", "message", "chat", "id", "type", "from", "message_id", "date", "edit_date", "text"),
        *("caption", "photo", "voice", "sticker", "emoji", "location", "latitude", "longitude", "venue"),
        *("contact", "data", "new_chat_member", "status", "reply_markup", "inline_keyboard", "file_id"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


def replaced(value: Any, path: list[int], new: Any) -> Any:
    """A copy of a JSON value with one part of it, found by the path, put in another's place."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(value[key], path[1:], new)
    return copy


@given(VALUES)
def test_garbage_never_raises(update: object) -> None:
    assert parse(update) is None or isinstance(parse(update), IncomingMessage)


@given(
    st.sampled_from([case[1] for case in CASES if case[2] is not None]),
    st.lists(st.integers(0, 9), max_size=6),
    VALUES,
)
def test_a_good_update_with_one_wrong_part_never_raises(update: object, path: list[int], new: object) -> None:
    got = parse(replaced(update, path, new))
    if got is not None:
        assert len(got.external_id) <= 128
        assert got.address.lstrip("-").isdigit()
        got.text.encode()  # storable


def test_parsing_takes_less_than_a_fifth_of_a_millisecond() -> None:
    update = message(text="syarat bikin ktp baru apa saja ya kak, " * 20)
    best = min(timeit.repeat(lambda: parse(update), number=200, repeat=5)) / 200
    assert best < 0.0002
