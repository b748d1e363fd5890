"""Two readings of the same messages: what changed, where, and which messages turned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nlu.trainer.bootstrap import Figure, Interval, difference, ratio
from nlu.trainer.confusion import message
from nlu.trainer.scores import FIGURES, Judged

NEW, OLD = 0, 1
"""Places of the two sides in a bootstrap."""


def parts(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """The acts (by the main one) and services of the set, and how many messages each has."""
    acts = Counter(one.row["acts"][0] for one in judged)
    services = Counter(service for one in judged for service in one.row["services"])
    return {"act": dict(acts), "service": dict(services)}


def part_figures(judged: Sequence[Judged], old: int) -> dict[str, Figure]:
    """The gain of every act and service against the side `old`."""
    return {
        f"gain/{old}/{kind}/{name}": difference(lambda side, key=f"{kind}/{name}": ratio(key, side), NEW, old)  # type: ignore[misc]
        for kind, names in parts(judged).items()
        for name in names
    }


def changes(new: Sequence[Judged], before: Sequence[Judged], found: dict[str, Interval], old: int) -> dict[str, Any]:
    """Per act and per service, regressions first; what did not change is left out."""
    result: dict[str, Any] = {}
    for kind, names in parts(new).items():
        rows = []
        for name, of in names.items():
            pairs = [(a, b) for a, b in zip(new, before, strict=True) if _belongs(a, kind, name)]
            now = sum(_right(a, kind) for a, _ in pairs)
            then = sum(_right(b, kind) for _, b in pairs)
            if any(_right(a, kind) != _right(b, kind) for a, b in pairs):
                gain = found[f"gain/{old}/{kind}/{name}"].as_json()
                rows.append({"name": name, "of": of, "before": then, "now": now, "gain": gain})
        result[kind] = sorted(rows, key=lambda row: (row["now"] - row["before"], row["gain"]["value"], row["name"]))
    return result


def _belongs(one: Judged, kind: str, name: str) -> bool:
    return one.row["acts"][0] == name if kind == "act" else name in one.row["services"]


def _right(one: Judged, kind: str) -> bool:
    return one.any_act if kind == "act" else one.service


def flips(new: Sequence[Judged], before: Sequence[Judged]) -> dict[str, list[dict[str, Any]]]:
    """Messages that turned from right to wrong and the other way, with both readings."""
    turned: dict[str, list[dict[str, Any]]] = {"lost": [], "won": []}
    for now, then in zip(new, before, strict=True):
        if now.joint != then.joint:
            turned["won" if now.joint else "lost"].append({**message(now), "before": message(then)["read"]})
    return turned


def drops(new: dict[str, float | None], old: dict[str, float | None]) -> dict[str, float]:
    """How much worse each figure became, in its own direction; better is below 0."""
    worse: dict[str, float] = {}
    for name, figure in FIGURES.items():
        now, then = new.get(name), old.get(name)
        if now is not None and then is not None:
            worse[name] = now - then if figure.lower_is_better else then - now
    return worse
