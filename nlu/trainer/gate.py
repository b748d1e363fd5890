"""The gate before publishing: limits in nlu/evaluation/gate.yml that a model must keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.trainer.compare import drops
from nlu.trainer.scores import FIGURES
from nlu.trainer.text import percent

FILE = "nlu/evaluation/gate.yml"
_KEYS = {"minimum", "maximum", "largest_drop", "golden_wrong"}


class GateUnusable(ValueError):
    """gate.yml says something we do not understand: then nothing is published."""


@dataclass(frozen=True)
class Gate:
    minimum: dict[str, float]
    maximum: dict[str, float]
    largest_drop: dict[str, float]
    golden_wrong: int


def read(path: Path) -> Gate:
    """The limits.

    Raises:
        GateUnusable: a key, a figure or a number is wrong; a typo must not open the gate.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GateUnusable(f"{path}: tidak dapat dibaca: {error}") from error
    if not isinstance(content, dict) or set(content) != _KEYS:
        raise GateUnusable(f"{path}: perlu tepat kunci {', '.join(sorted(_KEYS))}")
    wrong = content["golden_wrong"]
    if not isinstance(wrong, int) or isinstance(wrong, bool) or wrong < 0:
        raise GateUnusable(f"{path}: golden_wrong harus bilangan bulat")
    minimum, maximum, largest_drop = (
        _limits(path, key, content[key]) for key in ("minimum", "maximum", "largest_drop")
    )
    return Gate(minimum, maximum, largest_drop, wrong)


def _limits(path: Path, key: str, limits: Any) -> dict[str, float]:
    if not isinstance(limits, dict):
        raise GateUnusable(f"{path}: {key} harus berisi `ukuran: angka`")
    for name, limit in limits.items():
        if name not in FIGURES:
            raise GateUnusable(f"{path}: {key}: ukuran `{name}` tidak dikenal; yang ada: {', '.join(FIGURES)}")
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 <= limit <= 1:
            raise GateUnusable(f"{path}: {key}: {name} harus angka dari 0 sampai 1")
    return {name: float(limit) for name, limit in limits.items()}


def refusals(gate: Gate, new: dict[str, float | None], live: dict[str, float | None] | None, broken: int) -> list[str]:
    """Why this model may not go live, one sentence each, in Indonesian; empty where it may.

    `live` are the live model's figures on the same messages, None where there is none.
    """
    reasons = []
    # A figure that the set does not define was not shown to be good enough.
    for name, limit in gate.minimum.items():
        value = new.get(name)
        if value is None or value < limit:
            reasons.append(f"{FIGURES[name].title}: {percent(value)}, paling sedikit harus {percent(limit)}.")
    for name, limit in gate.maximum.items():
        value = new.get(name)
        if value is None or value > limit:
            reasons.append(f"{FIGURES[name].title}: {percent(value)}, paling banyak boleh {percent(limit)}.")
    if live is not None:
        worse = drops(new, live)
        for name, limit in gate.largest_drop.items():
            # Figures are shares of whole messages; a rounding error is no drop.
            if worse.get(name, 0.0) > limit + 1e-9:
                reasons.append(
                    f"{FIGURES[name].title}: {percent(new[name])}, memburuk {percent(worse[name])} dari model yang "
                    f"dipakai ({percent(live[name])}); paling banyak boleh {percent(limit)}."
                )
    if broken > gate.golden_wrong:
        reasons.append(f"{broken} pertanyaan emas salah dibaca; paling banyak boleh {gate.golden_wrong}.")
    return reasons
