"""`nirtatap serve`: prepare what is missing, then run Rasa and the bot side by side."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bot.errors import ConfigurationError
from bot.settings import Settings, load_settings
from nirtatap.model import ensure_model
from nirtatap.supervisor import Command, die_with_parent, supervise
from nirtatap.wiring import ROOT, Bot, configure_logging, prepare, with_rasa_token
from nlu.trainer.train import RASA_PYTHON, rasa_environment

READY_WITHIN = 120.0


class Process(StrEnum):
    ALL = "semua"
    BOT = "bot"
    RASA = "rasa"


def serve(
    only: Annotated[
        Process, typer.Option("--only", help="Jalankan satu proses saja (untuk produksi): bot atau rasa.")
    ] = Process.ALL,
) -> None:
    """Siapkan yang kurang, lalu jalankan server Rasa dan bot sampai Ctrl-C."""
    os.chdir(ROOT)
    settings = with_rasa_token(load_settings())
    configure_logging(settings)
    if only is Process.BOT:
        die_with_parent()
        run_bot(settings)
    elif only is Process.RASA:
        run_rasa(settings)
    else:
        run_all(settings)


def run_all(settings: Settings) -> None:
    """Both processes under one supervisor until Ctrl-C; one that dies is started again."""
    rasa = urlsplit(settings.rasa_urls[0])
    rasa_port = rasa.port or 5005
    for port, name in (
        (settings.public_port, "PUBLIC_PORT"),
        (settings.internal_port, "INTERNAL_PORT"),
        (rasa_port, "RASA_URL"),
    ):
        require_free(port, name)
    say("Menyiapkan basis data dan katalog")
    catalogue = prepare(settings)
    say(f"Katalog {catalogue.city.name}: {len(catalogue.services)} layanan, {len(catalogue.opds)} OPD")
    ensure_model(settings, catalogue)
    environment = {**os.environ, "RASA_TOKEN": str(settings.rasa_token), "PYTHONUNBUFFERED": "1"}
    me = [sys.executable, "-m", "nirtatap.cli", "serve", "--only"]
    commands = [Command(process.value, [*me, process.value]) for process in (Process.RASA, Process.BOT)]
    threading.Thread(target=announce, args=(settings,), daemon=True).start()
    say("Menyalakan Rasa dan bot (Ctrl-C untuk berhenti)")
    raise typer.Exit(asyncio.run(supervise(commands, environment, str(ROOT))))


def run_rasa(settings: Settings) -> None:
    """Become the Rasa NLU server: loopback, with a token, no telemetry."""
    url = urlsplit(settings.rasa_urls[0])
    model = ROOT / settings.model_path
    if not model.is_file():
        raise ConfigurationError(f"Model {settings.model_path} tidak ada; latih dulu: nirtatap train")
    arguments = [str(ROOT / RASA_PYTHON), "-m", "nlu.server", "--model", str(model)]
    arguments += ["--host", url.hostname or "127.0.0.1", "--port", str(url.port or 5005)]
    environment = rasa_environment(ROOT)
    if settings.rasa_token:
        environment["RASA_TOKEN"] = settings.rasa_token
    os.execve(arguments[0], arguments, environment)  # noqa: S606 - our own interpreter and arguments


def run_bot(settings: Settings) -> None:
    """The bot in this process until SIGINT or SIGTERM; then it drains and ends."""
    import uvloop  # noqa: PLC0415 - only a running bot needs it

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with Bot(settings) as bot:
            await bot.listen()
            await stop.wait()

    # The writer thread and the loop hand work to each other all the time.
    sys.setswitchinterval(0.001)
    uvloop.run(main())


def announce(settings: Settings) -> None:
    """Say where to go, once a message would be answered."""
    address = f"http://{settings.public_host}:{settings.public_port}"
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        with (
            suppress(urllib.error.URLError, OSError, ValueError),
            urllib.request.urlopen(  # noqa: S310
                f"{address}/health/ready", timeout=2
            ) as response,
        ):
            if json.load(response).get("status") == "ok":
                say(f"Siap. Buka {address}")
                return
        time.sleep(0.2)


def require_free(port: int, name: str) -> None:
    """Raises ConfigurationError where something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(
                f"Porta {port} sudah dipakai program lain; hentikan program itu atau atur {name} ke porta lain."
            ) from error


def say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)
