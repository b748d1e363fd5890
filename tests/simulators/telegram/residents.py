"""Residents: what they write, press and send, in the shapes of the real service."""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.telegram.markup import units
from tests.simulators.telegram.updates import UpdateQueue

Json = dict[str, Any]


@dataclass
class Chat:
    """A resident's private chat with the bot; `sent` is what the bot wrote there."""

    id: int
    blocked: bool = False
    sent: list[Json] = field(default_factory=list)

    def as_json(self) -> Json:
        return {"id": self.id, "type": "private", "first_name": f"Warga {self.id}"}


class Residents:
    """Every method makes one update and returns its number."""

    def __init__(self, queue: UpdateQueue, bot: Json) -> None:
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, bytes] = {}
        self.open_callbacks: set[str] = set()
        self.message_ids = itertools.count(1)
        self._queue = queue
        self._bot = bot

    def chat(self, chat_id: int) -> Chat:
        return self.chats.setdefault(chat_id, Chat(chat_id))

    def say(self, chat_id: int, text: str) -> int:
        message: Json = {"text": text}
        command = re.match(r"/\w+(@\w+)?", text)
        if command:
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": units(command[0])}]
        return self.post(chat_id, message)

    def edit(self, chat_id: int, update_number: int, text: str) -> int:
        """Correct the message that an earlier update brought."""
        message = dict(self._queue.history[update_number]["message"])
        return self._queue.add({"edited_message": message | {"text": text, "edit_date": int(time.time())}})

    def press(self, chat_id: int, button: str) -> int:
        """Press a button of the bot's by its title or its payload, the newest that has it."""
        for message in reversed(self.chat(chat_id).sent):
            for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
                for cell in row:
                    if button in (cell["text"], cell.get("callback_data")):
                        return self._press(chat_id, message, cell["callback_data"])
        raise LookupError(f"chat {chat_id} has no button {button!r}")

    def _press(self, chat_id: int, message: Json, data: str) -> int:
        query_id = str(4_400_000_000_000_000 + next(self.message_ids))
        self.open_callbacks.add(query_id)
        query = {
            "id": query_id,
            "from": self._person(chat_id),
            "message": message,
            "chat_instance": str(-chat_id),
            "data": data,
        }
        return self._queue.add({"callback_query": query})

    def send_photo(self, chat_id: int, content: bytes = b"\xff\xd8 photo", caption: str | None = None) -> int:
        sizes = [{**self._file(content), "width": width, "height": width * 3 // 4} for width in (90, 320, 1280)]
        return self.post(chat_id, {"photo": sizes} | ({"caption": caption} if caption else {}))

    def send_document(self, chat_id: int, content: bytes, name: str, caption: str | None = None) -> int:
        document = self._file(content) | {"file_name": name, "mime_type": "application/pdf"}
        return self.post(chat_id, {"document": document} | ({"caption": caption} if caption else {}))

    def send_voice(self, chat_id: int, seconds: int = 4) -> int:
        return self.post(chat_id, {"voice": self._file(b"OggS") | {"duration": seconds, "mime_type": "audio/ogg"}})

    def send_sticker(self, chat_id: int, emoji: str = "👍") -> int:
        sticker = self._file(b"RIFF") | {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": emoji,
        }
        return self.post(chat_id, {"sticker": sticker})

    def send_location(self, chat_id: int, latitude: float, longitude: float) -> int:
        return self.post(chat_id, {"location": {"latitude": latitude, "longitude": longitude}})

    def block(self, chat_id: int) -> int:
        self.chat(chat_id).blocked = True
        return self._member(chat_id, "member", "kicked")

    def unblock(self, chat_id: int) -> int:
        self.chat(chat_id).blocked = False
        return self._member(chat_id, "kicked", "member")

    def post(self, chat_id: int, content: Json) -> int:
        """A message with any content."""
        return self._queue.add(
            {
                "message": {
                    "message_id": next(self.message_ids),
                    "from": self._person(chat_id),
                    "chat": self.chat(chat_id).as_json(),
                    "date": int(time.time()),
                    **content,
                }
            }
        )

    def _member(self, chat_id: int, old: str, new: str) -> int:
        def member(status: str) -> Json:
            return {"user": self._bot, "status": status} | ({"until_date": 0} if status == "kicked" else {})

        change = {
            "chat": self.chat(chat_id).as_json(),
            "from": self._person(chat_id),
            "date": int(time.time()),
            "old_chat_member": member(old),
            "new_chat_member": member(new),
        }
        return self._queue.add({"my_chat_member": change})

    def _person(self, chat_id: int) -> Json:
        return {"id": chat_id, "is_bot": False, "first_name": f"Warga {chat_id}", "language_code": "id"}

    def _file(self, content: bytes) -> Json:
        file_id = f"file-{next(self.message_ids)}"
        self.files[file_id] = content
        return {"file_id": file_id, "file_unique_id": f"u-{file_id}", "file_size": len(content)}
