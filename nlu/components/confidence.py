"""How sure to be: evidence of the linear model and of the encoder, weighed into one probability a class.

A model is always sure of what it was trained on, so the weights are learnt from examples
that neither has seen (`labels.parts`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


def evidence(margins: Any, encoded: Any | None) -> Any:
    """Float (…, classes, 2 or 3): the margin, its lead over the next best, the encoder's log-probability.

    The lead tells a message that clearly means one thing from one that is torn between two.
    """
    parts = [margins, leads(margins)]
    if encoded is not None:
        parts.append(encoded)
    return np.stack(parts, axis=-1)


def leads(margins: Any) -> Any:
    """How far each class is ahead of the best other one (negative: behind); any shape (…, classes)."""
    ordered = np.sort(margins, axis=-1)
    best, second = ordered[..., -1:], ordered[..., -2:-1]
    return margins - np.where(margins == best, second, best)


@dataclass(frozen=True)
class Confidence:
    """A logistic model with one weight for each part of the evidence, the same for all classes.

    Each class is judged by itself, since a message may mean several: the probabilities of
    one message need not sum to 1. A rare class has too few examples for weights of its own.
    """

    weights: tuple[float, ...]
    shift: float

    def logits(self, evidence_: Any) -> Any:
        """What classes are ranked by, float (…, classes)."""
        return evidence_ @ np.asarray(self.weights) + self.shift

    @staticmethod
    def probability(logits: Any) -> Any:
        return 1.0 / (1.0 + np.exp(-logits))

    @classmethod
    def fit(cls, evidence_: Any, targets: Any) -> Confidence:
        """From evidence (examples, classes, parts) and bool targets (examples, classes)."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - the server need not load it

        flat = evidence_.reshape(-1, evidence_.shape[-1])
        used = list(range(flat.shape[1]))
        # More evidence must never make less sure: a part that would is left out, and the rest fitted anew.
        while used:
            model = LogisticRegression(C=1e3, max_iter=1000)
            model.fit(flat[:, used], targets.reshape(-1))
            weights = dict(zip(used, (float(weight) for weight in model.coef_[0]), strict=True))
            if min(weights.values()) > 0:
                return cls(tuple(weights.get(part, 0.0) for part in range(flat.shape[1])), float(model.intercept_[0]))
            used = [part for part in used if weights[part] > 0]
        # So few examples that the held-out ones say nothing: the margin alone ranks.
        return cls((1.0, *[0.0] * (flat.shape[1] - 1)), 0.0)

    def save(self, folder: Path) -> None:
        content = {"weights": self.weights, "shift": self.shift}
        (folder / "confidence.json").write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Confidence:
        saved = json.loads((folder / "confidence.json").read_text(encoding="utf-8"))
        return cls(tuple(saved["weights"]), float(saved["shift"]))
