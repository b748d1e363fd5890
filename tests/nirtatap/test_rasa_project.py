"""The exported project, trained and driven by stock Rasa, gives the answers of the bot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from actions.rasa_protocol import ActionServer
from actions.router import Actions
from actions.turn import Context, Incoming
from actions.understanding import from_rasa
from bot.app import build_internal_app
from nirtatap.project import export
from nirtatap.wiring import ROOT, now
from nlu.trainer.train import RASA_PYTHON, rasa_environment
from tests.conftest import RasaServer, fetched, free_port

MESSAGES = [
    "syarat ganti ktp yang hilang apa saja",
    "biaya dan lama bikin kartu identitas anak",
    "kalau diwakilkan boleh?",
    "selamat pagi",
    "cara perpanjang paspor",
    "tolong ada kebakaran besar di rumah tetangga",
    "anak baru lahir, apa saja yang harus diurus",
    "terima kasih infonya",
]


@pytest.fixture(scope="module")
def action_port(actions: Actions) -> Iterator[int]:
    """Our actions behind Rasa's action-server protocol, in a process of their own."""
    port = free_port()
    code = (
        "import asyncio, sys\n"
        "from tests.nirtatap.test_rasa_project import serve_actions\n"
        "asyncio.run(serve_actions(int(sys.argv[1])))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(port)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health/live", process, "status")
        yield port
    finally:
        process.terminate()
        process.wait()


async def serve_actions(port: int) -> None:
    import asyncio

    from actions.desk import Desk
    from actions.phrasebook import Phrasebook
    from nirtatap.wiring import CITIES
    from service_catalog.city_file import read_city_file
    from service_catalog.search import Search

    async def healthy() -> dict[str, bool]:
        return {"actions": True}

    catalogue = read_city_file(CITIES / "bandung.yml")
    answers = Actions(Desk(catalogue, Search(catalogue), Phrasebook()))
    runner = web.AppRunner(build_internal_app(healthy, ActionServer(lambda: answers, now)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


@pytest.fixture(scope="module")
def stock_rasa(action_port: int, tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[str]:
    """`rasa train`, then `rasa run`, in the exported folder and with nothing else."""
    folder = tmp_path_factory.mktemp("project") / "kota"
    export(folder, stock=False, action_endpoint=f"http://127.0.0.1:{action_port}/webhook")
    environment = {**rasa_environment(ROOT), "PYTHONPATH": str(folder)}
    rasa = [str(ROOT / RASA_PYTHON), "-m", "rasa"]
    trained = subprocess.run(
        [*rasa, "train", "--fixed-model-name", "kota", "--data", "data"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stdout[-2000:] + trained.stderr[-2000:]
    port = free_port()
    command = [*rasa, "run", "--enable-api", "-i", "127.0.0.1", "-p", str(port), "--endpoints", "endpoints.yml"]
    command += ["--credentials", "credentials.yml", "--model", "models/kota.tar.gz"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/status", process, "model_file")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes], key: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{url}: the process ended with {process.returncode}"
        if fetched(url).get(key):
            return
        time.sleep(0.3)
    pytest.fail(f"{url} did not come up")


def _post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.load(response)


def test_stock_rasa_gives_the_bots_answers(stock_rasa: str, rasa: RasaServer, actions: Actions) -> None:
    context = Context()
    for text in MESSAGES:
        answers = _post(f"{stock_rasa}/webhooks/rest/webhook", {"sender": "warga-1", "message": text})
        incoming = Incoming(text=text, now=now())
        turn = actions.direct(incoming, context)
        if turn is None:
            result = _post(f"{rasa.url}/model/parse?token={rasa.token}", {"text": text})
            turn = actions.answer(incoming, from_rasa(result, text), context)
        context = turn.context
        # Rasa's REST channel splits a text at blank lines; joined again it must be the same.
        said = "\n\n".join(answer["text"] for answer in answers if "text" in answer)
        assert said == "\n\n".join(reply.text for reply in turn.replies), text
        buttons = [b["payload"] for answer in answers for b in answer.get("buttons", [])]
        assert buttons == [f"/{b.payload}" for reply in turn.replies for b in reply.buttons], text


def test_unknown_actions_and_bad_calls_are_refused(action_port: int) -> None:
    for body, status in (({"next_action": "action_x"}, 404), ({"next_action": "action_greet"}, 400)):
        with pytest.raises(urllib.error.HTTPError) as error:
            _post(f"http://127.0.0.1:{action_port}/webhook", body)
        assert error.value.code == status
        error.value.close()
