"""Both databases, migrated as in production (SQLite, and a PostgreSQL of this run's own), and what runs on them."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from actions.router import Actions
from bot.database import Database, open_database
from tests.bot.conversation_line import Line
from tests.bot.gateway_databases import POSTGRES, Stored, administer, migrate
from tests.bot.outbox_office import Office
from tests.fakes import Clock, FakeChannel, FakeNlu, Wire


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "nirtatap.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """A database of this run's own, dropped at its end."""
    name = f"nirtatap_bot_{secrets.token_hex(6)}"
    try:
        asyncio.run(administer(f"CREATE DATABASE {name}"))
    except OSError:
        assert "CI" not in os.environ, "CI runs PostgreSQL; without it half of these tests would be left out"
        pytest.skip("PostgreSQL does not run on 127.0.0.1:5432")
    asyncio.run(migrate(f"{POSTGRES}/{name}"))
    yield f"{POSTGRES}/{name}"
    asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "bot.db")
    return f"sqlite:///{tmp_path}/bot.db"


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    # Far quicker than TRUNCATE, which makes new files.
    empty = ("DELETE FROM outbox", "DELETE FROM inbound", "DELETE FROM conversation")
    asyncio.run(administer(*empty, "ALTER SEQUENCE conversation_id_seq RESTART", url=postgres_database))
    return postgres_database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    value: str = request.getfixturevalue(fixture)
    return value


@pytest.fixture
async def open_one() -> AsyncIterator[Callable[[str], Database]]:
    """Opens databases that are closed after the test."""
    opened: list[Database] = []

    def open_it(url: str) -> Database:
        opened.append(open_database(url))
        return opened[-1]

    yield open_it
    for database in opened:
        await database.close()


@pytest.fixture
async def database(url: str, open_one: Callable[[str], Database]) -> Database:
    return open_one(url)


@pytest.fixture
async def sqlite(sqlite_url: str, open_one: Callable[[str], Database]) -> Database:
    return open_one(sqlite_url)


@pytest.fixture
async def postgres(postgres_url: str, open_one: Callable[[str], Database]) -> Database:
    return open_one(postgres_url)


@pytest.fixture
async def wire(postgres_url: str) -> AsyncIterator[Wire]:
    parsed = make_url(postgres_url)
    wire = Wire(str(parsed.host), parsed.port or 5432)
    await wire.mend()
    yield wire
    await wire.close()


@pytest.fixture
async def wired(wire: Wire, postgres_url: str, open_one: Callable[[str], Database]) -> Database:
    """PostgreSQL behind a wire that can be cut."""
    return open_one(make_url(postgres_url).set(port=wire.port).render_as_string(hide_password=False))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stored(database: Database) -> Stored:
    return Stored(database)


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
async def office(database: Database, channel: FakeChannel, clock: Clock) -> AsyncIterator[Office]:
    office = Office(database, channel, clock)
    yield office
    await office.dispatcher.close(patience=0)


@pytest.fixture
async def nlu() -> AsyncIterator[FakeNlu]:
    nlu = FakeNlu()
    await nlu.start()
    yield nlu
    await nlu.stop()


@pytest.fixture
async def line(
    database: Database, channel: FakeChannel, nlu: FakeNlu, actions: Actions, clock: Clock
) -> AsyncIterator[Line]:
    line = Line(database, channel, nlu, actions, clock)
    await line.rasa.start()
    yield line
    await line.dispatcher.close(patience=1)
    await line.rasa.close()
