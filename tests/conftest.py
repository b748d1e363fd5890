"""What all tests share: one trained model, one Rasa server, one catalogue, and no way out of loopback."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions.desk import Desk
from actions.phrasebook import Phrasebook
from actions.router import Actions
from nirtatap.model import ensure_model, live_path
from nirtatap.wiring import CITIES, ROOT
from service_catalog import city_file
from service_catalog.facts import Catalogue
from service_catalog.search import Search

RASA_WITHIN = 90.0


@dataclass(frozen=True)
class RasaServer:
    url: str
    token: str


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Kota Bandung as its city file has it."""
    return city_file.read_city_file(CITIES / "bandung.yml")


@pytest.fixture(scope="session")
def desk(catalogue: Catalogue) -> Desk:
    return Desk(catalogue, Search(catalogue), Phrasebook())


@pytest.fixture(scope="session")
def actions(desk: Desk) -> Actions:
    return Actions(desk)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The live model, really trained from what stands in the folder now (once a run)."""
    from bot.settings import load_settings
    from nirtatap.wiring import prepare

    folder = tmp_path_factory.mktemp("model")
    settings = load_settings()
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/catalogue.db"
    try:
        ensure_model(settings, prepare(load_settings()))
    finally:
        del os.environ["DATABASE_URL"]
    return live_path(settings)


@pytest.fixture(scope="session")
def rasa(model: Path) -> Iterator[RasaServer]:
    """Rasa's own server over the model, on loopback, with a token."""
    port, token = free_port(), secrets.token_urlsafe(16)
    environment = {**os.environ, "RASA_URL": f"http://127.0.0.1:{port}", "RASA_TOKEN": token}
    process = subprocess.Popen(
        [sys.executable, "-m", "nirtatap.cli", "serve", "--only", "rasa"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = RasaServer(f"http://127.0.0.1:{port}", token)
    try:
        _wait_until_loaded(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_until_loaded(server: RasaServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + RASA_WITHIN
    while time.monotonic() < deadline:
        assert process.poll() is None, f"Rasa ended with {process.returncode}"
        if fetched(f"{server.url}/status?token={server.token}").get("model_file"):
            return
        time.sleep(0.2)
    pytest.fail("Rasa did not load the model in time")


def fetched(url: str) -> dict[str, Any]:
    """The JSON object at an address; empty while nothing, or an error, answers there."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            content = json.load(response)
            return content if isinstance(content, dict) else {}
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        return {}
    except (OSError, ValueError):
        return {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test speaks to anything but this machine: the network is off by construction."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("127.0.0.1", "::1", "localhost"):
            pytest.fail(f"a test tried to connect to {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
