"""Residents talk to the real system: a trained model in Rasa's server, the real bot, the real line.

`tests/conversations/*.yml` holds the talks; each is one test. A turn is what the resident does:

- `say: text`, `press: title of a button shown last`, or `send: {kind: photo, text: caption}`;
- `times: 80` repeats the text, `later: 31` lets so many minutes pass before it.

`expect` lists what the answer must hold, as the resident reads it (letter case aside): a text,
`not: text`, `act:`, `service:`, `outcome:`, or `buttons: [titles]` that are among those shown.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from sqlalchemy import Connection, select, update

from bot import database as databases
from bot.channels.terminal import NAME, TerminalChannel, typed
from bot.messages import IncomingMessage, OutgoingPart
from bot.models import CONVERSATION, INBOUND
from bot.settings import load_settings
from migrations.run import upgrade
from nirtatap.wiring import Bot, load_city
from tests.conftest import RasaServer

FOLDER = Path(__file__).with_name("conversations")
ANSWER_WITHIN = 20.0
LONGEST = 3500
"""Characters of one bubble; a channel may still cut it into several."""

_IDENTITY = re.compile(r"(?:\d[ .-]?){16}")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Talk:
    file: str
    title: str
    turns: Sequence[Mapping[str, Any]]


def read_talks() -> Iterator[Talk]:
    for path in sorted(FOLDER.glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield Talk(path.stem, entry["conversation"], entry["turns"])


TALKS = list(read_talks())


@dataclass
class Resident:
    """One resident at one address; remembers the buttons that were shown last."""

    bot: Bot
    channel: TerminalChannel
    address: str
    sent: int = 0
    shown: list[Mapping[str, str]] = field(default_factory=list)

    async def does(self, turn: Mapping[str, Any]) -> Answer:
        if "later" in turn:
            await self.bot.database.run(lambda c: _let_pass(c, self.address, dt.timedelta(minutes=turn["later"])))
        self.sent += 1
        message = self._message(turn)
        await self.bot.receive([message])
        parts = await asyncio.wait_for(self._answers(), ANSWER_WITHIN)
        row = await self.bot.database.run(lambda c: _stored(c, message.external_id))
        texts = [str(part.body["text"]) for part in parts]
        buttons = [button for part in parts for button in part.body["buttons"]]
        if parts:
            self.shown = buttons
        return Answer(texts, [b["title"] for b in buttons], row.outcome, row.act, row.service, row.text)

    def _message(self, turn: Mapping[str, Any]) -> IncomingMessage:
        key = str(self.sent)
        times = int(turn.get("times", 1))
        if "press" in turn:
            titles = [button["title"] for button in self.shown]
            assert turn["press"] in titles, f"no button {turn['press']!r} among {titles}"
            return typed(f"#{titles.index(turn['press']) + 1}", self.address, key, self.shown)
        if "send" in turn:
            sent = dict(turn["send"])
            return IncomingMessage(
                NAME,
                self.address,
                f"{self.address}:{key}",
                sent.pop("kind"),
                str(sent.pop("text", "")) * times,
                sent.pop("payload", None),
                attributes=sent,
            )
        return typed(str(turn["say"]) * times, self.address, key, self.shown)

    async def _answers(self) -> Sequence[OutgoingPart]:
        while True:
            parts = await self.channel.answers.get()
            if not parts or parts[0].address == self.address:
                return parts


@dataclass(frozen=True)
class Answer:
    texts: list[str]
    buttons: list[str]
    outcome: str
    act: str | None
    service: str | None
    stored: str

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def _let_pass(connection: Connection, address: str, time: dt.timedelta) -> None:
    """Make what a conversation remembers so much older."""
    where = CONVERSATION.c.address == address
    context = dict(connection.execute(select(CONVERSATION.c.context).where(where)).scalar_one())
    then = dt.datetime.fromisoformat(context["updated_at"]) - time
    connection.execute(update(CONVERSATION).where(where).values(context={**context, "updated_at": then.isoformat()}))


def _stored(connection: Connection, external_id: str) -> Any:
    return connection.execute(select(INBOUND).where(INBOUND.c.external_id == external_id)).one()


@pytest.fixture(scope="module")
def channel() -> TerminalChannel:
    return TerminalChannel()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    rasa: RasaServer, channel: TerminalChannel, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    url = f"sqlite:///{tmp_path_factory.mktemp('talks')}/talks.db"
    settings = load_settings(
        database_url=url, rasa_url=rasa.url, rasa_token=rasa.token, telegram_bot_token=None, city="bandung"
    )
    database = databases.open_database(url)
    await database.run(upgrade)
    await database.run(lambda connection: load_city(connection, settings))
    await database.close()
    async with Bot(settings, [channel]) as running:
        yield running


def check(answer: Answer, expected: Any) -> None:
    """One line of `expect`."""
    if isinstance(expected, str | int):
        assert str(expected).casefold() in answer.text.casefold(), f"no {expected!r} in:\n{answer.text}"
        return
    [(kind, value)] = expected.items()
    if kind == "not":
        assert str(value).casefold() not in answer.text.casefold(), f"{value!r} in:\n{answer.text}"
    elif kind == "buttons":
        missing = [title for title in value if title not in answer.buttons]
        assert not missing, f"no {missing} among {answer.buttons}"
    else:
        assert kind in ("act", "service", "outcome"), f"unknown expectation {kind!r}"
        found = getattr(answer, kind)
        assert found == value, f"{kind} is {found!r}, not {value!r}; answer:\n{answer.text}"


def readable(answer: Answer) -> None:
    """What holds for every answer, whatever was asked."""
    assert not _IDENTITY.search(answer.stored), "an identity number was stored"
    if answer.outcome == "ignored":
        return
    assert answer.texts, "the resident got no answer"
    for text in answer.texts:
        assert text.strip()
        assert len(text) <= LONGEST
        for trace in ("{{", "{%", "None", "Undefined", "Traceback", "\n\n\n"):
            assert trace not in text, f"{trace!r} in:\n{text}"
    assert len(answer.buttons) == len(set(answer.buttons)), f"a button twice: {answer.buttons}"


@pytest.mark.parametrize("talk", TALKS, ids=[f"{talk.file}: {talk.title}" for talk in TALKS])
async def test_conversation(talk: Talk, bot: Bot, channel: TerminalChannel) -> None:
    resident = Resident(bot, channel, f"{talk.file}/{talk.title}")
    for number, turn in enumerate(talk.turns, start=1):
        answer = await resident.does(turn)
        try:
            readable(answer)
            for expected in turn["expect"]:
                check(answer, expected)
        except AssertionError as error:
            asked = turn.get("say") or turn.get("press") or turn.get("send")
            raise AssertionError(f"turn {number} ({str(asked)[:80]!r}): {error}") from None


async def test_there_are_talks_to_run() -> None:
    assert len(TALKS) >= 60
    assert sum(len(talk.turns) for talk in TALKS) >= 100
    assert len({(talk.file, talk.title) for talk in TALKS}) == len(TALKS), "two talks have one title"
    for talk in TALKS:
        for turn in talk.turns:
            assert len({"say", "press", "send"} & turn.keys()) == 1, f"{talk.title}: {turn}"
            assert turn.keys() <= {"say", "press", "send", "times", "later", "expect"}, f"{talk.title}: {turn}"
            assert turn["expect"], f"{talk.title}: a turn expects nothing"
