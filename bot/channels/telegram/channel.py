"""Telegram as a channel: how replies look and leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.channels.telegram import render
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.updates import CHANNEL
from bot.errors import SendError, SendRejected
from bot.messages import Claimed, OutgoingPart, Reply

log = structlog.get_logger()

_UNANSWERED = frozenset({"blocked", "unblocked", "other"})
"""Kinds that get no reply, so that "typing" would promise one that never comes."""


class TelegramChannel:
    """See bot.channels.base.Channel."""

    name = CHANNEL
    mailbox = False

    def __init__(self, client: TelegramClient) -> None:
        self._client = client

    def render(self, reply: Reply) -> Sequence[Mapping[str, Any]]:
        return render.render(reply)

    async def working(self, message: Claimed) -> None:
        """One "typing", after releasing a pressed button; both are courtesies and never fail a turn."""
        try:
            callback_id = message.attributes.get("callback_id")
            if isinstance(callback_id, str):
                await self._answer_callback(callback_id)
            if message.kind not in _UNANSWERED:
                await self._client.typing(int(message.address))
        except SendError as error:
            log.info("telegram_typing_failed", inbound=message.inbound_id, error=str(error))
        except Exception:
            log.exception("telegram_typing_failed", inbound=message.inbound_id)

    async def _answer_callback(self, callback_id: str) -> None:
        try:
            await self._client.answer_callback(callback_id)
        except SendRejected as error:
            # After about a minute Telegram forgets the press; the answer itself still matters.
            log.info("telegram_callback_unanswered", error=str(error))

    async def send(self, part: OutgoingPart) -> str | None:
        try:
            chat_id = int(part.address)
        except ValueError as error:
            raise SendRejected("address is not a Telegram chat id") from error
        return await self._client.send(chat_id, part.body)

    def delivered(self, address: str, parts: Sequence[OutgoingPart]) -> None:
        """Nothing to do: Telegram is no mailbox."""
