"""One message, one straight line: the real actions over the real catalogue, fakes only at the ends."""

from __future__ import annotations

import asyncio
from typing import Any

from actions.router import Actions
from bot import inbox
from bot.conversation import Parts, handle
from bot.database import Database
from bot.messages import Claimed, IncomingMessage
from bot.outbox import Dispatcher
from bot.rasa_client import RasaClient
from tests.builders import incoming
from tests.fakes import Clock, FakeChannel, FakeNlu, eventually


class Line:
    """The whole line from a stored message on."""

    def __init__(self, database: Database, channel: FakeChannel, nlu: FakeNlu, actions: Actions, clock: Clock) -> None:
        self.database = database
        self.channel = channel
        self.nlu = nlu
        self.actions = actions
        self.clock = clock
        self.rasa = RasaClient([nlu.url], "rahasia", timeout=0.4)
        channels: dict[str, Any] = {channel.name: channel}
        self.dispatcher = Dispatcher(database, channels, clock, sweep_every=0.02)
        self.parts = Parts(database, channels, self.dispatcher, self.rasa, lambda: self.actions, clock)

    async def receive(self, message: IncomingMessage) -> int:
        [one] = await self.database.run(lambda c: inbox.receive(c, [message], self.clock()))
        return one.conversation_id

    async def claim(self, conversation: int, owner: str = "us") -> Claimed | None:
        return await self.database.run(lambda c: inbox.claim(c, conversation, owner, self.clock()))

    async def turn(self, conversation: int) -> bool:
        """Handle the next message; False where there is none to handle now."""
        message = await self.claim(conversation)
        if message is None:
            return False
        async with asyncio.timeout(5):
            await handle(message, self.parts)
        return True

    async def say(self, message: str | IncomingMessage) -> list[str]:
        """One message through the whole line; what the resident reads of it."""
        before = len(self.channel.sent)
        conversation = await self.receive(incoming(message) if isinstance(message, str) else message)
        assert await self.turn(conversation)
        await eventually(lambda: not self.dispatcher.busy(conversation))
        return [part_text for _, part_text in self.channel.sent[before:]]


def outcomes(rows: list[Any]) -> list[tuple[str, str | None]]:
    return [(row.state, row.outcome) for row in rows]
