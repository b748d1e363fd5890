"""One-versus-rest linear classifiers with calibrated confidence, saved without pickles.

Training uses scikit-learn's LinearSVC; at run time one message is a gather and a small
matrix product in numpy, some fifty microseconds for a hundred classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlu.components.ngrams import NgramSettings, Vocabulary

FOLDS = 4
"""Out-of-fold margins calibrate the confidence: a model is always sure of what it was trained on."""


@dataclass(frozen=True)
class LinearModel:
    """`weights` is float32 (features, classes); `calibration` makes probabilities of margins.

    Each class is judged by itself, since a message may mean several; the probabilities of
    one message need not sum to 1.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    weights: Any
    intercepts: Any
    calibration: tuple[float, float, float]

    def margins(self, text: str) -> Any:
        """Signed distances of one normalised text, float32 (classes,)."""
        numbers, values = self.vocabulary.vector(text)
        if not numbers:
            return self.intercepts
        return np.asarray(values, dtype=np.float32) @ self.weights[numbers] + self.intercepts

    def confidence(self, margins: Any) -> Any:
        """Calibrated probability of every class, float32 (classes,); grows with its margin."""
        of_margin, of_lead, shift = self.calibration
        return 1.0 / (1.0 + np.exp(-(of_margin * margins + of_lead * _leads(margins) + shift)))

    def save(self, folder: Path) -> None:
        np.savez_compressed(
            folder / "linear.npz",
            weights=self.weights.astype(np.float16),
            intercepts=self.intercepts.astype(np.float32),
            idf=np.asarray(self.vocabulary.idf, dtype=np.float32),
            names=np.asarray(list(self.vocabulary.index), dtype=np.str_),
            classes=np.asarray(self.classes, dtype=np.str_),
            calibration=np.asarray(self.calibration),
            settings=np.asarray(json.dumps(asdict(self.vocabulary.settings))),
        )

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        with np.load(folder / "linear.npz", allow_pickle=False) as saved:
            settings = NgramSettings(**json.loads(str(saved["settings"])))
            index = {str(name): number for number, name in enumerate(saved["names"])}
            of_margin, of_lead, shift = (float(value) for value in saved["calibration"])
            return cls(
                Vocabulary(settings, index, [float(value) for value in saved["idf"]]),
                tuple(str(name) for name in saved["classes"]),
                saved["weights"].astype(np.float32),
                saved["intercepts"],
                (of_margin, of_lead, shift),
            )


def train(
    texts: Sequence[str],
    labels: Sequence[Sequence[str]],
    *,
    settings: NgramSettings,
    c: float,
    balance: float = 0.0,
    extra: Sequence[tuple[str, str]] = (),
) -> LinearModel:
    """Fit on normalised texts with one or more labels each.

    `extra` are (text, label) pairs that are learnt from but never calibrated on, such as
    the catalogue's own synonyms. `balance` lifts rare classes: an example of a class weighs
    as the largest class is larger, to this power (0: all weigh the same).

    Raises:
        ValueError: fewer than two classes, or no text at all.
    """
    classes = tuple(sorted({label for row in labels for label in row} | {label for _, label in extra}))
    if len(classes) < 2:
        raise ValueError(f"at least two labels are needed to train a classifier, got {list(classes)}")
    all_texts = [*texts, *(text for text, _ in extra)]
    all_labels = [*labels, *([label] for _, label in extra)]
    vocabulary = Vocabulary.learn(all_texts, settings)
    matrix = _matrix(vocabulary, all_texts)
    targets = _targets(all_labels, classes)
    weight = _class_weights(targets, balance)
    held_out = _out_of_fold(matrix, targets, len(texts), c, weight)
    calibration = _calibrate(held_out, targets[: len(texts)])
    weights, intercepts = _fit(matrix, targets, c, weight)
    return LinearModel(vocabulary, classes, weights, intercepts, calibration)


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
    for position in range(targets.shape[1]):
        target = targets[:, position]
        if target.any() and not target.all():
            model = LinearSVC(C=c, class_weight={True: weight[position]}, dual=True, tol=0.02, random_state=1)
            model.fit(matrix, target)
            weights[:, position] = model.coef_[0]
            intercepts[position] = model.intercept_[0]
    return weights, intercepts


def _out_of_fold(matrix: Any, targets: Any, count: int, c: float, weight: Sequence[float]) -> Any:
    """Margins of the first `count` rows, each from a model that has not seen the row."""
    folds = np.random.default_rng(1).permutation(count) % FOLDS
    margins = np.zeros((count, targets.shape[1]), dtype=np.float32)
    for fold in range(FOLDS):
        held_out = np.flatnonzero(folds == fold)
        kept = np.concatenate([np.flatnonzero(folds != fold), np.arange(count, matrix.shape[0])])
        weights, intercepts = _fit(matrix[kept], targets[kept], c, weight)
        margins[held_out] = matrix[held_out] @ weights + intercepts
    return margins


def _leads(margins: Any) -> Any:
    """How far each class is ahead of the best other one (negative: behind); any shape (…, classes)."""
    ordered = np.sort(margins, axis=-1)
    best, second = ordered[..., -1:], ordered[..., -2:-1]
    return margins - np.where(margins == best, second, best)


def _calibrate(margins: Any, targets: Any) -> tuple[float, float, float]:
    """Platt's scaling of margin and lead, one for all classes: a rare class has too few rows for its own.

    `margins` and `targets` are (rows, classes). The lead tells a message that clearly means
    one thing from one that is torn between two.
    """
    from sklearn.linear_model import LogisticRegression

    features = np.stack([margins.reshape(-1), _leads(margins).reshape(-1)], axis=1)
    model = LogisticRegression(C=1e6)
    model.fit(features, targets.reshape(-1))
    of_margin, of_lead = (max(float(value), 0.0) for value in model.coef_[0])
    return of_margin, of_lead, float(model.intercept_[0])
