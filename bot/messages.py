"""What crosses the border between a channel and the rest: messages in, parts out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.turn import Button, Context, Outcome, Reply, Turn

__all__ = ["Button", "Claimed", "Context", "IncomingMessage", "Outcome", "OutgoingPart", "Reply", "Turn"]


@dataclass(frozen=True)
class IncomingMessage:
    """One event of a channel, parsed and masked. `external_id` makes a repeat harmless.

    kind: text, payload (a pressed button), command, photo, voice, audio, video, sticker,
    location, contact, document, edited (a corrected message), blocked, unblocked, other.
    `attributes` holds what a later reader needs (file ids, coordinates, command argument).
    """

    channel: str
    address: str
    external_id: str
    kind: str
    text: str = ""
    payload: str | None = None
    sent_at: dt.datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claimed:
    """A stored message taken for handling, with what its conversation remembers."""

    inbound_id: int
    conversation_id: int
    channel: str
    address: str
    kind: str
    text: str
    payload: str | None
    attributes: Mapping[str, Any]
    received_at: dt.datetime
    attempts: int
    context: Context
    next_seq: int
    epoch: int


@dataclass(frozen=True)
class OutgoingPart:
    """One outbox row on its way: `body` is the channel's own shape, made by its `render`."""

    outbox_id: int
    conversation_id: int
    address: str
    seq: int
    body: Mapping[str, Any]
    attempts: int = 0
