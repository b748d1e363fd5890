"""The load, in a process of its own: `python -m nirtatap.bench.generator TELEGRAM_PORT`.

A job is one line of JSON on stdin (`survey` or `cell`); its end is one line on stdout. Lines
`{"mark": "start"}` and `{"mark": "end"}` in between say when the measured window begins and
ends, for whoever reads other processes' CPU time.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from nirtatap.bench.figures import Sample
from nirtatap.bench.residents import Mail, Resident, Target, Unanswered, WebChatResident, make
from nirtatap.bench.telegram import FakeTelegram

SURVEY_WIDTH = 32
SETTLE = 0.3
"""Seconds after the last answer in which a second bubble would show itself as a stray."""

Mark = Callable[[str], None]


@dataclass
class _Window:
    """The measured time, and what was seen in it."""

    start: float
    end: float
    latencies_ms: list[float] = field(default_factory=list)
    errors: int = 0


def _session(target: Target) -> aiohttp.ClientSession:
    # limit=0: every resident may hold a connection; the closed loop is what bounds them.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=target.patience))


async def run_cell(
    target: Target,
    telegram: FakeTelegram,
    texts: Sequence[str],
    residents: int,
    warm_up: float,
    seconds: float,
    seed: int,
    mark: Mark = lambda _name: None,
) -> Sample:
    """A closed loop: every resident asks its next question when the last one was answered."""
    loop = asyncio.get_running_loop()
    async with _session(target) as http:
        crowd = [make(http, target, telegram) for _ in range(residents)]
        try:
            await asyncio.gather(*(one.open() for one in crowd))
            start = time.perf_counter() + warm_up
            window = _Window(start, start + seconds)
            loop.call_later(warm_up, mark, "start")
            loop.call_later(warm_up + seconds, mark, "end")

            async def live(number: int) -> None:
                order = random.Random(f"{seed}-{number}")  # noqa: S311 - the same messages in every run
                await _live(crowd, number, window, order, texts, lambda: make(http, target, telegram))

            await asyncio.gather(*(live(number) for number in range(residents)))
            await asyncio.sleep(max(SETTLE, window.end + 0.01 - time.perf_counter()))
            strays = sum(one.strays for one in crowd)
        finally:
            await asyncio.gather(*(one.close() for one in crowd))
    return Sample(tuple(window.latencies_ms), window.errors, strays, seconds)


async def _live(
    crowd: list[Resident],
    number: int,
    window: _Window,
    order: random.Random,
    texts: Sequence[str],
    renew: Callable[[], Resident],
) -> None:
    deck: list[str] = []
    while (asked := time.perf_counter()) < window.end:
        if not deck:
            deck = list(texts)
            order.shuffle(deck)
        try:
            answered = await crowd[number].ask(deck.pop())
        except (Unanswered, aiohttp.ClientError, TimeoutError):
            window.errors += time.perf_counter() >= window.start
            # A late answer must not be taken for the next one's: another resident goes on.
            await _replace(crowd, number, renew)
            continue
        if window.start <= answered < window.end:
            window.latencies_ms.append((answered - asked) * 1000)


async def _replace(crowd: list[Resident], number: int, renew: Callable[[], Resident]) -> None:
    await crowd[number].close()
    crowd[number] = renew()
    await asyncio.sleep(0.05)  # a refused connection would be tried again at once, for ever
    try:
        await crowd[number].open()
    except (Unanswered, aiohttp.ClientError, TimeoutError):
        return  # its next question fails and is counted


async def survey(target: Target, texts: Sequence[str]) -> list[int]:
    """How many bubbles each text is answered with (0: none), each in a conversation of its own."""
    slots = asyncio.Semaphore(SURVEY_WIDTH)
    async with _session(target) as http:

        async def count(text: str) -> int:
            resident = WebChatResident(http, target)
            async with slots:
                try:
                    await resident.open()
                    return await _bubbles(resident.mail, resident.ask(text))
                except (Unanswered, aiohttp.ClientError, TimeoutError):
                    return 0
                finally:
                    await resident.close()

        return list(await asyncio.gather(*(count(text) for text in texts)))


async def _bubbles(mail: Mail, asking: Awaitable[float]) -> int:
    before = mail.received
    await asking
    await mail.settle()
    return mail.received - before


async def _work(job: dict[str, Any], telegram: FakeTelegram) -> dict[str, Any]:
    target = Target(**job["target"])
    if job["do"] == "survey":
        return {"bubbles": await survey(target, job["texts"])}
    sample = await run_cell(
        target,
        telegram,
        job["texts"],
        job["residents"],
        job["warm_up"],
        job["seconds"],
        job["seed"],
        mark=lambda name: _say({"mark": name}),
    )
    return asdict(sample)


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


async def main(port: int) -> None:
    telegram = FakeTelegram()
    await telegram.start(port)
    _say({"listening": port})
    try:
        # A thread reads stdin: between two jobs the fake Bot API must go on answering.
        while line := await asyncio.to_thread(sys.stdin.readline):
            try:
                _say(await _work(json.loads(line), telegram))
            except (Unanswered, aiohttp.ClientError, TimeoutError) as error:
                _say({"fault": f"{type(error).__name__}: {error}"})
    finally:
        await telegram.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1])))
