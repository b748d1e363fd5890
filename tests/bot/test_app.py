"""The internal listener: health, and Rasa's action-server protocol."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from actions.rasa_protocol import ActionServer
from actions.router import Actions
from bot.app import build_internal_app
from tests.fakes import Clock

TRACKER = {"latest_message": {"text": "halo", "intent": {"name": "greet", "confidence": 0.9}}, "slots": {}}


class Health:
    def __init__(self) -> None:
        self.parts = {"database": True, "rasa": True}

    async def __call__(self) -> dict[str, bool]:
        return self.parts


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def internal(health: Health, actions: Actions, clock: Clock) -> Any:
    app = build_internal_app(health, ActionServer(lambda: actions, clock))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_health_tells_alive_from_ready(internal: Any, health: Health) -> None:
    assert (await internal.get("/health/live")).status == 200
    assert (await internal.get("/health/ready")).status == 200
    health.parts = {"database": True, "rasa": False}
    response = await internal.get("/health/ready")
    assert response.status == 503
    assert await response.json() == {"status": "not ready", "database": True, "rasa": False}
    assert (await internal.get("/health/live")).status == 200


async def test_rasas_server_is_answered(internal: Any) -> None:
    response = await internal.post("/webhook", json={"next_action": "action_greet", "tracker": TRACKER})
    body = await response.json()
    assert response.status == 200 and body["responses"][0]["text"] and body["events"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{}", 404),
        (json.dumps({"next_action": "action_rm_rf"}).encode(), 404),
        (json.dumps({"next_action": "action_greet"}).encode(), 400),
        (json.dumps({"next_action": "action_greet", "tracker": []}).encode(), 400),
        (json.dumps({"next_action": "action_greet", "tracker": {"latest_message": None}}).encode(), 400),
        (b"x" * (9 * 1024 * 1024), 413),
    ],
)
async def test_calls_that_are_none_are_refused(internal: Any, body: bytes, status: int) -> None:
    response = await internal.post("/webhook", data=io.BytesIO(body), headers={"Content-Type": "application/json"})
    assert response.status == status
