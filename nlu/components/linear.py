"""One-versus-rest linear classifiers over n-grams, saved without pickles.

Training uses scikit-learn's LinearSVC; at run time one message is a gather and a small
matrix product in numpy, some fifty microseconds for a hundred classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlu.components.ngrams import NgramSettings, Vocabulary

THREADS = 2
"""The solver runs outside the interpreter's lock; classes are independent of one another."""


@dataclass(frozen=True)
class LinearModel:
    """`weights` is float32 (features, classes), `intercepts` float32 (classes,)."""

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    weights: Any
    intercepts: Any

    def margins(self, text: str) -> Any:
        """Signed distances of one normalised text, float32 (classes,)."""
        numbers, values = self.vocabulary.vector(text)
        if not numbers:
            return self.intercepts
        return np.asarray(values, dtype=np.float32) @ self.weights[numbers] + self.intercepts

    def save(self, folder: Path) -> None:
        np.savez_compressed(
            folder / "linear.npz",
            weights=self.weights.astype(np.float16),
            intercepts=self.intercepts.astype(np.float32),
            idf=np.asarray(self.vocabulary.idf, dtype=np.float32),
            names=np.asarray(list(self.vocabulary.index), dtype=np.str_),
            classes=np.asarray(self.classes, dtype=np.str_),
            settings=np.asarray(json.dumps(asdict(self.vocabulary.settings))),
        )

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        with np.load(folder / "linear.npz", allow_pickle=False) as saved:
            settings = NgramSettings(**json.loads(str(saved["settings"])))
            index = {str(name): number for number, name in enumerate(saved["names"])}
            return cls(
                Vocabulary(settings, index, [float(value) for value in saved["idf"]]),
                tuple(str(name) for name in saved["classes"]),
                saved["weights"].astype(np.float32),
                saved["intercepts"],
            )


@dataclass(frozen=True)
class Trained:
    """The model, and what models that had not seen them made of the held-out examples."""

    model: LinearModel
    held_out: Any
    """Places of the held-out examples, int (rows,)."""
    margins: Any
    """Float32 (rows, classes)."""
    targets: Any
    """Bool (rows, classes)."""


def train(
    texts: Sequence[str],
    labels: Sequence[Sequence[str]],
    classes: Sequence[str],
    parts: Any,
    *,
    settings: NgramSettings,
    c: float,
    balance: float = 0.0,
    extra: Sequence[tuple[str, str | None]] = (),
) -> Trained:
    """Fit on normalised texts with one or more labels each.

    `parts` numbers the held-out part of each text, -1 for none (`labels.parts`). `extra` are
    (text, label) pairs that are learnt from but never held out, such as the catalogue's own
    synonyms; a label None is none of the classes. `balance` lifts rare classes: an example
    of a class weighs as the largest class is larger, to this power (0: all weigh the same).

    Raises:
        ValueError: fewer than two classes, or no text at all.
    """
    if len(classes) < 2:
        raise ValueError(f"at least two labels are needed to train a classifier, got {list(classes)}")
    all_texts = [*texts, *(text for text, _ in extra)]
    vocabulary = Vocabulary.learn(all_texts, settings)
    matrix = _matrix(vocabulary, all_texts)
    targets = _targets([*labels, *([label] if label is not None else [] for _, label in extra)], classes)
    weight = _class_weights(targets, balance)
    held_out = np.flatnonzero(parts >= 0)
    margins = np.zeros((len(texts), len(classes)), dtype=np.float32)
    for part in sorted(set(parts[held_out])):
        left_out = np.flatnonzero(parts == part)
        kept = np.setdiff1d(np.arange(matrix.shape[0]), left_out)
        weights, intercepts = _fit(matrix[kept], targets[kept], c, weight)
        margins[left_out] = matrix[left_out] @ weights + intercepts
    weights, intercepts = _fit(matrix, targets, c, weight)
    model = LinearModel(vocabulary, tuple(classes), weights, intercepts)
    return Trained(model, held_out, margins[held_out], targets[held_out])


def _matrix(vocabulary: Vocabulary, texts: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    data: list[float] = []
    indices: list[int] = []
    starts = [0]
    for text in texts:
        numbers, values = vocabulary.vector(text)
        indices.extend(numbers)
        data.extend(values)
        starts.append(len(indices))
    shape = (len(texts), len(vocabulary.index))
    return csr_matrix((np.asarray(data, dtype=np.float64), indices, starts), shape=shape)


def _targets(labels: Sequence[Sequence[str]], classes: Sequence[str]) -> Any:
    number = {name: position for position, name in enumerate(classes)}
    targets = np.zeros((len(labels), len(classes)), dtype=bool)
    for row, names in enumerate(labels):
        targets[row, [number[name] for name in names]] = True
    return targets


def _class_weights(targets: Any, balance: float) -> list[float]:
    counts = np.maximum(targets.sum(axis=0), 1)
    return [float(weight) for weight in (counts.max() / counts) ** balance]


def _fit(matrix: Any, targets: Any, c: float, weight: Sequence[float]) -> tuple[Any, Any]:
    from sklearn.svm import LinearSVC

    weights = np.zeros((matrix.shape[1], targets.shape[1]), dtype=np.float32)
    intercepts = np.full(targets.shape[1], -1.0, dtype=np.float32)

    def fit_one(position: int) -> None:
        target = targets[:, position]
        if target.any() and not target.all():
            model = LinearSVC(C=c, class_weight={True: weight[position]}, dual=True, tol=0.02, random_state=1)
            model.fit(matrix, target)
            weights[:, position] = model.coef_[0]
            intercepts[position] = model.intercept_[0]

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(fit_one, range(targets.shape[1])))
    return weights, intercepts
