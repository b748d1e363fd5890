"""`nirtatap serve` as an operator uses it: it comes up, answers, and goes down with nothing left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from nirtatap.wiring import ROOT
from tests.conftest import fetched, free_port

SESSION = "pQ3vX9kLm2Rt7Yw5Zb8Nc4"


def environment(folder: Path, **changes: str) -> dict[str, str]:
    ports = {name: str(free_port()) for name in ("PUBLIC_PORT", "INTERNAL_PORT")}
    return {
        **os.environ,
        **ports,
        "RASA_URL": f"http://127.0.0.1:{free_port()}",
        "DATABASE_URL": f"sqlite:///{folder}/nirtatap.db",
        **changes,
    }


def start(env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "nirtatap.cli", "serve"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def ready(port: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        if fetched(f"http://127.0.0.1:{port}/health/ready").get("status") == "ok":
            return
        time.sleep(0.2)
    pytest.fail(f"not ready: {log.read_text()[-2000:]}")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_comes_up_answers_and_leaves_nothing(model: Path, tmp_path: Path, sign: signal.Signals) -> None:
    env, log = environment(tmp_path), tmp_path / "log"
    process = start(env, log)
    try:
        ready(env["PUBLIC_PORT"], process, log)
        assert _answer(env["PUBLIC_PORT"], "syarat ktp hilang apa saja").find("kepolisian") > 0
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
        process.send_signal(sign)
        assert process.wait(timeout=30) == 0
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert "Traceback" not in log.read_text()


def test_no_orphan_when_the_supervisor_is_killed(model: Path, tmp_path: Path) -> None:
    env, log = environment(tmp_path), tmp_path / "log"
    process = start(env, log)
    try:
        ready(env["PUBLIC_PORT"], process, log)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=15)
        assert alive == []
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_a_process_that_dies_is_started_again(model: Path, tmp_path: Path) -> None:
    env, log = environment(tmp_path), tmp_path / "log"
    process = start(env, log)
    try:
        ready(env["PUBLIC_PORT"], process, log)
        first = next(c for c in psutil.Process(process.pid).children() if "nlu.server" in c.cmdline())
        first.kill()
        first.wait(timeout=10)
        # Meanwhile the resident is not left alone.
        assert _answer(env["PUBLIC_PORT"], "syarat ktp hilang") != ""
        ready(env["PUBLIC_PORT"], process, log)
        again = [c for c in psutil.Process(process.pid).children() if "nlu.server" in c.cmdline()]
        assert len(again) == 1 and again[0].pid != first.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answer(port: str, text: str) -> str:
    """The text of the web chat's first reply."""
    body = json.dumps({"session": SESSION, "id": "satu", "text": text}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/webchat/messages", body, headers)
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        assert response.status == 202
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/webchat/events?session={SESSION}", timeout=30) as stream:
        for line in stream:
            if line.startswith(b"data: "):
                return str(json.loads(line[6:])["text"])
    return ""


def refused(env: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "nirtatap.cli", "serve"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("Nirtatap: ")]
    assert len(lines) == 1
    return lines[0]


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        sentence = refused(environment(tmp_path, PUBLIC_PORT=port))
    assert port in sentence and "PUBLIC_PORT" in sentence


def test_wrong_settings_are_all_named(tmp_path: Path) -> None:
    env = environment(tmp_path, CITY="atlantis")
    assert "bandung" in refused(env)
    env = environment(tmp_path, PUBLIC_PORT="banyak", LOG_LEVEL="RIBUT")
    sentence = refused(env)
    assert "PUBLIC_PORT" in sentence and "LOG_LEVEL" in sentence
