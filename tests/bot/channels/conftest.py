"""A simulated Telegram, a client of it, and somewhere to put what is received."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.telegram.client import TelegramClient
from bot.database import open_database
from bot.models import Base
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
