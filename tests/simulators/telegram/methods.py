"""The methods of the Bot API that the gateway uses, with the real limits and error words."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from tests.simulators.telegram.markup import MarkupError, parse_html, units
from tests.simulators.telegram.residents import Chat, Residents
from tests.simulators.telegram.updates import Signal, UpdateQueue, WebhookSender

Json = dict[str, Any]


class ApiError(Exception):
    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.retry_after = retry_after

    def as_json(self) -> Json:
        answer: Json = {"ok": False, "error_code": self.status, "description": str(self)}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        return answer


class Methods:
    """One bot's view of the service."""

    def __init__(self, queue: UpdateQueue, residents: Residents, bot: Json, retry_seconds: float) -> None:
        self.webhook: WebhookSender | None = None
        self.said = Signal()
        self._queue = queue
        self._residents = residents
        self._bot = bot
        self._retry_seconds = retry_seconds
        self._poll = 0

    def table(self) -> dict[str, Callable[[Json], Awaitable[object]]]:
        return {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "sendMessage": self._send_message,
            "sendChatAction": self._send_chat_action,
            "answerCallbackQuery": self._answer_callback_query,
            "editMessageReplyMarkup": self._edit_message_reply_markup,
            "getFile": self._get_file,
        }

    async def _get_me(self, _params: Json) -> object:
        return self._bot | {"can_join_groups": False, "can_read_all_group_messages": False}

    async def _get_updates(self, params: Json) -> object:
        if self.webhook is not None:
            raise ApiError(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
            )
        self._poll += 1
        mine = self._poll
        if params.get("offset"):
            self._queue.confirm(params["offset"])
        kinds = params.get("allowed_updates")
        self._queue.changed.fire()  # an older poll that still waits ends with a conflict
        await self._queue.changed.wait_until(
            lambda: bool(self._queue.due(kinds)) or self._poll != mine, params.get("timeout", 0)
        )
        if self._poll != mine:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        due = self._queue.due(kinds)[: params.get("limit", 100)]
        for waiting in due:
            if waiting.repeat:
                self._queue.forget(waiting)
        return [waiting.update for waiting in due]

    async def _set_webhook(self, params: Json) -> object:
        await self._delete_webhook({})
        if params["url"]:
            parts = urlsplit(params["url"])
            if parts.scheme != "https" and parts.hostname != "127.0.0.1":
                raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
            self.webhook = WebhookSender(self._queue, params["url"], params.get("secret_token"), self._retry_seconds)
        return True

    async def _delete_webhook(self, _params: Json) -> object:
        if self.webhook is not None:
            await self.webhook.close()
            self.webhook = None
        return True

    async def _get_webhook_info(self, _params: Json) -> object:
        info: Json = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._queue.waiting),
        }
        if self.webhook is not None and self.webhook.last_error:
            info |= {"last_error_date": int(time.time()), "last_error_message": self.webhook.last_error}
        return info

    async def _send_message(self, params: Json) -> object:
        chat = self._chat(params)
        text: str = params["text"]
        entities: list[Json] = []
        if params.get("parse_mode") == "HTML":
            try:
                text, entities = parse_html(text)
            except MarkupError as error:
                raise ApiError(400, f"Bad Request: can't parse entities: {error}") from error
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if units(text) > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        markup = params.get("reply_markup")
        if markup is not None:
            _check_keyboard(markup)
        message = {
            "message_id": next(self._residents.message_ids),
            "from": self._bot,
            "chat": chat.as_json(),
            "date": int(time.time()),
            "text": text,
        }
        if entities:
            message["entities"] = entities
        if markup is not None:
            message["reply_markup"] = markup
        chat.sent.append(message)
        self.said.fire()
        return message

    async def _send_chat_action(self, params: Json) -> object:
        self._chat(params)
        return True

    async def _answer_callback_query(self, params: Json) -> object:
        if params["callback_query_id"] not in self._residents.open_callbacks:
            raise ApiError(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        self._residents.open_callbacks.discard(params["callback_query_id"])
        return True

    async def _edit_message_reply_markup(self, params: Json) -> object:
        chat = self._chat(params)
        message = next((m for m in chat.sent if m["message_id"] == params.get("message_id")), None)
        if message is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        markup = params.get("reply_markup")
        if markup == message.get("reply_markup"):
            raise ApiError(400, "Bad Request: message is not modified")
        message.pop("reply_markup", None)
        if markup is not None:
            _check_keyboard(markup)
            message["reply_markup"] = markup
        return message

    async def _get_file(self, params: Json) -> object:
        content = self._residents.files.get(params["file_id"])
        if content is None:
            raise ApiError(400, "Bad Request: invalid file_id")
        return {
            "file_id": params["file_id"],
            "file_unique_id": f"u-{params['file_id']}",
            "file_size": len(content),
            "file_path": f"documents/{params['file_id']}",
        }

    def _chat(self, params: Json) -> Chat:
        chat = self._residents.chats.get(int(params["chat_id"]))
        if chat is None:
            raise ApiError(400, "Bad Request: chat not found")
        if chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat


def _check_keyboard(markup: Json) -> None:
    cells = [cell for row in markup["inline_keyboard"] for cell in row]
    if len(cells) > 100:
        raise ApiError(400, "Bad Request: reply markup is too long")
    for cell in cells:
        if not cell["text"].strip():
            raise ApiError(400, "Bad Request: can't parse inline keyboard button: text must be non-empty")
        kinds = set(cell) - {"text", "icon_custom_emoji_id", "style"}
        if len(kinds) != 1:
            raise ApiError(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
        data, url = cell.get("callback_data"), cell.get("url")
        if data is not None and not 1 <= len(data.encode()) <= 64:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
        if url is not None and "." not in (urlsplit(url).hostname or ""):
            raise ApiError(400, f"Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
