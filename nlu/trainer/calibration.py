"""Whether confidences mean what they say, and what the answer threshold trades for what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlu.trainer.bootstrap import Counts, Figure, ratio
from nlu.trainer.scores import Judged

BINS = 10
STEPS = 50
"""The threshold curve has a point at every 1/50."""
_SCALE = 10_000  # counters are whole numbers

KINDS = {
    "act": "Tindak",
    "service": "Layanan atau OPD",
    "whole": "Keduanya (yang dibandingkan dengan ambang)",
}


@dataclass(frozen=True)
class Thresholds:
    """The decision thresholds a model was trained with."""

    answer: float = 0.5
    clarify: float = 0.2


def thresholds_of(metadata: Mapping[str, Any]) -> Thresholds:
    """What the model itself says in its metadata; Rasa's shape, so looked for by name."""
    nodes = (metadata.get("predict_schema") or {}).get("nodes") or {}
    for node in nodes.values():
        config = node.get("config") or {}
        if "answer" in config and "clarify" in config:
            return Thresholds(float(config["answer"]), float(config["clarify"]))
    return Thresholds()


def certainty(result: Mapping[str, Any], about_a_service: Collection[str]) -> float:
    """The number that the decision compares with its thresholds, as nlu/components/decision.py has it."""
    if not result["acts"]:
        return 0.0
    sure: float = result["acts"][0]["confidence"]
    subject = result["services"] or result["opd"]
    if subject and result["acts"][0]["name"] in about_a_service:
        sure *= subject[0]["confidence"]
    return sure


def count(one: Judged, about_a_service: Collection[str], thresholds: Thresholds) -> dict[str, int]:
    """What this message adds to the counters of the curves."""
    counts: dict[str, int] = {}

    def reliability(kind: str, confidence: float, right: bool) -> None:
        # Counted by tenth: how many, how many right, and their summed confidence.
        name = f"bin/{kind}/{min(int(confidence * BINS), BINS - 1)}"
        counts[f"{name}/"] = 1
        counts[f"{name}+"] = int(right)
        counts[f"{name}~"] = round(confidence * _SCALE)

    subject = one.result["services"] or one.result["opd"]
    sure = certainty(one.result, about_a_service)
    if one.result["acts"]:
        reliability("act", one.result["acts"][0]["confidence"], one.any_act)
        reliability("whole", sure, one.joint)
    if subject:
        reliability("service", subject[0]["confidence"], one.service)
    safety = one.result["decision"] == "safety"
    for step in range(STEPS + 1):
        threshold = step / STEPS
        answered = safety or sure >= threshold
        name = f"at/{step}"
        counts |= {f"{name}/answer/": 1, f"{name}/clarify/": 1, f"{name}/fallback/": 1}
        if answered:
            counts |= {f"{name}/answer+": 1, f"{name}/right/": 1, f"{name}/right+": int(one.joint)}
        else:
            counts[f"{name}/{'clarify' if sure >= thresholds.clarify else 'fallback'}+"] = 1
    return counts


def expected_error(kind: str, side: int = 0) -> Figure:
    """Expected calibration error: the gap between confidence and share right, weighted by messages."""
    names = [(f"bin/{kind}/{n}/", f"bin/{kind}/{n}+", f"bin/{kind}/{n}~") for n in range(BINS)]

    def figure(sides: Sequence[Counts]) -> float | None:
        counts = sides[side]
        gap = total = 0.0
        for of, right, confidence in names:
            total += counts[of]
            gap += abs(counts[confidence] / _SCALE - counts[right])
        return gap / total if total else None

    return figure


def mean_confidence(kind: str, number: int) -> Figure:
    of, confidence = f"bin/{kind}/{number}/", f"bin/{kind}/{number}~"

    def figure(sides: Sequence[Counts]) -> float | None:
        return sides[0][confidence] / _SCALE / sides[0][of] if sides[0][of] else None

    return figure


def figures() -> dict[str, Figure]:
    """Everything the curves are drawn from, to be bootstrapped with the rest."""
    found: dict[str, Figure] = {}
    for kind in KINDS:
        found[f"ece/{kind}"] = expected_error(kind)
        for number in range(BINS):
            found[f"bin/{kind}/{number}"] = ratio(f"bin/{kind}/{number}")
            found[f"confidence/{kind}/{number}"] = mean_confidence(kind, number)
    for step in range(STEPS + 1):
        for what in ("answer", "right", "clarify", "fallback"):
            found[f"at/{step}/{what}"] = ratio(f"at/{step}/{what}")
    return found


def agreement(judged: Sequence[Judged], about_a_service: Collection[str], thresholds: Thresholds) -> int:
    """How many decisions of the model the curve reproduces: it must be nearly all to be believed."""

    def decide(one: Judged) -> str:
        if one.result["decision"] == "safety":
            return "safety"
        sure = certainty(one.result, about_a_service)
        return "answer" if sure >= thresholds.answer else "clarify" if sure >= thresholds.clarify else "fallback"

    return sum(decide(one) == one.result["decision"] for one in judged)
