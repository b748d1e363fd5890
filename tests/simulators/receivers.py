"""Where a channel's test puts what comes in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select

from bot import inbox
from bot.database import Database
from bot.errors import DatabaseUnavailable
from bot.messages import IncomingMessage
from bot.models import INBOUND


class Store:
    """A `Receive` over a list. `failures` are raised first; `poison` is refused whenever it comes."""

    def __init__(self) -> None:
        self.messages: list[IncomingMessage] = []
        self.failures: list[Exception] = []
        self.poison: str | None = None

    async def __call__(self, messages: Sequence[IncomingMessage]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if any(message.text == self.poison for message in messages):
            raise ValueError("cannot be stored")
        self.messages += messages

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]


class InboxStore:
    """A `Receive` over the real inbox."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.outages = 0
        self.calls = 0  # that were stored

    async def __call__(self, messages: Sequence[IncomingMessage]) -> None:
        if self.outages:
            self.outages -= 1
            raise DatabaseUnavailable("disk I/O error")
        await self._database.run(lambda c: inbox.receive(c, messages, dt.datetime.now(dt.UTC)))
        self.calls += 1

    async def stored(self) -> list[tuple[str, str]]:
        """(external id, text), oldest first."""
        table = INBOUND
        query = select(table.c.external_id, table.c.text).order_by(table.c.id)
        return await self._database.run(lambda c: [(row.external_id, row.text) for row in c.execute(query)])
