"""A dispatcher of replies with its database, and what became of the parts."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import update

from bot import inbox, outbox
from bot.database import Database
from bot.messages import OutgoingPart
from bot.models import CONVERSATION
from bot.outbox import Dispatcher
from tests.bot.gateway_databases import Stored
from tests.builders import CHANNEL, bodies, incoming, turn
from tests.fakes import Clock, FakeChannel

Open = Callable[[str], Database]


class Office:
    """A dispatcher over one database, and a way to put parts into its outbox."""

    def __init__(self, database: Database, channel: FakeChannel, clock: Clock) -> None:
        self.database = database
        self.channel = channel
        self.clock = clock
        self.dispatcher = Dispatcher(database, {channel.name: channel}, clock, sweep_every=0.02)

    async def queue(self, *texts: str, address: str = "asep", wake: bool = True, channel: str = CHANNEL) -> int:
        message = incoming(address=address, channel=channel)
        [one] = await self.database.run(lambda c: inbox.receive(c, [message], self.clock()))
        claimed = await self.database.run(lambda c: inbox.claim(c, one.conversation_id, "t", self.clock()))
        assert claimed is not None
        await self.database.run(lambda c: inbox.finish(c, claimed, turn(), bodies(*texts), "queued", self.clock()))
        if wake:
            self.dispatcher.wake(channel, one.conversation_id)
        return one.conversation_id

    async def take(self, conversation: int) -> OutgoingPart | None:
        return await self.database.run(lambda c: outbox.take(c, conversation, self.clock()))

    async def taken(self, conversation: int) -> OutgoingPart:
        part = await self.take(conversation)
        assert part is not None
        return part

    async def bump_epoch(self, conversation: int) -> None:
        """What an agent's takeover does."""
        table = CONVERSATION
        statement = update(table).where(table.c.id == conversation).values(epoch=table.c.epoch + 1)
        await self.database.run(lambda c: c.execute(statement) and None)


async def all_are(stored: Stored, state: str) -> bool:
    return set(await stored.states()) == {state}


async def states_are(stored: Stored, *states: str) -> bool:
    return await stored.states() == list(states)
