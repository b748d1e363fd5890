"""A database of the run's own, gone when it ends."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from nirtatap.bench.processes import BenchError


@contextmanager
def own_database(server_url: str | None, scratch: Path) -> Iterator[str]:
    """A database of the run's own: a SQLite file, or a new one on the given PostgreSQL server."""
    if server_url is None:
        yield f"sqlite:///{scratch / 'bench.db'}"
        return
    try:
        server = make_url(server_url)
    except ArgumentError:
        server = None
    if server is None or server.get_backend_name() != "postgresql":
        raise BenchError("--database-url: postgresql+asyncpg://… (SQLite dipakai bila tidak diisi)")
    name = f"nirtatap_bench_{secrets.token_hex(4)}"
    _administer(server, f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server, f"DROP DATABASE {name}")


def _administer(server: URL, statement: str) -> None:
    async def execute() -> None:
        engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                await connection.execute(text(statement))
        finally:
            await engine.dispose()

    try:
        asyncio.run(execute())
    except (SQLAlchemyError, OSError) as error:
        raise BenchError(f"PostgreSQL menolak `{statement}`: {error}") from error
