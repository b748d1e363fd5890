"""What the tests of the actions share: a resident who asks without a model between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from actions.router import Actions
from actions.turn import Context, Decision, Incoming, Ranked, Turn, Understanding

NOW = dt.datetime(2026, 11, 24, 3, 0, tzinfo=dt.UTC)

Press = Callable[..., Turn]
Say = Callable[..., Turn]


@pytest.fixture(scope="session")
def press(actions: Actions) -> Press:
    """Press a button with a payload."""

    def pressed(payload: str, context: Context | None = None) -> Turn:
        turn = actions.direct(Incoming("", kind="payload", payload=payload, now=NOW), context or Context())
        assert turn is not None
        return turn

    return pressed


@pytest.fixture(scope="session")
def say(actions: Actions) -> Say:
    """Say a text that the model has understood as given: acts and services by name or (name, confidence)."""

    def said(
        text: str,
        *acts: str | tuple[str, float],
        services: tuple[str | tuple[str, float], ...] = (),
        opd: tuple[str, ...] = (),
        decision: Decision = "answer",
        context: Context | None = None,
        now: dt.datetime = NOW,
    ) -> Turn:
        incoming = Incoming(text, now=now)
        before = (context or Context()).fresh(now)
        direct = actions.direct(incoming, before)
        if direct is not None:
            return direct
        understanding = Understanding(text, _ranked(acts), _ranked(services), _ranked(opd), decision)
        return actions.answer(incoming, understanding, before)

    return said


def _ranked(names: tuple[str | tuple[str, float], ...]) -> tuple[Ranked, ...]:
    return tuple(Ranked(*name) if isinstance(name, tuple) else Ranked(name, 0.95) for name in names)


def text_of(turn: Turn) -> str:
    return "\n".join(reply.text for reply in turn.replies)


def titles_of(turn: Turn) -> list[str]:
    return [button.title for reply in turn.replies for button in reply.buttons]
