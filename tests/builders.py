"""Short ways to make the values that most tests need."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from actions.turn import Context, Outcome, Reply, Turn
from bot.messages import IncomingMessage

CHANNEL = "fake"

_numbers = itertools.count(1)


def incoming(text: str = "halo", address: str = "asep", external_id: str | None = None, **more: Any) -> IncomingMessage:
    """A message of the fake channel, new unless `external_id` is given."""
    values: dict[str, Any] = {"channel": CHANNEL, "kind": "text", **more}
    return IncomingMessage(address=address, external_id=external_id or f"e{next(_numbers)}", text=text, **values)


def turn(*texts: str, outcome: Outcome = Outcome.ANSWERED, context: Context | None = None) -> Turn:
    """A turn that says `texts`."""
    return Turn(tuple(Reply(text) for text in texts), context or Context(), outcome)


def bodies(*texts: str) -> list[Mapping[str, Any]]:
    """What the fake channel makes of replies with these texts."""
    return [{"text": text} for text in texts]


def nlu_result(act: str, *services: str, decision: str = "answer", confidence: float = 0.97) -> dict[str, Any]:
    """An answer of `/model/parse` as the pipeline of config.yml gives it."""
    return {
        "text": "",
        "intent": {"name": act, "confidence": confidence},
        "acts": [{"name": act, "confidence": confidence}],
        "services": [{"id": name, "confidence": confidence} for name in services],
        "opd": [],
        "decision": decision,
    }
