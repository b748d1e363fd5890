"""Run processes side by side: their lines in one log, and none left when this one ends.

Each child is a direct one in a session of its own, so that Ctrl-C reaches only us and we
stop them in order; each asks the kernel to be ended if we are killed outright
(`die_with_parent`). A manager between us and them would break that chain.
"""

from __future__ import annotations

import asyncio
import ctypes
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

PATIENCE = 15.0
"""Seconds a process has to end by itself after SIGTERM."""

LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class Command:
    name: str
    arguments: Sequence[str]


def die_with_parent() -> None:
    """Linux: have this process ended when its parent is, even by SIGKILL."""
    set_parent_death_signal = 1
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


async def supervise(commands: Sequence[Command], environment: Mapping[str, str], folder: str) -> int:
    """Run until a signal or until one process ends; then end the others. 0 where a signal ended it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    running: dict[str, asyncio.subprocess.Process] = {}
    copies = []
    try:
        for command in commands:
            process = await asyncio.create_subprocess_exec(
                *command.arguments,
                cwd=folder,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                limit=LONGEST_LINE,
            )
            running[command.name] = process
            assert process.stdout is not None
            copies.append(asyncio.create_task(_copy(command.name, process.stdout)))
        waits = {asyncio.create_task(process.wait()): name for name, process in running.items()}
        asked = asyncio.create_task(stop.wait())
        ended, _ = await asyncio.wait({asked, *waits}, return_when=asyncio.FIRST_COMPLETED)
        if asked in ended:
            return 0
        for wait in ended:
            _say(f"Proses {waits[wait]} berhenti sendiri dengan kode {wait.result()}; semua dihentikan.")
        return 1
    finally:
        await _end(running)
        await asyncio.gather(*copies)


async def _end(running: Mapping[str, asyncio.subprocess.Process]) -> None:
    for process in running.values():
        with suppress(ProcessLookupError):
            process.terminate()
    for process in running.values():
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _copy(name: str, stream: asyncio.StreamReader) -> None:
    """The child's lines with its name in front; a line too long for the buffer is passed on in pieces."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            line = await stream.read(LONGEST_LINE)
        if not line:
            return
        sys.stderr.write(f"{name:<5}| {line.decode(errors='replace').rstrip()}\n")
        sys.stderr.flush()


def _say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)
