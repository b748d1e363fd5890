"""Updates from Telegram, by webhook or long polling. Acknowledged only after they are stored."""

from __future__ import annotations

import asyncio
import hmac
import json
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from aiohttp import web
from telegram.error import Conflict, TelegramError

from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.transport import Flooded
from bot.channels.telegram.updates import parse
from bot.errors import BadRequest, ConfigurationError, DatabaseUnavailable, Unauthorized
from bot.messages import IncomingMessage

log = structlog.get_logger()

Receive = Callable[[Sequence[IncomingMessage]], Awaitable[None]]
"""Stores messages: durable on return, raises DatabaseUnavailable otherwise."""

PATH = "/telegram/webhook"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
BODY_LIMIT = 1024 * 1024

POLL_SECONDS = 25
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # https://core.telegram.org/bots/api#setwebhook


class BodyTooLarge(BadRequest):
    pass


class Webhook:
    """`POST /telegram/webhook`. Answers are empty: nothing is echoed to whoever asks.

    With `webhook_url` (the public address of that route) `start` tells it to Telegram;
    without it the operator does so.
    """

    def __init__(
        self,
        client: TelegramClient,
        receive: Receive,
        secret: str,
        webhook_url: str | None = None,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        if not _SECRET.fullmatch(secret):
            raise ConfigurationError("TELEGRAM_WEBHOOK_SECRET harus 1-256 huruf, angka, _ atau -")
        self._client = client
        self._receive = receive
        self._secret = secret
        self._url = webhook_url
        self._first_pause = first_pause
        self._task: asyncio.Task[None] | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self._post)]

    def start(self) -> None:
        if self._url is not None:
            self._task = asyncio.create_task(self._register(self._url), name="telegram-set-webhook")

    async def close(self) -> None:
        await _end(self._task)

    async def _register(self, url: str) -> None:
        failures = 0
        while True:
            try:
                await self._client.set_webhook(url, self._secret)
            except TelegramError as error:
                log.warning("telegram_webhook_not_set", error=self._client.describe(error))
                failures += 1
                await asyncio.sleep(_pause(self._first_pause, failures, error))
            else:
                log.info("telegram_webhook_set", url=url)
                return

    async def _post(self, request: web.Request) -> web.Response:
        update: object = None
        try:
            self._authorise(request)
            update = await _read_json(request)
            message = parse(update)
            if message is None:
                log.info("telegram_update_ignored", update=outline(update))
            else:
                await self._receive([message])
        except Unauthorized:
            log.warning("telegram_webhook_unauthorized", remote=request.remote)
            return web.Response(status=401)
        except BodyTooLarge:
            log.warning("telegram_webhook_too_large")
            return web.Response(status=413)
        except BadRequest as error:
            log.warning("telegram_webhook_unreadable", error=str(error))
            return web.Response(status=400)
        except DatabaseUnavailable as error:
            log.warning("telegram_webhook_not_stored", error=str(error))
            return web.Response(status=503)
        except Exception as error:
            # Telegram keeps it and sends it again: a fault of ours loses nothing.
            log.error("telegram_webhook_failed", update=outline(update), error=type(error).__name__)
            return web.Response(status=500)
        return web.Response()

    def _authorise(self, request: web.Request) -> None:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            raise Unauthorized


class Poller:
    """Long polling. Telegram forgets an update only when the next `offset` passes it: after it is stored."""

    def __init__(
        self,
        client: TelegramClient,
        receive: Receive,
        poll_seconds: int = POLL_SECONDS,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._client = client
        self._receive = receive
        self._poll_seconds = poll_seconds
        self._first_pause = first_pause
        self._offset: int | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="telegram-poller")

    async def close(self) -> None:
        await _end(self._task)

    async def _run(self) -> None:
        webhook_deleted = False
        failures = 0
        while True:
            try:
                if not webhook_deleted:
                    await self._client.delete_webhook()
                    webhook_deleted = True
                await self._take(await self._client.get_updates(self._offset, self._poll_seconds))
                failures = 0
                continue
            except Conflict as error:
                log.error(
                    "telegram_conflict",
                    hint="token ini sedang dipakai proses lain (polling) atau webhook; hanya satu yang boleh",
                    error=self._client.describe(error),
                )
                cause: Exception = error
            except TelegramError as error:
                log.warning("telegram_poll_failed", error=self._client.describe(error))
                cause = error
            except DatabaseUnavailable as error:
                log.warning("telegram_updates_not_stored", error=str(error))
                cause = error
            except Exception as error:
                log.exception("telegram_poller_failed")
                cause = error
            failures += 1
            await asyncio.sleep(_pause(self._first_pause, failures, cause))

    async def _take(self, updates: object) -> None:
        """Store a batch, then move the offset past it."""
        if not isinstance(updates, list):
            raise TelegramError("getUpdates answered something that is no list")
        if not updates:
            # Telegram has seen the offset. Without one it starts at the oldest it holds, which also
            # serves after a quiet week, when it begins to number anew.
            self._offset = None
            return
        numbers = [number for update in updates if (number := update_number(update)) is not None]
        if not numbers:
            raise TelegramError("getUpdates answered updates without update_id")
        messages = []
        for update in updates:
            message = parse(update)
            if message is None:
                log.info("telegram_update_ignored", update=outline(update))
            else:
                messages.append(message)
        if messages:
            await self._store(messages)
        self._offset = max(numbers) + 1

    async def _store(self, messages: Sequence[IncomingMessage]) -> None:
        try:
            await self._receive(messages)
            return
        except DatabaseUnavailable:
            raise
        except Exception as error:
            if len(messages) == 1:
                raise
            log.error("telegram_batch_not_stored", error=type(error).__name__)
        # One that cannot be stored must not hold back every resident; but only where others can be:
        # if none can, the fault is ours, and Telegram keeps them all until it is mended.
        refused = []
        for message in messages:
            try:
                await self._receive([message])
            except DatabaseUnavailable:
                raise
            except Exception as error:
                refused.append((message, error))
        if len(refused) == len(messages):
            raise refused[0][1]
        for message, reason in refused:
            log.error("telegram_message_lost", external_id=message.external_id, error=type(reason).__name__)


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _pause(first: float, failures: int, cause: Exception) -> float:
    """Seconds until the next try: what Telegram asks for, or doubling up to half a minute, with jitter."""
    if isinstance(cause, Flooded):
        return cause.seconds
    longest = min(first * float(2 ** min(failures - 1, 10)), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads the load


async def _read_json(request: web.Request) -> object:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"not JSON ({type(error).__name__})") from error


def update_number(update: object) -> int | None:
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def outline(update: object) -> dict[str, object]:
    """What may be logged of an update that was not used: its number and the names of its parts."""
    if not isinstance(update, dict):
        return {"type": type(update).__name__}
    parts = {name: sorted(value)[:12] if isinstance(value, dict) else None for name, value in update.items()}
    parts.pop("update_id", None)
    return {"update_id": update.get("update_id"), "parts": str(parts)[:300]}
