"""One way to run a transaction, on SQLite and on PostgreSQL alike.

Work is a plain function of a SQLAlchemy `Connection`; `run` returns when its effect is
durable. On PostgreSQL each call is a transaction of its own over asyncpg. On SQLite one
writer thread takes all calls that wait and commits them together, each in a savepoint
of its own, so that sixteen residents cost one fsync and one bad call harms no other.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import ConfigurationError, DatabaseUnavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

BATCH = 64
"""Calls committed together at most, so that a burst cannot hold the first caller back."""

STATEMENT_WITHIN = 30.0
"""Seconds a statement may take on PostgreSQL; without a limit a frozen network would hold callers for ever."""

DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "sqlite+aiosqlite", "postgresql+asyncpg"})


class Database(Protocol):
    """What the rest of the bot knows of a database."""

    dialect: str
    shared: bool
    """True where several bot processes may work on it at once."""

    async def run(self, work: Work[T]) -> T:
        """Run `work` in one transaction; durable on return.

        Raises:
            DatabaseUnavailable: nothing of it is stored; trying again may help.
        """
        ...

    async def close(self) -> None: ...


class _Job:
    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class SqliteDatabase:
    """SQLite in WAL mode with full fsync, one writer thread."""

    dialect = "sqlite"
    shared = False

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        path = make_url(url).database
        if path and path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._connection: Connection | None = None
        self._closed = False
        event.listen(self._engine, "connect", _set_pragmas)
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(work, future))
        return await future

    async def close(self) -> None:
        """Runs what was asked for before; what comes later is refused."""
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._engine.dispose()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                break
            batch = [job]
            stopping = False
            with suppress(queue.Empty):
                while len(batch) < BATCH:
                    job = self._jobs.get_nowait()
                    if job is None:
                        stopping = True
                        break
                    batch.append(job)
            self._commit_together(batch)
            _settle(batch)
            if stopping:
                break
        if self._connection is not None:
            self._connection.close()

    def _commit_together(self, batch: list[_Job]) -> None:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            connection = self._connection
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("BEGIN IMMEDIATE")
            try:
                for job in batch:
                    driver.execute("SAVEPOINT job")
                    try:
                        job.result = job.work(connection)
                    except BaseException as error:
                        # Not even a SystemExit may end this thread: all others would wait for ever.
                        job.error = error
                        driver.execute("ROLLBACK TO job")
                    driver.execute("RELEASE job")
                driver.execute("COMMIT")
            except BaseException:
                with suppress(Exception):
                    driver.execute("ROLLBACK")
                raise
        except Exception as error:
            # The whole commit failed (disk full, file gone): nobody's work is stored.
            for job in batch:
                job.error = error
            if self._connection is not None:
                with suppress(Exception):
                    self._connection.invalidate()
                    self._connection.close()
                self._connection = None


def _settle(batch: list[_Job]) -> None:
    def resolve() -> None:
        for job in batch:
            if job.future.done():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(_translated(job.error))

    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        batch[0].future.get_loop().call_soon_threadsafe(resolve)


def _set_pragmas(driver: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        driver.execute(f"PRAGMA {pragma}")


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, StopIteration) or not isinstance(error, Exception):
        # A future takes no StopIteration, and its caller has not been cancelled.
        return RuntimeError(f"the work ended with {type(error).__name__}: {error}")
    if isinstance(error, DBAPIError) and not _is_programming_fault(error):
        return DatabaseUnavailable(f"{type(error).__name__}: {error.orig}")
    if isinstance(error, PoolTimeout | OSError) or type(error).__module__.startswith("sqlite3"):
        return DatabaseUnavailable(f"{type(error).__name__}: {error}")
    return error


def _is_programming_fault(error: DBAPIError) -> bool:
    if type(error).__name__ in {"ProgrammingError", "IntegrityError", "DataError"}:
        return True
    # asyncpg's "data exception" (NUL, too long, out of range) comes without a class of its own.
    return str(getattr(error.orig, "sqlstate", None) or "")[:2] == "22"


class PostgresDatabase:
    """PostgreSQL over asyncpg; any number of bot processes."""

    dialect = "postgresql"
    shared = True

    def __init__(self, url: str, statement_within: float = STATEMENT_WITHIN) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=12,
            max_overflow=8,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args={"timeout": 5.0, "command_timeout": statement_within},
        )

    async def run(self, work: Work[T]) -> T:
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            raise _translated(error) from error

    async def close(self) -> None:
        await self._engine.dispose()


def open_database(url: str) -> Database:
    """The database behind `DATABASE_URL`: `sqlite:///path` or `postgresql+asyncpg://…`."""
    check_url(url)
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteDatabase(url.replace("sqlite+aiosqlite", "sqlite"))
    return PostgresDatabase(url)


def check_url(url: str) -> None:
    """Raises:
    ConfigurationError: `url` names no database that can be used; the URL itself is not repeated.
    """
    try:
        driver = make_url(url).drivername
    except ArgumentError as error:
        raise ConfigurationError("DATABASE_URL bukan alamat basis data (contoh: sqlite:///var/nirtatap.db)") from error
    if driver not in DRIVERS:
        raise ConfigurationError(f"DATABASE_URL memakai {driver}; yang didukung: sqlite dan postgresql+asyncpg.")


async def answers(database: Database) -> bool:
    """Whether the database takes a trivial query now."""
    try:
        await database.run(lambda connection: connection.execute(text("SELECT 1")).scalar())
    except DatabaseUnavailable:
        return False
    return True
