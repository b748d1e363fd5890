"""Promote and rollback on a real Rasa server of this test's own, under load; and what must refuse."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nirtatap import publish
from nirtatap.wiring import ROOT
from nlu.trainer import ledger, registry
from nlu.trainer.scores import FIGURES
from tests.conftest import RasaServer, _wait_until_loaded, free_port
from tests.nirtatap.publishing import settings_for

LENIENT = "minimum: {joint: 0.5}\nmaximum: {false_alarms: 0.2}\nlargest_drop: {joint: 0.0}\ngolden_wrong: 60\n"


LONGEST_WAIT = 1.0


def with_other_id(source: Path, target: Path) -> str:
    """The same model under another id, as a second training would give; returns the id."""
    model_id = secrets.token_hex(16)
    folder = target.with_suffix(".folder")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    path = folder / "metadata.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_id": model_id}))
    with tarfile.open(target, "w:gz", compresslevel=1) as archive:
        archive.add(folder, "")
    shutil.rmtree(folder)
    manifest = json.loads(registry.manifest_path(source).read_text())
    registry.manifest_path(target).write_text(json.dumps({**manifest, "model": target.name, "inputs_hash": model_id}))
    return model_id


@pytest.fixture(scope="module")
def models(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a live model and `new.tar.gz`; the project's own stays untouched."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copyfile(model, folder / "live.tar.gz")
    manifest = json.loads(registry.manifest_path(model).read_text())
    (folder / "live.json").write_text(json.dumps({**manifest, "model": "old.tar.gz"}))
    with_other_id(model, folder / "new.tar.gz")
    return folder


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[RasaServer]:
    found = RasaServer(f"http://127.0.0.1:{free_port()}", secrets.token_urlsafe(16))
    environment = {**os.environ, "RASA_URL": found.url, "RASA_TOKEN": found.token}
    environment["MODEL_PATH"] = str(models / "live.tar.gz")
    process = subprocess.Popen(
        [sys.executable, "-m", "nirtatap.cli", "serve", "--only", "rasa"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_loaded(found, process)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


async def served(server: RasaServer) -> str:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/status", params={"token": server.token}) as response,
    ):
        return str((await response.json())["model_id"])


async def ask_all_the_time(server: RasaServer, stop: asyncio.Event) -> list[float]:
    """Twenty messages a second, never waiting for one before the next; returns how long each waited."""
    waits: list[float] = []

    async def ask(http: aiohttp.ClientSession) -> None:
        started = time.perf_counter()
        async with http.post(
            f"{server.url}/model/parse", params={"token": server.token}, json={"text": "syarat ganti ktp hilang"}
        ) as response:
            assert response.status == 200
            assert (await response.json())["services"][0]["id"] == "ktp_el_hilang"
        waits.append(time.perf_counter() - started)

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        while not stop.is_set():
            group.create_task(ask(http))
            await asyncio.sleep(0.05)
    return waits


async def test_promote_and_rollback_under_load(models: Path, server: RasaServer, tmp_path: Path) -> None:
    old, new = (
        registry.metadata(models / "live.tar.gz")["model_id"],
        registry.metadata(models / "new.tar.gz")["model_id"],
    )
    assert await served(server) == old
    limits = tmp_path / "gate.yml"
    limits.write_text(LENIENT)
    down = f"http://127.0.0.1:{free_port()}"
    settings = settings_for(models, server.url, down, token=server.token)
    ledger.set_candidate(models, models / "new.tar.gz")

    stop = asyncio.Event()
    load = asyncio.create_task(ask_all_the_time(server, stop))
    done = await asyncio.to_thread(
        publish.publish, settings, models / "new.tar.gz", reason="lebih baik", by="Ani", limits=limits
    )
    assert await served(server) == new
    assert (done.servers, done.down) == ([server.url], [down])
    assert registry.metadata(models / "live.tar.gz")["model_id"] == new
    assert ledger.candidate(models) is None

    started = time.monotonic()
    back, _ = await asyncio.to_thread(publish.go_back, settings, reason="keluhan warga", by="Budi")
    assert time.monotonic() - started < 60
    assert back == "old.tar.gz" and await served(server) == old
    assert registry.Manifest.read(models / "live.json").model == "old.tar.gz"  # type: ignore[union-attr]

    stop.set()
    waits = await load
    assert len(waits) > 40 and max(waits) < LONGEST_WAIT, f"longest wait {max(waits):.2f} s of {len(waits)}"

    entries = ledger.read(models)
    assert [(one.kind, one.model, one.by) for one in entries] == [
        ("found", "old.tar.gz", "-"),
        ("promote", "new.tar.gz", "Ani"),
        ("rollback", "old.tar.gz", "Budi"),
    ]
    assert entries[1].reason == "lebih baik" and set(entries[1].figures) == set(FIGURES)
    assert entries[1].sha256 == registry.file_hash(models / "new.tar.gz") and entries[1].hashes["data"]
    assert entries[2].replaced == "new.tar.gz" and entries[2].rejected_inputs == new
    with pytest.raises(publish.PublishError, match="Tidak ada model sebelumnya"):
        await asyncio.to_thread(publish.go_back, settings, reason="lagi", by="Budi")


async def test_a_server_that_fails_takes_all_back(models: Path, server: RasaServer) -> None:
    """The second server says 500: the first gets the old model back, and so does the file."""
    before, bytes_before = await served(server), (models / "live.tar.gz").read_bytes()
    with FailingServer(500) as broken:
        settings = settings_for(models, server.url, broken, token=server.token)
        with pytest.raises(publish.PublishError, match="dipasang kembali") as error:
            await asyncio.to_thread(publish.swap, settings, models / "new.tar.gz")
    assert broken in str(error.value) and "kehabisan memori" in str(error.value)
    assert await served(server) == before
    assert (models / "live.tar.gz").read_bytes() == bytes_before


async def test_a_server_that_lies_is_found_out(models: Path, server: RasaServer) -> None:
    before = await served(server)
    with FailingServer(204) as liar:
        settings = settings_for(models, server.url, liar, token=server.token)
        with pytest.raises(publish.PublishError, match="memuat model lain"):
            await asyncio.to_thread(publish.swap, settings, models / "new.tar.gz")
    assert await served(server) == before


async def test_a_wrong_token_changes_nothing_and_says_what_to_do(models: Path, server: RasaServer) -> None:
    before, bytes_before = await served(server), (models / "live.tar.gz").read_bytes()
    with pytest.raises(publish.PublishError, match="RASA_TOKEN"):
        await asyncio.to_thread(publish.swap, settings_for(models, server.url, token="salah"), models / "new.tar.gz")
    assert await served(server) == before and (models / "live.tar.gz").read_bytes() == bytes_before


async def test_what_is_no_model_never_reaches_a_server(models: Path, server: RasaServer, tmp_path: Path) -> None:
    before = await served(server)
    path = tmp_path / "broken.tar.gz"
    path.write_bytes(b"not a model")
    registry.manifest_path(path).write_text("{}")
    settings = settings_for(models, server.url, token=server.token)
    with pytest.raises(publish.PublishError, match="bukan model Rasa"):
        await asyncio.to_thread(publish.publish, settings, path, reason="", by="")
    assert await served(server) == before


class FailingServer:
    """A server that answers every PUT with this status, and knows another model."""

    def __init__(self, status: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                body = b"" if status == 204 else b'{"message": "kehabisan memori"}'
                self._say(status, body)

            def do_GET(self) -> None:
                self._say(200, b'{"model_id": "another"}')

            def _say(self, code: int, body: bytes) -> None:
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


async def test_other_components_are_said(models: Path, server: RasaServer, tmp_path: Path) -> None:
    """The code that reads a model is not in the file: a running server has that of its start."""
    path = tmp_path / "code.tar.gz"
    shutil.copyfile(models / "new.tar.gz", path)
    manifest = json.loads(registry.manifest_path(models / "new.tar.gz").read_text())
    registry.manifest_path(path).write_text(json.dumps({**manifest, "components_hash": "another"}))
    with FailingServer(500) as broken:
        settings = settings_for(models, broken)
        with pytest.raises(publish.PublishError, match="--file-only"):
            await asyncio.to_thread(publish.swap, settings, path)
    done = await asyncio.to_thread(publish.swap, settings_for(models, server.url, token=server.token), path)
    assert done.restart
    done = await asyncio.to_thread(publish.swap, settings_for(models, server.url), path, file_only=True)
    assert not done.servers and not done.restart
