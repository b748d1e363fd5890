"""The databases of the gateway's tests, and what stands in their tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.database import Database, open_database
from bot.models import CONVERSATION, INBOUND, OUTBOX
from migrations.run import upgrade

POSTGRES = "postgresql+asyncpg://postgres@127.0.0.1:5432"


async def administer(*statements: str, url: str = f"{POSTGRES}/postgres") -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def migrate(url: str) -> None:
    database = open_database(url)
    await database.run(upgrade)
    await database.close()


class Stored:
    """What stands in the tables, by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def inbound(self) -> list[Any]:
        return await self._rows(INBOUND)

    async def outbox(self) -> list[Any]:
        return await self._rows(OUTBOX)

    async def conversations(self) -> list[Any]:
        return await self._rows(CONVERSATION)

    async def states(self) -> list[str]:
        return [row.state for row in await self.outbox()]

    async def _rows(self, table: Table) -> list[Any]:
        def read(connection: Connection) -> list[Any]:
            return list(connection.execute(select(table).order_by(table.c.id)))

        return await self._database.run(read)
