"""The failing list: what was taken for what, most frequent first, with the messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nlu.trainer.scores import Judged

NONE = "tanpa layanan"


@dataclass(frozen=True)
class Confusion:
    kind: str
    """`act` or `service`."""
    wanted: str
    read: str
    messages: tuple[Judged, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "wanted": self.wanted,
            "read": self.read,
            "messages": [message(one) for one in self.messages],
        }


def message(one: Judged) -> dict[str, Any]:
    """A message with its labels and its reading, for JSON and the page."""
    return {
        "text": one.row["text"],
        "style": one.row.get("style"),
        "wanted": {"acts": "+".join(one.row["acts"]), "service": wanted_service(one)},
        "read": {
            "act": one.act or "-",
            "act_confidence": one.result["acts"][0]["confidence"] if one.result["acts"] else None,
            "service": read_service(one),
            "decision": one.result["decision"],
        },
    }


def wanted_service(one: Judged) -> str:
    return "/".join(one.row["services"] or [f"@{name}" for name in one.row["opd"]]) or NONE


def read_service(one: Judged) -> str:
    if one.result["services"]:
        return str(one.result["services"][0]["id"])
    return f"@{one.result['opd'][0]['id']}" if one.result["opd"] else NONE


def confusions(judged: Sequence[Judged]) -> list[Confusion]:
    """Every message that was read wrongly, under each thing that was wrong about it."""
    groups: defaultdict[tuple[str, str, str], list[Judged]] = defaultdict(list)
    for one in judged:
        if not one.any_act:
            groups["act", "+".join(one.row["acts"]), one.act or "-"].append(one)
        if not one.service:
            groups["service", wanted_service(one), read_service(one)].append(one)
    found = [Confusion(*key, tuple(messages)) for key, messages in groups.items()]
    return sorted(found, key=lambda one: (-len(one.messages), one.kind, one.wanted, one.read))
