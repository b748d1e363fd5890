"""Messages of residents, as Telegram sends them, and what is made of each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.channels.telegram.updates import parse
from bot.privacy import MASKED_IDENTITY

CHAT = {"id": 1001, "type": "private", "first_name": "Asep"}
ASEP = {"id": 1001, "is_bot": False, "first_name": "Asep"}
SENT = 1_767_225_600  # 2026-01-01 00:00 UTC
NIK = "3273012345670001"
FILE = {"file_id": "F", "file_unique_id": "U", "file_size": 5}
STORED = {"file_id": "F", "file_unique_id": "U", "file_size": 5}
POINT = {"latitude": -6.9, "longitude": 107.6}

Json = dict[str, Any]
Case = tuple[str, Json, str, str, Json]

# label, content of the message, expected kind, text and attributes (beside message_id)
CASES: list[Case] = [
    ("plain text", {"text": "syarat ktp"}, "text", "syarat ktp", {}),
    ("text with lines", {"text": "halo\nmau tanya"}, "text", "halo\nmau tanya", {}),
    ("empty text", {"text": ""}, "text", "", {}),
    ("emoji text", {"text": "👍🏽"}, "text", "👍🏽", {}),
    ("sundanese", {"text": "punten, bade naros"}, "text", "punten, bade naros", {}),
    ("arabic script", {"text": "السلام عليكم"}, "text", "السلام عليكم", {}),
    ("NIK", {"text": f"nik {NIK}"}, "text", f"nik {MASKED_IDENTITY}", {"identity_masked": True}),
    (
        "NIK in groups",
        {"text": "3273 0123 4567 0001"},
        "text",
        MASKED_IDENTITY,
        {"identity_masked": True},
    ),
    (
        "seventeen digits hide a NIK",
        {"text": "12345678901234567"},
        "text",
        "[nomor disamarkan]",
        {"identity_masked": True},
    ),
    ("phone stays", {"text": "hp 081234567890"}, "text", "hp 081234567890", {}),
    ("NUL is dropped", {"text": "a\x00b"}, "text", "ab", {}),
    ("half a surrogate pair", {"text": "a\ud83db"}, "text", "a?b", {}),
    ("reply", {"text": "ya", "reply_to_message": {"message_id": 7}}, "text", "ya", {"reply_to": 7}),
    ("reply to garbage", {"text": "ya", "reply_to_message": 7}, "text", "ya", {}),
    ("forwarded", {"text": "info", "forward_origin": {"type": "user"}}, "text", "info", {"forwarded": True}),
    ("new field", {"text": "halo", "sesuatu_baru": {"a": 1}}, "text", "halo", {}),
    ("link", {"text": "https://disdukcapil.bandung.go.id"}, "text", "https://disdukcapil.bandung.go.id", {}),
    # commands
    ("start", {"text": "/start"}, "command", "/start", {"command": "start", "argument": ""}),
    (
        "deep link",
        {"text": "/start ktp_el_hilang"},
        "command",
        "/start",
        {"command": "start", "argument": "ktp_el_hilang"},
    ),
    (
        "addressed command",
        {"text": "/start@nirtatap_bot x"},
        "command",
        "/start",
        {"command": "start", "argument": "x"},
    ),
    ("bantuan", {"text": "/bantuan"}, "command", "/bantuan", {"command": "bantuan", "argument": ""}),
    ("capitals", {"text": "/MENU"}, "command", "/menu", {"command": "menu", "argument": ""}),
    ("data", {"text": "/data  "}, "command", "/data", {"command": "data", "argument": ""}),
    (
        "command and lines",
        {"text": "/lapor jalan\nrusak"},
        "command",
        "/lapor",
        {"command": "lapor", "argument": "jalan\nrusak"},
    ),
    (
        "command with NIK",
        {"text": f"/cek {NIK}"},
        "command",
        "/cek",
        {"command": "cek", "argument": MASKED_IDENTITY, "identity_masked": True},
    ),
    ("slash alone", {"text": "/"}, "text", "/", {}),
    ("slash later", {"text": "dan/atau"}, "text", "dan/atau", {}),
    ("path", {"text": "/etc/passwd"}, "text", "/etc/passwd", {}),
    ("command glued to words", {"text": "/start-ulang"}, "text", "/start-ulang", {}),
    ("command of 33 letters", {"text": "/" + "a" * 33}, "text", "/" + "a" * 33, {}),
    # media
    ("photo without caption", {"photo": [FILE]}, "photo", "", STORED),
    (
        "largest photo",
        {"photo": [FILE | {"width": 1, "height": 1}, FILE | {"file_id": "G", "width": 9, "height": 9}]},
        "photo",
        "",
        STORED | {"file_id": "G", "width": 9, "height": 9},
    ),
    ("photo with caption", {"photo": [FILE], "caption": "jalan rusak"}, "photo", "jalan rusak", STORED),
    (
        "caption with NIK",
        {"photo": [FILE], "caption": NIK},
        "photo",
        MASKED_IDENTITY,
        STORED | {"identity_masked": True},
    ),
    (
        "album",
        {"photo": [FILE], "media_group_id": "13"},
        "photo",
        "",
        STORED | {"media_group_id": "13"},
    ),
    (
        "document",
        {"document": FILE | {"file_name": "surat.pdf", "mime_type": "application/pdf"}},
        "document",
        "",
        STORED | {"file_name": "surat.pdf", "mime_type": "application/pdf"},
    ),
    (
        "file named by NIK",
        {"document": FILE | {"file_name": f"KTP {NIK}.jpg"}},
        "document",
        "",
        STORED | {"file_name": f"KTP {MASKED_IDENTITY}.jpg", "identity_masked": True},
    ),
    (
        "voice",
        {"voice": FILE | {"duration": 4, "mime_type": "audio/ogg"}},
        "voice",
        "",
        STORED | {"duration": 4, "mime_type": "audio/ogg"},
    ),
    ("audio", {"audio": FILE | {"duration": 60}}, "audio", "", STORED | {"duration": 60}),
    (
        "video",
        {"video": FILE | {"duration": 9, "width": 2, "height": 3}, "caption": "banjir"},
        "video",
        "banjir",
        STORED | {"duration": 9, "width": 2, "height": 3},
    ),
    ("round video", {"video_note": FILE | {"duration": 5}}, "video", "", STORED | {"duration": 5}),
    ("animation", {"animation": FILE, "document": FILE}, "video", "", STORED),
    ("sticker", {"sticker": FILE | {"emoji": "🙏"}}, "sticker", "🙏", STORED | {"emoji": "🙏"}),
    ("sticker without emoji", {"sticker": FILE}, "sticker", "", STORED),
    # places and people
    ("location", {"location": POINT}, "location", "", POINT),
    (
        "live location",
        {"location": POINT | {"horizontal_accuracy": 12.5, "live_period": 900}},
        "location",
        "",
        POINT | {"accuracy": 12.5, "live_period": 900},
    ),
    (
        "venue",
        {
            "venue": {"location": POINT, "title": "Balai Kota", "address": "Jl. Wastukencana"},
            "location": POINT,
        },
        "location",
        "",
        POINT | {"title": "Balai Kota", "address": "Jl. Wastukencana"},
    ),
    (
        "own contact",
        {"contact": {"phone_number": "+628123456789", "first_name": "Asep", "user_id": 1001}},
        "contact",
        "",
        {"own": True},
    ),
    (
        "contact of another",
        {"contact": {"phone_number": "08123456789", "first_name": "Euis", "vcard": "TEL:08123456789"}},
        "contact",
        "",
        {"own": False},
    ),
    # what is not read
    ("poll", {"poll": {"id": "1", "question": "?"}}, "other", "", {"content": "poll"}),
    ("dice", {"dice": {"emoji": "🎲", "value": 3}}, "other", "", {"content": "dice"}),
    ("story", {"story": {"id": 1}}, "other", "", {"content": "story"}),
    ("unknown content", {"hologram": {"file_id": "x"}}, "other", "", {"content": "hologram"}),
    ("nothing at all", {}, "other", "", {}),
    ("text that is a number", {"text": 5}, "other", "", {"content": "text"}),
    ("photo that is a string", {"photo": "x"}, "other", "", {"content": "photo"}),
    ("photo without sizes", {"photo": []}, "other", "", {"content": "photo"}),
    ("photo sizes without id", {"photo": [{"width": 3}, None]}, "other", "", {"content": "photo"}),
    ("document without id", {"document": {"file_name": "a"}}, "other", "", {"content": "document"}),
    ("location without longitude", {"location": {"latitude": 1.0}}, "other", "", {"content": "location"}),
    (
        "location off the earth",
        {"location": {"latitude": 91, "longitude": 0}},
        "other",
        "",
        {"content": "location"},
    ),
    (
        "location not a number",
        {"location": {"latitude": float("nan"), "longitude": 0.0}},
        "other",
        "",
        {"content": "location"},
    ),
    (
        "location of booleans",
        {"location": {"latitude": True, "longitude": False}},
        "other",
        "",
        {"content": "location"},
    ),
    ("caption of a wrong type", {"photo": [FILE], "caption": ["x"]}, "photo", "", STORED),
    ("size of a wrong type", {"voice": {"file_id": "F", "file_size": "5"}}, "voice", "", {"file_id": "F"}),
]


def update_with(content: Json) -> Json:
    return {
        "update_id": 5,
        "message": {"message_id": 42, "date": SENT, "chat": CHAT, "from": ASEP, **content},
    }


@pytest.mark.parametrize(("content", "kind", "text", "attributes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_message(content: Json, kind: str, text: str, attributes: Json) -> None:
    message = parse(update_with(content))
    assert message is not None
    assert (message.channel, message.address, message.external_id) == ("telegram", "1001", "m:1001:42")
    assert (message.kind, message.text, message.payload) == (kind, text, None)
    assert message.attributes == {"message_id": 42, **attributes}
    assert message.sent_at == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 60
    assert len({label for label, *_ in CASES}) == len(CASES)


def test_a_phone_number_of_a_contact_is_nowhere_in_the_message() -> None:
    content = {"contact": {"phone_number": "+628123456789", "first_name": "Asep", "vcard": "TEL:+628123456789"}}
    assert "8123456789" not in repr(parse(update_with(content)))
