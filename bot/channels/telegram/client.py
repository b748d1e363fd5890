"""The Bot API: python-telegram-bot's typed client, its errors translated into ours.

Only the client of that library is used, never its dispatcher: that one acknowledges
updates before they are stored.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from telegram import Bot, LinkPreviewOptions
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.channels.telegram.transport import AiohttpRequest, Flooded
from bot.channels.telegram.updates import ALLOWED_UPDATES
from bot.errors import RecipientGone, SendError, SendRejected, SendRetry

log = structlog.get_logger()
T = TypeVar("T")

SEND_TIMEOUT = 15.0
"""Seconds for an answer; twice this (a resend as plain text) stays under the outbox's lease."""

NOTICE_TIMEOUT = 2.0
"""For "typing" and the like: not worth holding up a conversation."""

_NO_SUCH_CHAT = ("chat not found", "peer_id_invalid", "user not found")
_BROKEN_MARKUP = ("can't parse entities", "can't parse message text")


class TelegramClient:
    """Calls to one bot at one Bot API server. Start before use, close at the end."""

    def __init__(self, token: str, api_base: str = "https://api.telegram.org", timeout: float = SEND_TIMEOUT) -> None:
        base = api_base.rstrip("/")
        # PTB writes URLs (with the token) and whole messages at DEBUG, whatever our own level is.
        logging.getLogger("telegram").setLevel(logging.WARNING)
        # In any case: PTB changes the case of Telegram's descriptions.
        self._secret = re.compile(re.escape(token), re.IGNORECASE)
        self._requests = AiohttpRequest(timeout)
        self._bot = Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests,
            get_updates_request=self._requests,
        )

    async def start(self) -> None:
        # Not Bot.initialize(): it calls getMe, and the gateway must start while Telegram is away.
        await self._requests.initialize()

    async def close(self) -> None:
        await self._requests.shutdown()

    # ---------------------------------------------------------------- messages out

    async def send(self, chat_id: int, body: Mapping[str, Any]) -> str | None:
        """Send a rendered body; as plain text if Telegram cannot read its mark-up.

        Raises:
            SendRetry, SendRejected, RecipientGone: see bot.errors.
        """
        try:
            return await self._send(chat_id, body, str(body["text"]), ParseMode.HTML)
        except BadRequest as error:
            if not any(sign in str(error).lower() for sign in _BROKEN_MARKUP):
                raise self._translated(error) from error
            log.warning("telegram_markup_refused", error=self.describe(error))
        except TelegramError as error:
            raise self._translated(error) from error
        return await self._translating(self._send(chat_id, body, str(body.get("plain", body["text"])), None))

    async def _send(self, chat_id: int, body: Mapping[str, Any], text: str, mode: str | None) -> str | None:
        markup = body.get("reply_markup")
        try:
            message = await self._bot.send_message(
                chat_id,
                text,
                parse_mode=mode,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                api_kwargs={"reply_markup": markup} if markup else None,
            )
        except TelegramError:
            raise
        except Exception as error:
            # Telegram said yes, in words this version of PTB cannot read: sent, and never sent again.
            log.warning("telegram_answer_unreadable", error=type(error).__name__)
            return None
        return str(message.message_id)

    async def typing(self, chat_id: int) -> None:
        """Raises: SendError."""
        # Sent with every answer, so without PTB's objects: they cost more than the call.
        query = urlencode({"chat_id": chat_id, "action": ChatAction.TYPING.value})
        await self._translating(
            self._requests.post(f"{self._bot.base_url}/sendChatAction?{query}", read_timeout=NOTICE_TIMEOUT)
        )

    async def answer_callback(self, callback_id: str) -> None:
        """Stop the waiting sign on a pressed button. Raises: SendError."""
        await self._translating(
            self._bot.answer_callback_query(callback_id, read_timeout=NOTICE_TIMEOUT, connect_timeout=NOTICE_TIMEOUT)
        )

    async def download(self, file_id: str) -> bytes:
        """A resident's file; Telegram gives at most 20 MB. Raises: SendError."""

        async def fetch() -> bytes:
            file = await self._bot.get_file(file_id)
            return bytes(await file.download_as_bytearray())

        return await self._translating(fetch())

    # ---------------------------------------------------------------- updates in

    async def get_updates(self, offset: int | None, poll_seconds: int) -> object:
        """The updates as they came, unread: PTB's types would refuse what they do not know.

        Raises:
            TelegramError
        """
        query: dict[str, str | int] = {
            "timeout": poll_seconds,
            "allowed_updates": "[" + ",".join(f'"{name}"' for name in ALLOWED_UPDATES) + "]",
        }
        if offset is not None:
            query["offset"] = offset
        return await self._requests.post(
            f"{self._bot.base_url}/getUpdates?{urlencode(query)}", read_timeout=poll_seconds + 10.0
        )

    async def delete_webhook(self) -> None:
        """Raises: TelegramError."""
        await self._bot.delete_webhook(drop_pending_updates=False)

    async def set_webhook(self, url: str, secret: str) -> None:
        """Raises: TelegramError."""
        await self._bot.set_webhook(
            url, secret_token=secret, allowed_updates=ALLOWED_UPDATES, drop_pending_updates=False
        )

    # ---------------------------------------------------------------- errors

    def describe(self, error: Exception) -> str:
        """What to write in a log or the outbox about an error: short, and without the token."""
        text = self._secret.sub("[rahasia]", str(error))
        return f"{type(error).__name__}: {text[:300]}"

    async def _translating(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except TelegramError as error:
            raise self._translated(error) from error

    def _translated(self, error: TelegramError) -> SendError:
        text = self.describe(error)
        if isinstance(error, Flooded):
            return SendRetry(text, retry_after=error.seconds)
        if isinstance(error, Forbidden):
            return RecipientGone(text)
        if isinstance(error, BadRequest):
            gone = any(sign in text.lower() for sign in _NO_SUCH_CHAT)
            return RecipientGone(text) if gone else SendRejected(text)
        if isinstance(error, ChatMigrated):
            return SendRejected(text)
        if isinstance(error, InvalidToken):
            # Not the message's fault: it waits for the operator to set the right token.
            log.error("telegram_token_rejected", hint="periksa TELEGRAM_BOT_TOKEN dan TELEGRAM_API_BASE")
        return SendRetry(text)
