"""PostgreSQL as the tests reach it: one transaction over asyncpg for each piece of work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

T = TypeVar("T")
Run = Callable[[Callable[[Connection], T]], T]

SERVER = "postgresql+asyncpg://postgres@127.0.0.1:5432"


async def administer(*statements: str) -> None:
    engine = create_async_engine(f"{SERVER}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


def run_on_postgres(url: str) -> Run[Any]:
    """Runs work in one transaction over asyncpg."""

    async def once(work: Callable[[Connection], T]) -> T:
        engine = create_async_engine(url, poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return lambda work: asyncio.run(once(work))


def empty_postgres(connection: Connection) -> None:
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))
