"""The values that go in and out of an action: understanding in, one turn out.

Act, service and OPD names are those of the product's vocabulary (docs/acts.md);
`intent`, `confidence` and `metadata` keep Rasa's meaning.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Decision = Literal["answer", "clarify", "fallback", "safety"]


class Outcome(enum.StrEnum):
    """How a turn ended; every turn has exactly one, and the dashboard is a GROUP BY."""

    ANSWERED = "answered"
    CLARIFIED = "clarified"
    SMALL_TALK = "small_talk"
    SAFETY = "safety"
    OUT_OF_SCOPE = "out_of_scope"
    REFERRED = "referred"  # answered with the office's own channel, as no flow exists yet
    NOT_UNDERSTOOD = "not_understood"
    UNSUPPORTED = "unsupported"  # a voice note, a sticker: said so, nothing to parse
    DEGRADED = "degraded"  # Rasa away: answered from catalogue search
    FAILED = "failed"
    IGNORED = "ignored"  # an event that needs no answer
    THROTTLED = "throttled"


@dataclass(frozen=True)
class Ranked:
    """One label with its calibrated confidence, 0 to 1."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Understanding:
    """What the NLU made of one message; lists ranked, best first, at most five each."""

    text: str
    acts: tuple[Ranked, ...] = ()
    services: tuple[Ranked, ...] = ()
    opd: tuple[Ranked, ...] = ()
    decision: Decision = "fallback"

    @property
    def act(self) -> str | None:
        return self.acts[0].name if self.acts else None


@dataclass(frozen=True)
class Button:
    """A choice under a reply. `payload` comes back when it is pressed; see actions/payload.py."""

    title: str
    payload: str


@dataclass(frozen=True)
class Reply:
    """One bubble, free of any channel's mark-up or limits. `*…*` marks bold, as in WhatsApp."""

    text: str
    buttons: tuple[Button, ...] = ()
    link: tuple[str, str] | None = None  # (title, URL)


@dataclass(frozen=True)
class Context:
    """What the bot remembers of a conversation between messages."""

    service: str | None = None
    opd: str | None = None
    pending_acts: tuple[str, ...] = ()  # asked, waiting for the resident to pick a service
    offered: tuple[str, ...] = ()  # payloads of the buttons last shown
    misses: int = 0  # consecutive messages not understood
    greeted: bool = False
    updated_at: dt.datetime | None = None  # aware, UTC

    LIFETIME = dt.timedelta(minutes=30)

    def to_json(self) -> dict[str, Any]:
        """The context as a JSON object, for a database row or a Rasa slot."""
        return {**asdict(self), "updated_at": self.updated_at.isoformat() if self.updated_at else None}

    @classmethod
    def from_json(cls, data: Any) -> Context:
        """The inverse of `to_json`; anything that is not one is an empty context, not an error."""
        if not isinstance(data, Mapping):
            return cls()
        updated_at = data.get("updated_at")
        return cls(
            service=data.get("service"),
            opd=data.get("opd"),
            pending_acts=tuple(data.get("pending_acts") or ()),
            offered=tuple(data.get("offered") or ()),
            misses=int(data.get("misses") or 0),
            greeted=bool(data.get("greeted")),
            updated_at=dt.datetime.fromisoformat(updated_at) if updated_at else None,
        )

    def fresh(self, now: dt.datetime) -> Context:
        """The context itself, or an empty one if it is older than 30 minutes."""
        if self.updated_at is None or now - self.updated_at > self.LIFETIME:
            return Context(greeted=False)
        return self


@dataclass(frozen=True)
class Incoming:
    """A resident's message as an action sees it: no channel, no address."""

    text: str
    kind: str = "text"  # text, payload, command, photo, voice, sticker, location, document, …
    payload: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


@dataclass(frozen=True)
class Turn:
    """The whole answer to one message: replies, what to remember, and how it ended."""

    replies: tuple[Reply, ...]
    context: Context
    outcome: Outcome
    act: str | None = None
    service: str | None = None
