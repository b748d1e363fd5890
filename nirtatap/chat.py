"""`nirtatap chat`: talk to the bot in the terminal, through the same inbox, lanes and outbox."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console

from bot.channels.terminal import TerminalChannel, typed
from bot.errors import ConfigurationError
from bot.rasa_client import RasaClient
from bot.settings import Settings, load_settings
from nirtatap.model import ensure_model
from nirtatap.wiring import ROOT, Bot, configure_logging, prepare, with_rasa_token

ANSWER_WITHIN = 30.0
RASA_WITHIN = 60.0


def chat() -> None:
    """Bercakap dengan bot di terminal. `#2` menekan tombol kedua, baris kosong atau Ctrl-D mengakhiri."""
    os.chdir(ROOT)
    settings = with_rasa_token(load_settings())
    # The log would stand between the lines of the talk; a running server keeps its own database.
    settings = settings.model_copy(update={"log_level": "ERROR"})
    if settings.database_url.startswith("sqlite"):
        settings = settings.model_copy(update={"database_url": "sqlite:///var/chat.db"})
        os.environ["DATABASE_URL"] = settings.database_url
    configure_logging(settings)
    ensure_model(settings, prepare(settings))
    asyncio.run(_talk(settings))


async def _talk(settings: Settings) -> None:
    console = Console(highlight=False)
    channel = TerminalChannel()
    async with _rasa(settings) as ready, Bot(ready, [channel]) as bot:
        address, buttons, number = secrets.token_hex(8), list[Mapping[str, str]](), 0
        console.print("[dim]Tulis pesan, lalu Enter. #1 menekan tombol pertama; baris kosong mengakhiri.[/dim]")
        while True:
            line = await _line()
            if not line:
                return
            number += 1
            await bot.receive([typed(line, address, str(number), buttons)])
            try:
                parts = await asyncio.wait_for(channel.answers.get(), ANSWER_WITHIN)
            except TimeoutError:
                console.print("[red]Belum ada jawaban; pesan tersimpan.[/red]")
                continue
            buttons = _show(console, [part.body for part in parts])


async def _line() -> str:
    """One line of standard input; empty at its end."""
    if sys.stdin.isatty():
        print("\n> ", end="", flush=True)
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.rstrip("\n")


def _show(console: Console, bodies: Sequence[Mapping[str, Any]]) -> list[Mapping[str, str]]:
    buttons: list[Mapping[str, str]] = []
    for body in bodies:
        text = console.render_str(str(body["text"]), markup=False)
        text.highlight_regex(re.compile(r"\*[^*\n]+\*"), "bold")
        console.print(text)
        for button in body["buttons"]:
            buttons.append(button)
            console.print(f"  [cyan]#{len(buttons)}[/cyan] {button['title']}")
        console.print()
    return buttons


@asynccontextmanager
async def _rasa(settings: Settings) -> AsyncIterator[Settings]:
    """Settings with a Rasa server that answers: the running one, else one of our own for the while."""
    if await _answers(settings):
        yield settings
        return
    settings = settings.model_copy(update={"rasa_url": "http://127.0.0.1:5006"})
    environment = {**os.environ, "RASA_URL": settings.rasa_url, "RASA_TOKEN": str(settings.rasa_token)}
    process = subprocess.Popen(  # noqa: ASYNC220 - our own command, started once
        [sys.executable, "-m", "nirtatap.cli", "serve", "--only", "rasa"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        print("==> Memuat model", file=sys.stderr)
        for _ in range(int(RASA_WITHIN / 0.3)):
            if await _answers(settings):
                break
            if process.poll() is not None:
                raise ConfigurationError("Server Rasa tidak mau menyala; coba `nirtatap serve --only rasa`.")
            await asyncio.sleep(0.3)
        yield settings
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def _answers(settings: Settings) -> bool:
    client = RasaClient(settings.rasa_urls, settings.rasa_token)
    await client.start()
    try:
        return await client.ready()
    finally:
        await client.close()
