"""The benchmark's arithmetic, and its generator against a small bot that is told how to behave."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nirtatap.bench import figures, residents
from nirtatap.bench.figures import Cell, Sample
from nirtatap.bench.generator import run_cell, survey
from nirtatap.bench.processes import BenchError, Processes, free_port
from nirtatap.bench.residents import Target
from nirtatap.bench.telegram import FakeTelegram

SECRET = "rahasia"


# ---------------------------------------------------------------- arithmetic


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([], 0.5, None),
        ([7.0], 0.99, 7.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_percentile_is_a_measured_value(values: list[float], share: float, wanted: float | None) -> None:
    assert figures.percentile(values, share) == wanted


def test_rounds_are_pooled_not_averaged() -> None:
    slow, fast = Sample((100.0,), 1, 0, 2.0), Sample((1.0, 2.0, 3.0), 0, 2, 2.0)
    cell = figures.summarise(figures.WEBCHAT, 16, [slow, fast], {"bot": 0.5})
    assert (cell.count, cell.errors, cell.strays) == (4, 1, 2)
    assert (cell.p50_ms, cell.p99_ms, cell.per_second) == (2.0, 100.0, 1.0)


def cell(kind: str, number: int, per_second: float, p50: float | None) -> Cell:
    return Cell(kind, number, 100, 0, 0, 6.0, p50, p50, p50, per_second)


def test_ratios_and_aims_of_a_full_run() -> None:
    cells = [
        cell(figures.PARSE, 1, 500.0, 2.0),
        cell(figures.WEBCHAT, 1, 200.0, 5.0),
        cell(figures.TELEGRAM, 1, 150.0, 12.0),
        cell(figures.WEBCHAT, 16, 400.0, 40.0),
        cell(figures.TELEGRAM, 16, 300.0, 50.0),
        cell(figures.STOCK, 16, 40.0, 400.0),
    ]
    assert figures.times_stock(cells, figures.WEBCHAT) == 10.0
    assert figures.times_stock(cells, figures.TELEGRAM) == 7.5
    assert figures.own_share_ms(cells) == 3.0
    assert {aim.name: aim.reached for aim in figures.aims(cells)} == {
        "webchat_times_stock_at_16": True,
        "telegram_times_stock_at_16": False,
        "webchat_p50_at_1": True,
        "telegram_p50_at_1": False,  # "below 12" is not 12
        "own_share_p50_at_1": True,
    }


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    answered_nothing = [cell(figures.STOCK, 16, 0.0, None), cell(figures.WEBCHAT, 16, 400.0, 40.0)]
    assert figures.times_stock(answered_nothing, figures.WEBCHAT) is None
    assert figures.own_share_ms([cell(figures.WEBCHAT, 1, 0.0, None), cell(figures.PARSE, 1, 1.0, 1.0)]) is None
    assert [aim.reached for aim in figures.aims([])] == [None] * 5


# ---------------------------------------------------------------- the generator


class SmallBot:
    """Answers on all four ways: "dua" with two bubbles, "diam" never, "tolak" with a refusal."""

    def __init__(self, telegram_api: str) -> None:
        self.asked: list[str] = []
        self.senders: list[str] = []
        self._api = telegram_api
        self._streams: dict[str, web.StreamResponse] = {}
        self.app = web.Application()
        self.app.add_routes(
            [
                web.post("/model/parse", self.parse),
                web.post("/webhooks/rest/webhook", self.rest),
                web.post("/webchat/messages", self.message),
                web.get("/webchat/events", self.events),
                web.post("/telegram/webhook", self.update),
            ]
        )

    def _bubbles(self, text: str) -> int:
        self.asked.append(text)
        if text == "tolak":
            raise web.HTTPServiceUnavailable
        return {"dua": 2, "diam": 0}.get(text, 1)

    async def parse(self, request: web.Request) -> web.Response:
        assert request.query["token"] == SECRET
        self._bubbles((await request.json())["text"])
        return web.json_response({"intent": {}})

    async def rest(self, request: web.Request) -> web.Response:
        call = await request.json()
        self.senders.append(call["sender"])
        return web.json_response([{"text": "ya"}] * self._bubbles(call["message"]))

    async def message(self, request: web.Request) -> web.Response:
        message = await request.json()
        for number in range(self._bubbles(message["text"])):
            # In two pieces: the reader must not count on whole events.
            stream = self._streams[message["session"]]
            await stream.write(b"id: %d\nda" % number)
            await stream.write(b'ta: {"text":"ya"}\n\n')
        return web.json_response({}, status=202)

    async def events(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b"retry: 2000\n\n: masih terhubung\n\n")
        self._streams[request.query["session"]] = stream
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return stream

    async def update(self, request: web.Request) -> web.Response:
        assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == SECRET
        message = (await request.json())["message"]
        async with aiohttp.ClientSession() as http:
            for method in ["sendChatAction", *["sendMessage"] * self._bubbles(message["text"])]:
                body = {"chat_id": message["chat"]["id"], "text": "ya"}
                async with http.post(f"{self._api}/bot1:x/{method}", json=body) as response:
                    assert (await response.json())["ok"] is True
        return web.Response()


@pytest.fixture
async def telegram() -> AsyncIterator[tuple[FakeTelegram, int]]:
    fake = FakeTelegram()
    port = await fake.start(0)
    yield fake, port
    await fake.close()


@pytest.fixture
async def bot(telegram: tuple[FakeTelegram, int]) -> AsyncIterator[tuple[SmallBot, str]]:
    small = SmallBot(f"http://127.0.0.1:{telegram[1]}")
    server = TestServer(small.app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    yield small, str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture(autouse=True)
def _short_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residents, "QUIET", 0.05)


@pytest.mark.parametrize("kind", figures.KINDS)
async def test_every_kind_of_resident_is_answered(
    kind: str, bot: tuple[SmallBot, str], telegram: tuple[FakeTelegram, int]
) -> None:
    small, url = bot
    marks: list[str] = []
    sample = await run_cell(
        Target(kind, url, SECRET), telegram[0], ["satu", "tiga"], 3, 0.1, 0.4, seed=1, mark=marks.append
    )
    assert (sample.errors, sample.strays) == (0, 0)
    assert len(sample.latencies_ms) > 0
    assert all(latency > 0 for latency in sample.latencies_ms)
    assert marks == ["start", "end"]
    assert set(small.asked) <= {"halo", "satu", "tiga"}
    if kind == figures.STOCK:
        assert max(small.senders.count(sender) for sender in small.senders) <= residents.CONVERSATION


@pytest.mark.parametrize(
    ("kind", "text"),
    # A parse is its own response: it can be refused, never silent.
    [(kind, text) for kind in figures.KINDS for text in ("tolak", "diam") if (kind, text) != ("parse", "diam")],
)
async def test_what_is_not_answered_is_an_error(
    kind: str, text: str, bot: tuple[SmallBot, str], telegram: tuple[FakeTelegram, int]
) -> None:
    target = Target(kind, bot[1], SECRET, patience=1.5)
    sample = await run_cell(target, telegram[0], [text], 2, 0.0, 0.2, seed=1)
    assert sample.latencies_ms == ()
    assert sample.errors >= 2


@pytest.mark.parametrize("kind", [figures.WEBCHAT, figures.TELEGRAM])
async def test_a_second_bubble_is_seen_as_stray(
    kind: str, bot: tuple[SmallBot, str], telegram: tuple[FakeTelegram, int]
) -> None:
    sample = await run_cell(Target(kind, bot[1], SECRET), telegram[0], ["dua"], 1, 0.0, 0.2, seed=1)
    assert sample.strays > 0


async def test_survey_counts_bubbles(bot: tuple[SmallBot, str]) -> None:
    target = Target(figures.WEBCHAT, bot[1], patience=1.5)
    assert await survey(target, ["satu", "dua", "tolak", "diam"]) == [1, 2, 0, 0]


async def test_same_seed_same_messages(bot: tuple[SmallBot, str], telegram: tuple[FakeTelegram, int]) -> None:
    small, url = bot
    orders = []
    for seed in (5, 5, 6):
        small.asked.clear()
        texts = [str(number) for number in range(10_000)]
        await run_cell(Target(figures.PARSE, url, SECRET), telegram[0], texts, 1, 0.0, 0.3, seed=seed)
        orders.append(list(small.asked))
    both = min(len(orders[0]), len(orders[1]))
    assert both > 0
    assert orders[0][:both] == orders[1][:both]
    assert orders[0][0] != orders[2][0]


async def test_the_process_takes_jobs_as_json_lines(bot: tuple[SmallBot, str]) -> None:
    job = {"target": asdict(Target(figures.WEBCHAT, bot[1])), "texts": ["satu"]}
    cell_job = {**job, "do": "cell", "residents": 2, "warm_up": 0.1, "seconds": 0.2, "seed": 1}
    lines = [json.dumps(one) for one in ({**job, "do": "survey"}, cell_job)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "nirtatap.bench.generator", str(free_port())),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    said, _ = await process.communicate(("\n".join(lines) + "\n").encode())
    listening, bubbles, *marks, sample = map(json.loads, said.splitlines())
    assert process.returncode == 0
    assert "listening" in listening
    assert bubbles == {"bubbles": [1]}
    assert marks == [{"mark": "start"}, {"mark": "end"}]
    assert (sample["errors"], sample["strays"]) == (0, 0)
    assert len(sample["latencies_ms"]) > 0


# ---------------------------------------------------------------- processes


def test_processes_end_with_the_run(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="mid-run"), Processes(tmp_path) as processes:
        process = processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path)
        processes.wait_until(lambda: processes.memory_mib()["sleeper"] > 0, "sleeper", 10.0)
        raise RuntimeError("mid-run")
    assert process.returncode is not None


def test_a_process_that_dies_says_why(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("faller", [sys.executable, "-c", "raise SystemExit('tidak ada model')"], {}, tmp_path)
        with pytest.raises(BenchError, match="tidak ada model"):
            processes.wait_until(lambda: False, "faller", 10.0)
