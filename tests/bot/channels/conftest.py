"""A simulated Telegram, a client of it, somewhere to put what is received, and bots with the web chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram.client import TelegramClient
from bot.database import Database, open_database
from bot.models import Base
from tests.bot.channels.webchat_bot import ChatBot, Open
from tests.bot.gateway_databases import Stored
from tests.simulators.receivers import InboxStore, Store
from tests.simulators.telegram import BotApiSpec, TelegramSimulator, official_spec


@pytest.fixture(scope="session")
def bot_api_spec() -> BotApiSpec | None:
    return official_spec()


@pytest.fixture
async def telegram(bot_api_spec: BotApiSpec | None) -> AsyncIterator[TelegramSimulator]:
    """A Telegram that fails the test where a call did not fit the official schema."""
    simulator = TelegramSimulator(bot_api_spec)
    await simulator.start()
    yield simulator
    await simulator.close()
    assert simulator.spec_problems == []


@pytest.fixture
async def client(telegram: TelegramSimulator) -> AsyncIterator[TelegramClient]:
    client = TelegramClient(telegram.token, telegram.base_url)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def inbox_store(tmp_path: Path) -> AsyncIterator[InboxStore]:
    database = open_database(f"sqlite:///{tmp_path}/bot.db")
    await database.run(Base.metadata.create_all)
    yield InboxStore(database)
    await database.close()


@pytest.fixture
async def start(open_one: Open) -> AsyncIterator[Callable[..., Any]]:
    """Starts bots that are stopped after the test."""
    started: list[ChatBot] = []

    async def start_it(database: Database, **options: Any) -> ChatBot:
        started.append(ChatBot(database, **options))
        await started[-1].start()
        return started[-1]

    yield start_it
    for bot in started:
        await bot.close()


@pytest.fixture
async def chat(database: Database, start: Callable[..., Any]) -> ChatBot:
    bot: ChatBot = await start(database)
    return bot


@pytest.fixture
async def light(sqlite: Database, start: Callable[..., Any]) -> ChatBot:
    """On SQLite only, where the database has no part in what is tested."""
    bot: ChatBot = await start(sqlite)
    return bot


@pytest.fixture
async def light_stored(sqlite: Database) -> Stored:
    return Stored(sqlite)
