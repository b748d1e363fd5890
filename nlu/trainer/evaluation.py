"""One evaluation from readings to a report: a plain JSON value that the texts and the page show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlu.trainer import calibration, compare, confusion, golden, scores
from nlu.trainer.bootstrap import TIMES, Figure, Interval, difference, intervals, ratio
from nlu.trainer.calibration import Thresholds
from nlu.trainer.scores import FIGURES, OF_A_STYLE, Judged

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Side:
    """A model's name and its readings of the set."""

    model: str
    judged: list[Judged]


@dataclass(frozen=True)
class Context:
    """What is known about the world: agencies of services, acts about a service, the model's thresholds."""

    opd_of: Mapping[str, str]
    about_a_service: Collection[str]
    thresholds: Thresholds


def evaluate(
    new: Side,
    context: Context,
    golden_judged: list[Judged],
    live: Side | None = None,
    stock: Side | None = None,
    times: int = TIMES,
) -> dict[str, Any]:
    """All figures of `new`, beside the live model and the stock pipeline where given."""
    rows = [one.row for one in new.judged]
    named = scores.figures(rows)
    sides = [side for side in (new, live, stock) if side is not None]
    wanted: dict[str, Figure] = {}
    for number in range(len(sides)):
        wanted |= {f"{number}/{name}": figure(number) for name, figure in named.items()}
        if number:
            wanted |= {f"gain/{number}/{name}": difference(figure, 0, number) for name, figure in named.items()}
            wanted |= compare.part_figures(new.judged, number)
    styles = _styles(rows)
    wanted |= {f"style/{style}/{name}": ratio(f"style/{style}/{name}") for style in styles for name in OF_A_STYLE}
    wanted |= calibration.figures()
    found = intervals([_counters(side, context, full=side is new) for side in sides], wanted, times)

    report: dict[str, Any] = {
        "model": new.model,
        "messages": len(rows),
        "resamples": times,
        "figures": {name: found[f"0/{name}"].as_json() for name in FIGURES},
        "chances": _chances(new, context),
        "styles": [
            {"style": style, "messages": of, **{n: found[f"style/{style}/{n}"].as_json() for n in OF_A_STYLE}}
            for style, of in styles.items()
        ],
        "safety": _safety(new.judged),
        "confusions": [one.as_json() for one in confusion.confusions(new.judged)],
        "calibration": _calibration(found),
        "thresholds": {"answer": context.thresholds.answer, "clarify": context.thresholds.clarify},
        "trade_off": _trade_off(found),
        "trade_off_agrees": calibration.agreement(new.judged, context.about_a_service, context.thresholds),
        "golden": {"questions": len(golden_judged), "broken": golden.broken(golden_judged)},
        "live": None,
        "stock": None,
    }
    for key, side in (("live", live), ("stock", stock)):
        if side is not None:
            report[key] = _beside(new, side, sides.index(side), found)
    return report


def _counters(side: Side, context: Context, *, full: bool) -> list[dict[str, int]]:
    def count(one: Judged) -> dict[str, int]:
        counted = scores.count(one, context.opd_of)
        # The curves are drawn of the new model only.
        return counted | calibration.count(one, context.about_a_service, context.thresholds) if full else counted

    return [count(one) for one in side.judged]


def _beside(new: Side, old: Side, number: int, found: Mapping[str, Interval]) -> dict[str, Any]:
    return {
        "model": old.model,
        "figures": {name: found[f"{number}/{name}"].as_json() for name in FIGURES},
        "gains": {name: found[f"gain/{number}/{name}"].as_json() for name in FIGURES},
        "changes": compare.changes(new.judged, old.judged, dict(found), number),
        "flips": compare.flips(new.judged, old.judged),
    }


def _styles(rows: Rows) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for row in rows:
        style = str(row.get("style", "-"))
        sizes[style] = sizes.get(style, 0) + 1
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


def _chances(side: Side, context: Context) -> dict[str, int]:
    """How many messages each figure is counted over."""
    counted = [scores.count(one, context.opd_of) for one in side.judged]
    chances = {name: sum(row.get(f"{name}/", 0) for row in counted) for name in FIGURES}
    return {**chances, "macro_f1": len(counted)}


def _safety(judged: Sequence[Judged]) -> dict[str, list[dict[str, Any]]]:
    danger: Callable[[Judged], bool] = lambda one: bool(scores.SAFETY & set(one.row["acts"]))  # noqa: E731
    alarm: Callable[[Judged], bool] = lambda one: one.result["decision"] == "safety"  # noqa: E731
    return {
        "missed": [confusion.message(one) for one in judged if danger(one) and not alarm(one)],
        "false_alarms": [confusion.message(one) for one in judged if alarm(one) and not danger(one)],
    }


def _calibration(found: Mapping[str, Interval]) -> dict[str, Any]:
    return {
        kind: {
            "expected_error": found[f"ece/{kind}"].as_json(),
            "bins": [
                {
                    "from": number / calibration.BINS,
                    "confidence": found[f"confidence/{kind}/{number}"].value,
                    "right": found[f"bin/{kind}/{number}"].as_json(),
                }
                for number in range(calibration.BINS)
                if found[f"bin/{kind}/{number}"].value is not None
            ],
        }
        for kind in calibration.KINDS
    }


def _trade_off(found: Mapping[str, Interval]) -> list[dict[str, Any]]:
    return [
        {
            "threshold": step / calibration.STEPS,
            **{what: found[f"at/{step}/{what}"].as_json() for what in ("answer", "right", "clarify", "fallback")},
        }
        for step in range(calibration.STEPS + 1)
    ]


def values(report: Mapping[str, Any]) -> dict[str, float | None]:
    """The figures alone, as the gate compares them and the ledger keeps them."""
    return {name: report["figures"][name]["value"] for name in FIGURES}
