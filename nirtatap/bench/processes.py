"""The processes of a run: started, watched, measured, and ended by their ids whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.errors import NirtatapError

try:
    import psutil  # type: ignore[import-untyped]
except ImportError as error:  # it is a development package
    raise NirtatapError("`nirtatap bench` memerlukan psutil; jalankan dulu: make setup") from error

END_WITHIN = 10.0


class BenchError(NirtatapError):
    pass


class Processes:
    """Context manager: nothing started here outlives it. Output goes to a log file for each."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_exc: object) -> None:
        for name in reversed(list(self._started)):
            self.stop(name)

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        talk: bool = False,
    ) -> subprocess.Popen[str]:
        """Start a process; with `talk`, its stdin and stdout are pipes."""
        setpriv = shutil.which("setpriv")
        if setpriv is not None:
            # Linux: it ends even where this process is killed outright.
            command = [setpriv, "--pdeathsig", "TERM", "--", *command]
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talk else log,
                stderr=log,
                text=True,
                # Ctrl-C is for us alone; we end the others in order.
                start_new_session=True,
            )
        self._started[name] = process
        return process

    def stop(self, name: str) -> None:
        """End a process and its children: asked first, then made to."""
        process = self._started.pop(name)
        try:
            _signal_group(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_WITHIN)
        finally:
            _signal_group(process, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def check(self) -> None:
        """Raises BenchError with the last words of a process that has ended by itself."""
        for name, process in self._started.items():
            if process.poll() is not None:
                raise BenchError(f"Proses {name} berhenti sendiri (kode {process.returncode}):\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 15) -> str:
        text = self.log(name).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> float:
        """Wait for `ready`; returns the seconds it took. Raises BenchError if it never is."""
        started = time.monotonic()
        while not ready():
            self.check()
            if time.monotonic() - started > seconds:
                raise BenchError(f"{what} tidak siap dalam {seconds:.0f} detik; log: {self._logs}")
            time.sleep(0.05)
        return time.monotonic() - started

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time used so far by each process with its children."""
        return {name: _over_tree(process.pid, _cpu) for name, process in self._started.items()}

    def memory_mib(self) -> dict[str, float]:
        """Proportional set size (Linux; elsewhere what is its own) of each process with its children."""
        return {name: _over_tree(process.pid, _memory) / 2**20 for name, process in self._started.items()}


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    # start_new_session made it the leader of a group of its own, so this reaches nobody else.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _over_tree(pid: int, measure: Callable[[Any], float]) -> float:
    total = 0.0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                total += measure(process)
    return total


def _cpu(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory(process: Any) -> float:
    info = process.memory_full_info()
    return float(getattr(info, "pss", info.uss))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(url: str, body: object = None, timeout: float = 5.0) -> Any:
    """The decoded JSON (or text) of a 2xx answer; None where there was no such answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310
            text = response.read().decode()
    except (urllib.error.URLError, OSError):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
