"""Telegram's updates as messages of ours.

Pure and tolerant: fields that are missing, new or of another shape never raise; what cannot
be used is None. Only private chats are read: a city's bot has nothing to say in groups.
Shapes: https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.messages import IncomingMessage
from bot.privacy import mask_identity

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update that are asked for, and that `parse` reads."""

CHANNEL = "telegram"

Json = Mapping[str, Any]

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?!\S)\s*(.*)", re.DOTALL)

_LARGEST = 2**53
"""Telegram's ids have at most 52 significant bits; larger numbers are garbage."""

_ENVELOPE = frozenset(
    (
        *("message_id", "date", "edit_date", "chat", "from", "via_bot", "sender_business_bot"),
        *("caption", "caption_entities", "show_caption_above_media", "has_media_spoiler"),
        *("media_group_id", "reply_to_message", "quote", "forward_origin"),
    )
)
"""Fields beside a message's content, so that unknown content can be named."""


def parse(update: object) -> IncomingMessage | None:
    """The message in an update, its text masked; None where there is nothing for us."""
    if not isinstance(update, dict):
        return None
    update_id = _whole(update.get("update_id"))
    for name, read in _READERS:
        part = update.get(name)
        if isinstance(part, dict):
            return read(part, update_id)
    return None


# ---------------------------------------------------------------- the four kinds of update


def _message(message: Json, _update_id: int | None) -> IncomingMessage | None:
    address, message_id = _private_chat(message), _whole(message.get("message_id"))
    if address is None or message_id is None or _from_bot(message):
        return None
    kind, text, attributes = _content(message)
    attributes["message_id"] = message_id
    answered = message.get("reply_to_message")
    if isinstance(answered, dict) and (answered_id := _whole(answered.get("message_id"))) is not None:
        attributes["reply_to"] = answered_id
    if "forward_origin" in message:
        attributes["forwarded"] = True
    group = message.get("media_group_id")
    if isinstance(group, str):
        attributes["media_group_id"] = _cleaned(group)[:64]
    return IncomingMessage(
        CHANNEL,
        address,
        f"m:{address}:{message_id}",
        kind,
        text,
        sent_at=_time(message.get("date")),
        attributes=attributes,
    )


def _edited(message: Json, update_id: int | None) -> IncomingMessage | None:
    address, message_id = _private_chat(message), _whole(message.get("message_id"))
    written = message.get("text", message.get("caption"))
    # A shared live location comes as an edit every few seconds: edits without words are not messages.
    if address is None or message_id is None or _from_bot(message) or not isinstance(written, str):
        return None
    edit_date = _whole(message.get("edit_date"))
    attributes: dict[str, Any] = {"message_id": message_id}
    return IncomingMessage(
        CHANNEL,
        address,
        f"e:{address}:{message_id}:{edit_date if edit_date is not None else f'u{update_id}'}",
        "edited",
        _masked(written, attributes),
        sent_at=_time(message.get("edit_date")),
        attributes=attributes,
    )


def _pressed(query: Json, _update_id: int | None) -> IncomingMessage | None:
    message, query_id, data = query.get("message"), query.get("id"), query.get("data")
    if not isinstance(message, dict) or not isinstance(data, str) or not isinstance(query_id, str):
        return None
    address = _private_chat(message)
    if address is None or not 0 < len(query_id) <= 64 or not query_id.isprintable():
        return None
    attributes: dict[str, Any] = {"callback_id": query_id}
    message_id = _whole(message.get("message_id"))
    if message_id is not None:
        attributes["message_id"] = message_id
    title = _title_of(message, data)
    if title is not None:
        attributes["title"] = title
    return IncomingMessage(
        CHANNEL, address, f"c:{query_id}", "payload", payload=_cleaned(data)[:256], attributes=attributes
    )


def _member(change: Json, update_id: int | None) -> IncomingMessage | None:
    address, now_member = _private_chat(change), change.get("new_chat_member")
    if address is None or update_id is None or not isinstance(now_member, dict):
        return None
    status = now_member.get("status")
    if status not in ("kicked", "member"):
        return None
    kind = "blocked" if status == "kicked" else "unblocked"
    return IncomingMessage(CHANNEL, address, f"u:{update_id}", kind, sent_at=_time(change.get("date")))


_READERS: tuple[tuple[str, Callable[[Json, int | None], IncomingMessage | None]], ...] = (
    ("message", _message),
    ("edited_message", _edited),
    ("callback_query", _pressed),
    ("my_chat_member", _member),
)


# ---------------------------------------------------------------- what a message holds


def _content(message: Json) -> tuple[str, str, dict[str, Any]]:
    """Kind, text and attributes of a message."""
    attributes: dict[str, Any] = {}
    written = message.get("text")
    if isinstance(written, str):
        text = _masked(written, attributes)
        command = _COMMAND.match(text)
        if command is None:
            return "text", text, attributes
        attributes |= {"command": command[1].lower(), "argument": command[2].strip()}
        return "command", f"/{command[1].lower()}", attributes
    for name, kind, describe in _CONTENTS:
        described = describe(message.get(name), message)
        if described is None:
            continue
        for key in ("file_name", "title", "address"):
            if key in described:  # "KTP 3273….jpg": people name files by their number
                described[key] = _masked(described[key], attributes)
        attributes |= described
        words = message.get("caption") if kind != "sticker" else described.get("emoji")
        return kind, _masked(words, attributes) if isinstance(words, str) else "", attributes
    unknown = next((key for key in message if key not in _ENVELOPE), None)
    if isinstance(unknown, str):
        attributes["content"] = _cleaned(unknown)[:40]
    return "other", "", attributes


def _file(value: object, _message: Json) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not isinstance(value.get("file_id"), str):
        return None
    attributes: dict[str, Any] = {}
    for name in ("file_id", "file_unique_id", "file_name", "mime_type", "emoji"):
        if isinstance(value.get(name), str):
            attributes[name] = _cleaned(value[name])[:512]
    for name in ("file_size", "duration", "width", "height"):
        if (number := _whole(value.get(name))) is not None:
            attributes[name] = number
    return attributes


def _photo(value: object, message: Json) -> dict[str, Any] | None:
    """The largest of a photo's sizes."""
    if not isinstance(value, list):
        return None
    sizes = [size for item in value if (size := _file(item, message)) is not None]
    return max(sizes, key=lambda size: size.get("width", 0) * size.get("height", 0), default=None)


def _location(value: object, _message: Json) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    latitude, longitude = value.get("latitude"), value.get("longitude")
    if not _within(latitude, 90) or not _within(longitude, 180):
        return None
    attributes: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
    if _within(value.get("horizontal_accuracy"), 1500):
        attributes["accuracy"] = value["horizontal_accuracy"]
    if (live := _whole(value.get("live_period"))) is not None:
        attributes["live_period"] = live
    return attributes


def _venue(value: object, message: Json) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    attributes = _location(value.get("location"), message)
    for name in ("title", "address"):
        if attributes is not None and isinstance(value.get(name), str):
            attributes[name] = value[name][:255]
    return attributes


def _contact(value: object, message: Json) -> dict[str, Any] | None:
    """Whether it is the sender's own card; neither number nor name is kept."""
    if not isinstance(value, dict):
        return None
    sender = message.get("from")
    user_id = _whole(value.get("user_id"))
    own = user_id is not None and isinstance(sender, dict) and sender.get("id") == user_id
    return {"own": own}


_CONTENTS: tuple[tuple[str, str, Callable[[object, Json], dict[str, Any] | None]], ...] = (
    ("animation", "video", _file),  # before document: Telegram repeats an animation there
    ("document", "document", _file),
    ("photo", "photo", _photo),
    ("voice", "voice", _file),
    ("audio", "audio", _file),
    ("video", "video", _file),
    ("video_note", "video", _file),
    ("sticker", "sticker", _file),
    ("venue", "location", _venue),  # before location: a venue repeats its point there
    ("location", "location", _location),
    ("contact", "contact", _contact),
)


# ---------------------------------------------------------------- values that may be anything


def _private_chat(holder: Json) -> str | None:
    chat = holder.get("chat")
    if not isinstance(chat, dict) or chat.get("type") != "private":
        return None
    chat_id = _whole(chat.get("id"))
    return str(chat_id) if chat_id is not None else None


def _from_bot(message: Json) -> bool:
    """Two bots that answer each other would never stop."""
    sender = message.get("from")
    return isinstance(sender, dict) and sender.get("is_bot") is True


def _title_of(message: Json, data: str) -> str | None:
    """What stood on the pressed button, for whoever reads the conversation."""
    markup = message.get("reply_markup")
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    for row in rows if isinstance(rows, list) else ():
        for button in row if isinstance(row, list) else ():
            if isinstance(button, dict) and button.get("callback_data") == data:
                title = button.get("text")
                return _cleaned(title)[:128] if isinstance(title, str) else None
    return None


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return value
    return None


def _within(value: object, bound: float) -> bool:
    """Whether it is a number up to `bound` either way; NaN and infinity are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -bound <= value <= bound


def _time(value: object) -> dt.datetime | None:
    seconds = _whole(value)
    if seconds is None or not 0 < seconds < 2**33:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _masked(text: str, attributes: dict[str, Any]) -> str:
    masked, found = mask_identity(_cleaned(text))
    if found:
        attributes["identity_masked"] = True
    return masked


def _cleaned(text: str) -> str:
    """Without what a database refuses: NUL (PostgreSQL) and halves of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
