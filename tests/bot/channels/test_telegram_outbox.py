"""Telegram behind the real inbox, outbox and dispatcher."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.turn import Context, Outcome, Reply, Turn
from bot import inbox
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.updates import parse
from bot.database import Database, open_database
from bot.models import OUTBOX, Base
from bot.outbox import Dispatcher
from tests.simulators.telegram import Fault, TelegramSimulator

ASEP, EUIS = 1001, 1002


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Answering:
    """Answers each update of the simulator with the given replies."""

    def __init__(self, telegram: TelegramSimulator, database: Database, client: TelegramClient) -> None:
        self.database = database
        self._telegram = telegram
        self._channel = TelegramChannel(client)
        self.dispatcher = Dispatcher(database, {"telegram": self._channel}, now)

    async def answer(self, chat: int, *texts: str) -> None:
        update = self._telegram.queue.history[self._telegram.residents.say(chat, "halo")]
        message = parse(update)
        assert message is not None
        bodies = [body for text in texts for body in self._channel.render(Reply(text))]
        turn = Turn((), Context(), Outcome.ANSWERED)
        [received] = await self.database.run(lambda c: inbox.receive(c, [message], now()))
        claimed = await self.database.run(lambda c: inbox.claim(c, received.conversation_id, "test", now()))
        assert claimed is not None
        await self.database.run(lambda c: inbox.finish(c, claimed, turn, bodies, "queued", now()))
        self.dispatcher.wake("telegram", received.conversation_id)

    async def states(self) -> list[str]:
        query = select(OUTBOX.c.state).order_by(OUTBOX.c.id)
        return await self.database.run(lambda c: list(c.execute(query).scalars()))


@pytest.fixture
async def answering(telegram: TelegramSimulator, client: TelegramClient, tmp_path: Path) -> AsyncIterator[Answering]:
    database = open_database(f"sqlite:///{tmp_path}/bot.db")
    await database.run(Base.metadata.create_all)
    answering = Answering(telegram, database, client)
    answering.dispatcher.start()
    yield answering
    await answering.dispatcher.close()
    await database.close()


async def test_parts_arrive_in_order(telegram: TelegramSimulator, answering: Answering) -> None:
    await answering.answer(ASEP, *(f"bagian {number}" for number in range(8)))
    await telegram.wait_for_message(ASEP, 8)
    assert [message["text"] for message in telegram.sent(ASEP)] == [f"bagian {n}" for n in range(8)]


async def test_a_flooded_chat_waits_as_told_and_the_others_do_not(
    telegram: TelegramSimulator, answering: Answering
) -> None:
    telegram.fail(Fault("sendMessage", chat=ASEP, status=429, description="Too Many Requests", retry_after=2))
    await answering.answer(ASEP, "satu", "dua")
    await answering.answer(EUIS, "tiga")
    await telegram.wait_for_message(EUIS, timeout=1)
    assert telegram.sent(ASEP) == []
    await telegram.wait_for_message(ASEP, 2, timeout=8)
    assert [message["text"] for message in telegram.sent(ASEP)] == ["satu", "dua"]
    refused, accepted = telegram.calls_of(ASEP, "sendMessage")[:2]
    assert accepted.at - refused.at >= 2


async def test_a_resident_who_blocked_the_bot_is_left_alone(telegram: TelegramSimulator, answering: Answering) -> None:
    telegram.residents.block(ASEP)
    await answering.answer(ASEP, "satu", "dua")
    async with asyncio.timeout(5):
        while await answering.states() != ["failed", "cancelled"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert len(telegram.calls_of(ASEP)) == 1
