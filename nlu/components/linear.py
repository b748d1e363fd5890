"""One-versus-rest linear classifiers with calibrated confidence, saved without pickles.

Training uses scikit-learn's LinearSVC; at run time one message is a gather and a small
matrix product in numpy, some fifty microseconds for a hundred classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlu.components.ngrams import NgramSettings, Vocabulary

FOLDS = 4
"""Out-of-fold margins calibrate the confidence: a model is always sure of what it was trained on."""


@dataclass(frozen=True)
class LinearModel:
    """`weights` is float32 (features, classes); margins become probabilities by `scale` and `shift`.

    Each class is judged by itself, since a message may mean several; the probabilities of
    one message need not sum to 1.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    weights: Any
    intercepts: Any
    scale: float
    shift: float

    def margins(self, text: str) -> Any:
        """Signed distances of one normalised text, float32 (classes,)."""
        numbers, values = self.vocabulary.vector(text)
        if not numbers:
            return self.intercepts
        return np.asarray(values, dtype=np.float32) @ self.weights[numbers] + self.intercepts

    def confidence(self, margins: Any) -> Any:
        """Calibrated probability of every class, float32 (classes,); grows with its margin."""
        return 1.0 / (1.0 + np.exp(-(self.scale * margins + self.shift)))

    def save(self, folder: Path) -> None:
        settings = self.vocabulary.settings
        np.savez_compressed(
            folder / "linear.npz",
            weights=self.weights.astype(np.float16),
            intercepts=self.intercepts.astype(np.float32),
            idf=np.asarray(self.vocabulary.idf, dtype=np.float32),
            names=np.asarray(list(self.vocabulary.index), dtype=np.str_),
            classes=np.asarray(self.classes, dtype=np.str_),
            calibration=np.asarray([self.scale, self.shift]),
            settings=np.asarray([settings.word_max, settings.char_min, settings.char_max, settings.min_documents]),
        )

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        with np.load(folder / "linear.npz", allow_pickle=False) as saved:
            settings = NgramSettings(*(int(value) for value in saved["settings"]))
            index = {str(name): number for number, name in enumerate(saved["names"])}
            scale, shift = (float(value) for value in saved["calibration"])
            return cls(
                Vocabulary(settings, index, [float(value) for value in saved["idf"]]),
                tuple(str(name) for name in saved["classes"]),
                saved["weights"].astype(np.float32),
                saved["intercepts"],
                scale,
                shift,
            )


def train(
    texts: Sequence[str],
    labels: Sequence[Sequence[str]],
    *,
    settings: NgramSettings,
    c: float,
    extra: Sequence[tuple[str, str]] = (),
) -> LinearModel:
    """Fit on normalised texts with one or more labels each.

    `extra` are (text, label) pairs that are learnt from but never calibrated on, such as
    the catalogue's own synonyms.

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
    held_out = _out_of_fold(matrix, targets, len(texts), c)
    scale, shift = _sigmoid(held_out, targets[: len(texts)])
    weights, intercepts = _fit(matrix, targets, c)
    return LinearModel(vocabulary, classes, weights, intercepts, scale, shift)


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


def _fit(matrix: Any, targets: Any, c: float) -> tuple[Any, Any]:
    from sklearn.svm import LinearSVC

    weights = np.zeros((matrix.shape[1], targets.shape[1]), dtype=np.float32)
    intercepts = np.full(targets.shape[1], -1.0, dtype=np.float32)
    for position in range(targets.shape[1]):
        target = targets[:, position]
        if target.any() and not target.all():
            model = LinearSVC(C=c, class_weight=None, dual=True, tol=0.01, random_state=1)
            model.fit(matrix, target)
            weights[:, position] = model.coef_[0]
            intercepts[position] = model.intercept_[0]
    return weights, intercepts


def _out_of_fold(matrix: Any, targets: Any, count: int, c: float) -> Any:
    """Margins of the first `count` rows, each from a model that has not seen the row."""
    folds = np.random.default_rng(1).permutation(count) % FOLDS
    margins = np.zeros((count, targets.shape[1]), dtype=np.float32)
    for fold in range(FOLDS):
        held_out = np.flatnonzero(folds == fold)
        kept = np.concatenate([np.flatnonzero(folds != fold), np.arange(count, matrix.shape[0])])
        weights, intercepts = _fit(matrix[kept], targets[kept], c)
        margins[held_out] = matrix[held_out] @ weights + intercepts
    return margins


def _sigmoid(margins: Any, targets: Any) -> tuple[float, float]:
    """Platt's scaling, one for all classes: a rare class has too few rows for its own."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6)
    model.fit(margins.reshape(-1, 1), targets.reshape(-1))
    return float(model.coef_[0][0]), float(model.intercept_[0])
