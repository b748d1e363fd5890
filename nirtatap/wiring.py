"""The composition root: the one place where parts are made and put together."""

from __future__ import annotations

import asyncio
import datetime as dt
import fcntl
import logging
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import IO, TypeVar

import structlog
from aiohttp import web
from sqlalchemy import Connection, make_url

from actions.phrasebook import Phrasebook
from actions.rasa_protocol import ActionServer
from bot import database as databases
from bot import inbox
from bot.app import build_internal_app, build_public_app
from bot.channels.base import Channel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.receiver import Poller, Webhook
from bot.channels.webchat.channel import WebChatChannel
from bot.channels.webchat.routes import WebChatRoutes
from bot.conversation import Parts, handle
from bot.errors import ConfigurationError
from bot.knowledge import Knowledge
from bot.lanes import Lanes
from bot.messages import IncomingMessage
from bot.outbox import Dispatcher
from bot.privacy import redacting_processor
from bot.rasa_client import RasaClient
from bot.settings import Settings, load_settings
from migrations.run import upgrade
from service_catalog import city_file, store
from service_catalog.facts import Catalogue

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
CITIES = ROOT / "service_catalog" / "cities"
FROM_FILE = "berkas kota"
"""Author of loads that `serve` makes by itself; a load by a person is never overwritten."""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def city_path(settings: Settings) -> Path:
    """The city file named by CITY.

    Raises:
        ConfigurationError: there is no such file; names those that exist.
    """
    path = CITIES / f"{settings.city}.yml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CITIES.glob("*.yml")))
        raise ConfigurationError(f"CITY={settings.city} tidak punya berkas kota; yang ada: {known}.")
    return path


def with_rasa_token(settings: Settings) -> Settings:
    """The settings with a secret for the NLU servers: RASA_TOKEN, else one of this machine's, kept in var/.

    `serve`, `chat` and `promote` must name the same one without anybody having to choose it.
    """
    if settings.rasa_token:
        return settings
    path = ROOT / "var" / "rasa.token"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), open(path, "x", opener=_private, encoding="ascii") as handle:
        handle.write(secrets.token_hex(24))
    return settings.model_copy(update={"rasa_token": path.read_text(encoding="ascii").strip()})


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def run_in_database(work: Callable[[Connection], T]) -> T:
    """One transaction on the configured database, after its migrations."""

    async def once() -> T:
        database = databases.open_database(load_settings().database_url)
        try:
            await database.run(upgrade)
            return await database.run(work)
        finally:
            await database.close()

    return asyncio.run(once())


def load_city(connection: Connection, settings: Settings) -> Catalogue:
    """The catalogue to answer from; the city file is loaded where nobody has loaded by hand since."""
    current = store.load(connection)
    if current is not None and _last_author(connection) != FROM_FILE:
        if current.city.id != settings.city:
            raise ConfigurationError(
                f"Basis data ini memuat {current.city.name}, bukan CITY={settings.city}; pakai DATABASE_URL lain "
                "untuk kota lain, atau samakan CITY."
            )
        return current
    try:
        wanted = city_file.read_city_file(city_path(settings))
    except city_file.CityFileError as error:
        raise ConfigurationError(f"Berkas kota belum benar:\n{error}") from error
    if current is None or current != wanted:
        store.save(connection, wanted, author=FROM_FILE, reason=f"dimuat dari cities/{settings.city}.yml")
        current = store.load(connection)
    assert current is not None
    return current


def _last_author(connection: Connection) -> str | None:
    loads = store.history(connection, limit=1)
    return loads[0].author if loads else None


def prepare(settings: Settings) -> Catalogue:
    """Bring the database up to date and the city's catalogue into it."""
    return run_in_database(lambda connection: load_city(connection, settings))


def configure_logging(settings: Settings) -> None:
    """Structured logs to stderr; identity numbers, phones and secrets never whole."""
    secrets = frozenset(
        secret
        for secret in (settings.telegram_bot_token, settings.telegram_webhook_secret, settings.rasa_token)
        if secret
    )
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redacting_processor(secrets),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


class Bot:
    """The whole bot in one process; `async with Bot(settings) as bot` starts and drains it."""

    def __init__(self, settings: Settings, extra_channels: Sequence[Channel] = ()) -> None:
        self.settings = settings
        self._extra_channels = extra_channels
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Bot:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        settings, stack = self.settings, self._stack
        self._hold_database()
        self.database = databases.open_database(settings.database_url)
        stack.push_async_callback(self.database.close)
        await self.database.run(upgrade)
        self.knowledge = Knowledge(self.database, Phrasebook())
        await self.knowledge.start()
        stack.push_async_callback(self.knowledge.close)
        self.rasa = RasaClient(settings.rasa_urls, settings.rasa_token, settings.rasa_timeout)
        await self.rasa.start()
        stack.push_async_callback(self.rasa.close)

        webchat = WebChatChannel()
        channels: dict[str, Channel] = {webchat.name: webchat}
        channels.update({channel.name: channel for channel in self._extra_channels})
        telegram = await self._telegram(channels)
        self.dispatcher = Dispatcher(self.database, channels, now)
        self.parts = Parts(self.database, channels, self.dispatcher, self.rasa, self.knowledge.actions, now)
        self.lanes = Lanes(self.database, lambda message: handle(message, self.parts), now)
        # Closing goes backwards: no new messages, then running turns, then running sends.
        stack.push_async_callback(self.dispatcher.close)
        stack.push_async_callback(self.lanes.close)
        self.dispatcher.start()
        self.lanes.start()

        self.public = build_public_app(self.check, settings.webchat_embed_origins)
        self.internal = build_internal_app(self.check, ActionServer(self.knowledge.actions, now))
        WebChatRoutes(webchat, self.database, self.receive).add_to(self.public)
        if telegram is not None:
            self._receive_telegram(telegram)

    def _hold_database(self) -> None:
        """One bot a SQLite file: its lanes know of each other only inside one process."""
        url = make_url(self.settings.database_url)
        if url.get_backend_name() != "sqlite" or not url.database:
            return
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        handle: IO[str] = self._stack.enter_context(Path(f"{url.database}.lock").open("w"))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(
                f"Basis data {url.database} sedang dipakai Nirtatap yang lain; hentikan dulu, atau pakai "
                "PostgreSQL (DATABASE_URL) bila perlu beberapa proses."
            ) from error

    async def receive(self, messages: Sequence[IncomingMessage]) -> None:
        """Store events durably and wake their lanes; returns only when nothing can be lost."""
        received = await self.database.run(lambda c: inbox.receive(c, messages, now()))
        for one in received:
            if one.inbound_id is not None:
                self.lanes.wake(one.conversation_id)

    async def check(self) -> dict[str, bool]:
        """What a message needs to be answered."""
        return {"database": await databases.answers(self.database), "rasa": await self.rasa.ready()}

    async def _telegram(self, channels: dict[str, Channel]) -> TelegramClient | None:
        token = self.settings.telegram_bot_token
        if not token:
            return None
        client = TelegramClient(token, self.settings.telegram_api_base)
        await client.start()
        self._stack.push_async_callback(client.close)
        channel = TelegramChannel(client)
        channels[channel.name] = channel
        return client

    def _receive_telegram(self, client: TelegramClient) -> None:
        if self.settings.telegram_mode == "webhook":
            assert self.settings.telegram_webhook_secret is not None
            webhook = Webhook(
                client,
                self.receive,
                self.settings.telegram_webhook_secret,
                self.settings.telegram_webhook_url,
            )
            self.public.add_routes(webhook.routes())
            webhook.start()
            self._stack.push_async_callback(webhook.close)
            return
        poller = Poller(client, self.receive)
        poller.start()
        self._stack.push_async_callback(poller.close)

    async def listen(self) -> None:
        """Open both listeners; raises ConfigurationError where a port is taken."""
        settings = self.settings
        for app, host, port, name in (
            (self.public, settings.public_host, settings.public_port, "PUBLIC_PORT"),
            (self.internal, settings.internal_host, settings.internal_port, "INTERNAL_PORT"),
        ):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=3.0)
            await runner.setup()
            self._stack.push_async_callback(runner.cleanup)
            try:
                await web.TCPSite(runner, host, port, backlog=512).start()
            except OSError as error:
                raise ConfigurationError(
                    f"Porta {host}:{port} sudah dipakai program lain; hentikan program itu atau atur {name}."
                ) from error
