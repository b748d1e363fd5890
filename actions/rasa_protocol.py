"""The same actions for teams that let Rasa keep the dialogue: Rasa's action-server protocol.

`POST /webhook` takes `{next_action, sender_id, tracker, …}` and answers
`{"events": […], "responses": […]}`, as Rasa's own SDK does. The context between messages
travels in the slot `nirtatap_context`. Shapes: https://rasa.com/docs/rasa/action-server/
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from actions import payload
from actions.router import Actions
from actions.turn import Context, Incoming, Ranked, Reply, Turn, Understanding
from actions.understanding import from_rasa
from actions.vocabulary import ACTS

SLOT = "nirtatap_context"
FALLBACK_ACTION = "action_fallback"


def action_name(act: str) -> str:
    """The custom action of an act: `ask_fee` -> `action_ask_fee`."""
    return f"action_{act}"


ACTION_NAMES = frozenset({*(action_name(act) for act in ACTS), FALLBACK_ACTION})


def run_action(actions: Actions, call: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """Answer one call of the action server.

    Raises:
        KeyError, TypeError, ValueError: the call is not of the protocol's shape.
    """
    tracker = call["tracker"]
    message = tracker["latest_message"]
    text = str(message.get("text") or "")
    context = Context.from_json(tracker.get("slots", {}).get(SLOT)).fresh(now)
    incoming = Incoming(text=text, now=now)
    if text.startswith("/") and payload.decode(text[1:]) is not None:
        incoming = Incoming(text="", kind="payload", payload=text[1:], now=now)
    turn = actions.direct(incoming, context)
    if turn is None:
        turn = actions.answer(incoming, _understanding(message, text, str(call["next_action"])), context)
    return {"events": _events(turn), "responses": [_response(reply) for reply in turn.replies]}


def _understanding(message: Mapping[str, Any], text: str, next_action: str) -> Understanding:
    if next_action == FALLBACK_ACTION:
        return Understanding(text=text, decision="fallback")
    if "acts" in message:
        return from_rasa(message, text)
    # A stock pipeline knows no services; the act is the one that Rasa's rule has chosen.
    act = next_action.removeprefix("action_")
    understanding = from_rasa(message, text)
    if act in ACTS and act not in {ranked.name for ranked in understanding.acts}:
        return Understanding(text, (Ranked(act, 1.0),), decision="answer")
    return understanding


def _events(turn: Turn) -> list[dict[str, Any]]:
    return [{"event": "slot", "timestamp": None, "name": SLOT, "value": turn.context.to_json()}]


def _response(reply: Reply) -> dict[str, Any]:
    return {
        "text": reply.text,
        # Rasa takes a button's payload as a message of its own; `/` marks it as ours.
        "buttons": [{"title": b.title, "payload": f"/{b.payload}"} for b in reply.buttons],
        "elements": [],
        "custom": {},
        "template": None,
        "response": None,
        "image": None,
        "attachment": None,
    }


class ActionServer:
    """What answers a Rasa server's calls; bot.app gives it its route."""

    def __init__(self, actions: Callable[[], Actions], clock: Callable[[], dt.datetime]) -> None:
        self._actions = actions
        self._clock = clock

    def handle(self, call: object) -> tuple[int, dict[str, Any]]:
        """(status, body) for a decoded call; an unknown action is 404, as the SDK answers."""
        if not isinstance(call, Mapping):
            return 400, {"error": "expected a JSON object"}
        name = call.get("next_action")
        if not isinstance(name, str) or name not in ACTION_NAMES:
            return 404, {"error": f"No registered action found for name '{name}'.", "action_name": name}
        try:
            return 200, run_action(self._actions(), call, self._clock())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return 400, {"error": f"not a call of the action server protocol: {type(error).__name__}"}
