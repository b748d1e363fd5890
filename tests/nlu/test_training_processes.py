"""A training that is killed leaves nobody behind: its processes would hold both cores until they are done."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.nlu.rasa_python import PYTHON, ROOT

SCRIPT = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from nlu.components.encoder_training import end_with_parent

def work(folder):
    open(os.path.join(folder, str(os.getpid())), "w").close()
    time.sleep(600)

if __name__ == "__main__":
    with ProcessPoolExecutor(2, get_context("spawn"), end_with_parent) as processes:
        list(processes.map(work, [sys.argv[1]] * 2))
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(what: str, done: object) -> None:
    deadline = time.monotonic() + 30
    while not done():  # type: ignore[operator]
        if time.monotonic() > deadline:
            pytest.fail(what)
        time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_processes_end_with_the_one_that_started_them(tmp_path: Path, how: signal.Signals) -> None:
    script, started = tmp_path / "training.py", tmp_path / "started"
    script.write_text(SCRIPT)
    started.mkdir()
    parent = subprocess.Popen([str(PYTHON), str(script), str(started)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        wait_for("no process began to work", lambda: len(list(started.iterdir())) == 2)
        workers = [int(path.name) for path in started.iterdir()]
        assert all(running(pid) for pid in workers)
    finally:
        parent.send_signal(how)
        parent.wait()
    wait_for("a process outlived its parent", lambda: not any(running(pid) for pid in workers))
