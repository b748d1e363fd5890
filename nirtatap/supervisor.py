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

PATIENCE = 25.0
"""Seconds a process has to end by itself after SIGTERM; the bot drains for up to twenty."""

SETTLED = 20.0
FAILURES = 3
"""A process is started again when it ends, unless it does so within SETTLED seconds, FAILURES times running."""

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
    """Run until a signal (0), or until a process will not stay up (1); then end all of them."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    keepers = [asyncio.create_task(_keep(command, environment, folder)) for command in commands]
    asked = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({asked, *keepers}, return_when=asyncio.FIRST_COMPLETED)
        return 0 if asked.done() else 1
    finally:
        asked.cancel()
        for keeper in keepers:
            keeper.cancel()
        for problem in await asyncio.gather(*keepers, return_exceptions=True):
            if isinstance(problem, Exception):
                _say(f"{type(problem).__name__}: {problem}")


async def _keep(command: Command, environment: Mapping[str, str], folder: str) -> None:
    """Keep one process up; returns when it has failed at once too often, ends it when cancelled."""
    failures = 0
    while failures < FAILURES:
        started = asyncio.get_running_loop().time()
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
        assert process.stdout is not None
        copy = asyncio.create_task(_copy(command.name, process.stdout))
        try:
            code = await process.wait()
        finally:
            await _end(process)
            await copy
        quick = asyncio.get_running_loop().time() - started < SETTLED
        failures = failures + 1 if quick else 1
        _say(f"Proses {command.name} berhenti sendiri dengan kode {code}.")
        await asyncio.sleep(failures)
    _say(f"Proses {command.name} tidak mau bertahan hidup; semua dihentikan. Sebabnya ada di atas.")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
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
