"""One run: the processes, the cells in interleaved order, and what came of them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import make_url

from bot.settings import Settings, load_settings
from nirtatap.bench import figures, stock
from nirtatap.bench.database import own_database
from nirtatap.bench.figures import Sample
from nirtatap.bench.load import Load
from nirtatap.bench.machine import look
from nirtatap.bench.processes import BenchError, Processes, fetch, free_port
from nirtatap.bench.residents import Target
from nirtatap.bench.result import Plan, Result
from nirtatap.model import EVALUATION_SET, ensure_model, live_path
from nirtatap.wiring import ROOT, prepare
from nlu.trainer import train as training

READY_WITHIN = 180.0
SEED = 20261124
Say = Callable[[str], None]


def run(plan: Plan, say: Say) -> Result:
    """Measure; every process and database of the run is gone afterwards, however it ends."""
    result = Result(look(), plan, database="")
    if not result.machine.quiet:
        say(f"Mesin sedang sibuk (beban {result.machine.load_before:g}): angkanya bukan angka mesin tenang.")
    plan.folder.mkdir(parents=True, exist_ok=True)
    # On the disk of the project, not in /tmp: where that is memory, a commit would cost nothing.
    with tempfile.TemporaryDirectory(prefix="run-", dir=plan.folder) as name:
        scratch = Path(name)
        with own_database(plan.database_url, scratch) as url:
            result.database = make_url(url).get_backend_name()
            # The way of every setting of ours: the functions below read the environment.
            os.environ.update(_environment(url))
            settings = load_settings()
            catalogue = prepare(settings)
            live = live_path(settings)
            if not live.is_file():
                ensure_model(settings, catalogue)
            training.write_catalogue_words(catalogue, ROOT)
            result.model_is_current = training.is_current(live, ROOT)
            result.model_bytes["rasa"] = live.stat().st_size
            logs = plan.folder / "logs"
            shutil.rmtree(logs, ignore_errors=True)
            logs.mkdir()
            with Processes(logs) as processes:
                _measure(plan, settings, processes, scratch, result, say)
    return result


def _environment(database_url: str) -> dict[str, str]:
    """Settings of the run: free ports, a token for everything, one line of log only for what is wrong."""
    telegram = free_port()
    return {
        "DATABASE_URL": database_url,
        "PUBLIC_HOST": "127.0.0.1",
        "PUBLIC_PORT": str(free_port()),
        "INTERNAL_HOST": "127.0.0.1",
        "INTERNAL_PORT": str(free_port()),
        "RASA_URL": f"http://127.0.0.1:{free_port()}",
        "RASA_TOKEN": secrets.token_urlsafe(16),
        "TELEGRAM_BOT_TOKEN": f"1:{secrets.token_hex(16)}",
        "TELEGRAM_API_BASE": f"http://127.0.0.1:{telegram}",
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_SECRET": secrets.token_urlsafe(16),
        "TELEGRAM_WEBHOOK_URL": "",
        "WHATSAPP_ACCESS_TOKEN": "",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def _measure(plan: Plan, settings: Settings, processes: Processes, scratch: Path, result: Result, say: Say) -> None:
    actions = f"http://127.0.0.1:{settings.internal_port}/webhook"
    project = None
    if plan.with_stock:
        # Before anything is measured: training would take both cores.
        project = stock.prepare(plan.folder, plan.stock_epochs, actions)
        stock.train(project, processes, again=plan.retrain, say=say)
        result.stock_trained_seconds = stock.trained_in(project)
        result.model_bytes["stock"] = (project / stock.MODEL).stat().st_size

    load = Load(processes, int(settings.telegram_api_base.rpartition(":")[2]))
    targets = _start(settings, processes, result, say)
    if project is not None:
        targets.append(_start_stock(project, processes, actions, scratch, result, say))

    texts = [json.loads(line)["text"] for line in EVALUATION_SET.read_text(encoding="utf-8").splitlines() if line]
    webchat = next(target for target in targets if target.kind == figures.WEBCHAT)
    # One bubble is one answer: with two, the second could be taken for the next question's.
    bubbles = load.survey(webchat, texts)
    single = [text for text, number in zip(texts, bubbles, strict=True) if number == 1]
    result.messages, result.messages_left_out = len(single), len(texts) - len(single)
    if not single:
        raise BenchError(f"Tak satu pun pesan uji dijawab; log: {processes.log('bot')}")

    samples: dict[tuple[str, int], list[Sample]] = {}
    cores: dict[tuple[str, int], list[dict[str, float]]] = {}
    for target, residents in _order(plan, targets):
        sample, used = load.cell(target, single, residents, plan.warm_up, plan.seconds, SEED)
        processes.check()
        key = (target.kind, residents)
        samples.setdefault(key, []).append(sample)
        cores.setdefault(key, []).append(used)
        cell = figures.summarise(*key, [sample], used)
        say(f"{cell.kind:9}{residents:3} warga: {cell.per_second:6.1f} pesan/detik, {cell.errors} galat")
    result.memory_mib = processes.memory_mib()
    for kind in figures.KINDS:
        for residents in plan.residents:
            key = (kind, residents)
            if key in samples:
                result.cells.append(figures.summarise(*key, samples[key], _mean(cores[key])))


def _order(plan: Plan, targets: list[Target]) -> Iterator[tuple[Target, int]]:
    """Kinds interleaved, turned round every other time: a slow minute of the machine hits all alike."""
    for number in range(plan.rounds):
        for residents in plan.residents:
            for target in targets if number % 2 == 0 else reversed(targets):
                yield target, residents


def _mean(used: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(one[name] for one in used) / len(used) for name in used[0]}


def _start(settings: Settings, processes: Processes, result: Result, say: Say) -> list[Target]:
    me = [sys.executable, "-m", "nirtatap.cli", "serve", "--only"]
    environment, rasa = dict(os.environ), settings.rasa_urls[0]
    public = f"http://127.0.0.1:{settings.public_port}"
    status = f"{rasa}/status?token={settings.rasa_token}"
    processes.start("rasa", [*me, "rasa"], environment, ROOT)
    result.ready_seconds["rasa"] = processes.wait_until(lambda: bool(fetch(status)), "Rasa", READY_WITHIN)
    processes.start("bot", [*me, "bot"], environment, ROOT)
    ready = f"{public}/health/ready"
    result.ready_seconds["bot"] = processes.wait_until(lambda: bool(fetch(ready)), "Bot", READY_WITHIN)
    say(f"Rasa siap dalam {result.ready_seconds['rasa']:.1f} s, bot dalam {result.ready_seconds['bot']:.1f} s")
    return [
        Target(figures.PARSE, rasa, settings.rasa_token or ""),
        Target(figures.WEBCHAT, public),
        Target(figures.TELEGRAM, public, settings.telegram_webhook_secret or ""),
    ]


def _start_stock(project: Path, processes: Processes, actions: str, scratch: Path, result: Result, say: Say) -> Target:
    url = f"http://127.0.0.1:{(port := free_port())}"
    stock.serve(project, processes, port, actions, scratch)
    seconds = processes.wait_until(lambda: fetch(url) is not None, "Rasa bawaan", READY_WITHIN)
    result.ready_seconds["stock"] = seconds
    say(f"Rasa bawaan siap dalam {seconds:.1f} s")
    answer = fetch(f"{url}/webhooks/rest/webhook", {"sender": "bench", "message": "halo"}, timeout=60.0)
    if not answer:
        raise BenchError(f"Rasa bawaan tidak menjawab sapaan:\n{processes.tail('stock')}")
    return Target(figures.STOCK, url)
