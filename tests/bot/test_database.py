"""One way to run a transaction: what is reported is what is stored, on both databases."""

from __future__ import annotations

import asyncio
import resource
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from bot.database import Database, PostgresDatabase, SqliteDatabase, answers, open_database
from bot.errors import ConfigurationError, DatabaseUnavailable
from tests.bot.gateway_databases import POSTGRES
from tests.fakes import Wire, eventually

Open = Callable[[str], Database]


@pytest.fixture
async def numbers(database: Database) -> AsyncIterator[Database]:
    """The database with an empty table of numbers."""
    await database.run(lambda c: c.execute(text("CREATE TABLE number (n BIGINT PRIMARY KEY, filler TEXT)")) and None)
    yield database
    await database.run(lambda c: c.execute(text("DROP TABLE number")) and None)


def put(n: int, filler: str = "") -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO number VALUES (:n, :filler)"), {"n": n, "filler": filler})
        return n

    return work


def all_numbers(connection: Connection) -> list[int]:
    return list(connection.execute(text("SELECT n FROM number ORDER BY n")).scalars())


def put_then_fail(n: int, error: BaseException) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        put(n)(connection)
        raise error

    return work


def size_of(path: str) -> int:
    return Path(path).stat().st_size


class Held:
    """Holds SQLite's writer, so that all calls made meanwhile are one batch."""

    def __init__(self, database: Database) -> None:
        self._gate = threading.Event()
        self._holder = asyncio.create_task(database.run(lambda _c: self._gate.wait(10)))

    async def __aenter__(self) -> None:
        await asyncio.sleep(0.05)

    async def __aexit__(self, *_exc: object) -> None:
        await asyncio.sleep(0)  # the calls of tasks made in the block are put now
        self._gate.set()
        await self._holder


@pytest.fixture
async def file_numbers(sqlite: Database) -> Database:
    await sqlite.run(lambda c: c.execute(text("CREATE TABLE number (n BIGINT PRIMARY KEY, filler TEXT)")) and None)
    return sqlite


async def test_results_reach_their_callers(numbers: Database) -> None:
    assert await asyncio.gather(*(numbers.run(put(n)) for n in range(100))) == list(range(100))
    assert await numbers.run(all_numbers) == list(range(100))


async def test_a_failing_call_stores_nothing_and_harms_no_other(numbers: Database) -> None:
    works = [put_then_fail(n, ValueError(f"n{n}")) if n % 5 == 0 else put(n) for n in range(40)]
    results = await asyncio.gather(*(numbers.run(work) for work in works), return_exceptions=True)
    for n, result in enumerate(results):
        assert str(result) == (f"n{n}" if n % 5 == 0 else str(n))
    assert await numbers.run(all_numbers) == [n for n in range(40) if n % 5]


async def test_a_broken_constraint_is_the_callers_fault_not_an_outage(numbers: Database) -> None:
    await numbers.run(put(1))
    with pytest.raises(IntegrityError):
        await numbers.run(put(1))
    assert await numbers.run(put(2)) == 2


async def test_one_batch_isolates_each_call(file_numbers: Database) -> None:
    async with Held(file_numbers):
        works = [put(1), put(1), put_then_fail(2, ValueError("x")), put(2), put(3)]
        tasks = [asyncio.create_task(file_numbers.run(work)) for work in works]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [int, IntegrityError, ValueError, int, int]
    assert await file_numbers.run(all_numbers) == [1, 2, 3]


@pytest.mark.parametrize("error", [StopIteration("end"), SystemExit(3), asyncio.CancelledError()])
async def test_no_kind_of_exception_stops_the_writer(file_numbers: Database, error: BaseException) -> None:
    """StopIteration cannot be set on a future, SystemExit would end the thread: all others would wait for ever."""
    async with Held(file_numbers):
        tasks = [asyncio.create_task(file_numbers.run(work)) for work in (put(1), put_then_fail(2, error), put(3))]
    async with asyncio.timeout(2):
        first, failed, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert (first, last) == (1, 3)
    assert isinstance(failed, RuntimeError)
    assert await file_numbers.run(all_numbers) == [1, 3]


async def test_calls_run_in_the_order_they_were_made(file_numbers: Database) -> None:
    seen: list[int] = []
    await asyncio.gather(*(file_numbers.run(lambda _c, n=n: seen.append(n)) for n in range(300)))  # type: ignore[misc]
    assert seen == list(range(300))


async def test_a_cancelled_caller_does_not_break_its_batch(file_numbers: Database) -> None:
    async with Held(file_numbers):
        tasks = [asyncio.create_task(file_numbers.run(put(n))) for n in range(10)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[7].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [n for n, result in enumerate(results) if isinstance(result, asyncio.CancelledError)] == [0, 7]
    assert [result for result in results if isinstance(result, int)] == [1, 2, 3, 4, 5, 6, 8, 9]
    # What a caller had asked for before it gave up may be stored; what was reported must be.
    assert {1, 2, 3, 4, 5, 6, 8, 9} <= set(await file_numbers.run(all_numbers))


async def test_cancelled_callers_leave_postgresql_usable(postgres: Database) -> None:
    sleepers = [asyncio.create_task(postgres.run(lambda c: c.execute(text("SELECT pg_sleep(30)")))) for _ in range(25)]
    await asyncio.sleep(0.3)
    for sleeper in sleepers:
        sleeper.cancel()
    await asyncio.gather(*sleepers, return_exceptions=True)
    assert all(sleeper.cancelled() for sleeper in sleepers)
    async with asyncio.timeout(5):
        found = await asyncio.gather(
            *(postgres.run(lambda c: c.execute(text("SELECT 7")).scalar_one()) for _ in range(25))
        )
    assert found == [7] * 25


async def test_close_ends_what_was_begun_and_refuses_the_rest(file_numbers: Database, sqlite_url: str) -> None:
    tasks = [asyncio.create_task(file_numbers.run(put(n))) for n in range(200)]
    await asyncio.sleep(0)
    await file_numbers.close()
    assert await asyncio.gather(*tasks) == list(range(200))
    async with asyncio.timeout(1):
        with pytest.raises(DatabaseUnavailable):
            await file_numbers.run(put(999))
        await file_numbers.close()
    again = open_database(sqlite_url)
    assert await again.run(all_numbers) == list(range(200))
    await again.close()


async def test_a_full_disk_is_an_outage_that_ends(file_numbers: Database, sqlite_url: str) -> None:
    """The kernel itself refuses to let the file grow; what was reported as stored is stored, and only that."""
    await asyncio.gather(*(file_numbers.run(put(n, "x" * 4000)) for n in range(100)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_of(f"{make_url(sqlite_url).database}-wal"), hard))
    try:
        tasks = [file_numbers.run(put(n, "x" * 20_000)) for n in range(100, 130)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert any(isinstance(result, DatabaseUnavailable) for result in results)
    reported = [result for result in results if isinstance(result, int)]
    assert len(reported) + sum(isinstance(result, DatabaseUnavailable) for result in results) == 30
    assert await file_numbers.run(put(500)) == 500
    assert await file_numbers.run(all_numbers) == [*range(100), *reported, 500]


async def test_a_read_only_database_is_an_outage_that_ends(file_numbers: Database) -> None:
    await file_numbers.run(lambda c: c.execute(text("PRAGMA query_only = ON")) and None)
    with pytest.raises(DatabaseUnavailable, match="readonly"):
        await file_numbers.run(put(1))
    await file_numbers.run(lambda c: c.execute(text("PRAGMA query_only = OFF")) and None)
    assert await file_numbers.run(put(1)) == 1


async def test_a_file_that_is_no_database_is_an_outage_not_a_crash(tmp_path: Path, open_one: Open) -> None:
    (tmp_path / "bad.db").write_bytes(b"this is no database at all" * 100)
    database = open_one(f"sqlite:///{tmp_path}/bad.db")
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await database.run(lambda c: c.execute(text("SELECT 1")).scalar())
    (tmp_path / "bad.db").unlink()
    assert await answers(database)


async def test_sqlite_fsyncs_what_it_reports(sqlite: Database) -> None:
    def pragmas(connection: Connection) -> list[object]:
        return [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert await sqlite.run(pragmas) == ["wal", 2, 1]


# ---------------------------------------------------------------- PostgreSQL away


async def test_an_outage_of_postgresql_is_said_at_once_and_ends_with_it(wire: Wire, wired: Database) -> None:
    assert await answers(wired)
    await wire.cut()
    async with asyncio.timeout(3):
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable):
                await wired.run(lambda c: c.execute(text("SELECT 1")))
    assert not await answers(wired)
    await wire.mend()
    assert await answers(wired)


async def test_a_frozen_network_is_an_outage_too(wire: Wire, wired: Database) -> None:
    """A firewall that drops packets breaks no connection: only a limit of our own ends the wait."""
    assert isinstance(wired, PostgresDatabase)
    impatient = PostgresDatabase(f"{POSTGRES.rpartition(':')[0]}:{wire.port}/postgres", statement_within=0.3)
    assert await answers(impatient)
    wire.freeze()
    async with asyncio.timeout(6):
        with pytest.raises(DatabaseUnavailable):
            await impatient.run(lambda c: c.execute(text("SELECT 1")))
    wire.thaw()
    assert await answers(impatient)
    await impatient.close()


async def test_a_connection_that_breaks_in_the_middle_stores_nothing(wire: Wire, wired: Database) -> None:
    running = asyncio.create_task(
        wired.run(lambda c: c.execute(text("CREATE TABLE half (n INT)")) and c.execute(text("SELECT pg_sleep(5)")))
    )
    await asyncio.sleep(0.3)
    await wire.cut()
    with pytest.raises(DatabaseUnavailable):
        await running
    await wire.mend()
    assert await wired.run(lambda c: c.execute(text("SELECT to_regclass('half')")).scalar()) is None


async def test_a_server_that_refuses_logins_is_an_outage(postgres_url: str, open_one: Open) -> None:
    """As while it starts up, shuts down, or has no connection left: the driver's own errors."""
    missing = open_one(make_url(postgres_url).set(database="no_such_database_here").render_as_string(False))
    with pytest.raises(DatabaseUnavailable):
        await missing.run(lambda c: c.execute(text("SELECT 1")))


async def test_nothing_listening_is_an_outage(open_one: Open) -> None:
    with socket.socket() as bound_not_listening:
        bound_not_listening.bind(("127.0.0.1", 0))
        port = bound_not_listening.getsockname()[1]
    nowhere = open_one(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/x")
    with pytest.raises(DatabaseUnavailable):
        await nowhere.run(lambda c: c.execute(text("SELECT 1")))
    assert not await answers(nowhere)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(:value AS TEXT)",  # NUL cannot be stored
        "INSERT INTO conversation (channel, address, created_at, last_inbound_at) VALUES (:value, 'a', now(), now())",
    ],
)
async def test_data_that_does_not_fit_is_no_outage(postgres: Database, statement: str) -> None:
    """Trying again would not help: as DatabaseUnavailable a provider would send it again for ever."""
    value = "a\x00b" if statement.startswith("SELECT") else "x" * 40
    with pytest.raises(DBAPIError):
        await postgres.run(lambda c: c.execute(text(statement), {"value": value}))
    with pytest.raises(ProgrammingError):
        await postgres.run(lambda c: c.execute(text("SELECT no_such_column")))
    assert await answers(postgres)


# ---------------------------------------------------------------- DATABASE_URL


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://localhost/x", "not a url", ""])
def test_an_unusable_url_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        open_database(url)


async def test_folders_of_a_new_database_are_made(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/a/b/new.db")
    assert isinstance(database, SqliteDatabase) and not database.shared
    await eventually(lambda: answers(database))
    await database.close()
    assert (tmp_path / "a/b/new.db").is_file()
