"""The linear classifiers. numpy and scikit-learn live in .venv-rasa only, so its Python runs the checks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nlu.rasa_python import run

SCRIPT = """
import json, pathlib, sys, tempfile
import numpy as np
from nlu.components import linear
from nlu.components.ngrams import NgramSettings

syarat = ["syarat buat ktp apa", "syarat kartu apa saja", "berkas apa yang dibawa", "syarat akta apa"]
biaya = ["bayar berapa", "biaya buat ktp berapa", "berapa biaya akta", "bayar kartu berapa"]
lama = ["berapa hari jadi", "jadi kapan"]
texts = (syarat + biaya) * 6 + lama * 3
labels = [["syarat"]] * 4 + [["biaya"]] * 4
labels = labels * 6 + [["lama"]] * 6
settings = NgramSettings(min_documents=1, question=0.5, stem=0.5)
parts = np.arange(len(texts)) % 6
parts[parts > 1] = -1
classes = ("biaya", "lama", "syarat")
trained = linear.train(texts, labels, classes, parts, settings=settings, c=0.5, balance=0.33)
with tempfile.TemporaryDirectory() as folder:
    trained.model.save(pathlib.Path(folder))
    again = linear.LinearModel.load(pathlib.Path(folder))

def read(model, text):
    margins = model.margins(text)
    return {"best": model.classes[int(np.argmax(margins))], "margins": [float(x) for x in margins]}

# A word that only the held-out part has: a model that had seen it would know the class.
secret = ["rahasia"] * 4 + texts
alone = np.array([0] * 4 + [-1] * len(texts))
honest = linear.train(secret, [["lama"]] * 4 + labels, classes, alone, settings=settings, c=0.5)

asked = ["syarat bikin kartu", "biaya akta", "", "xyzzy", "ktp " * 500]
try:
    linear.train(["a"], [["satu"]], ("satu",), np.array([-1]), settings=settings, c=0.5)
    refused = ""
except ValueError as error:
    refused = str(error)
json.dump(
    {
        "trained": [read(trained.model, text) for text in asked],
        "loaded": [read(again, text) for text in asked],
        "settings": again.vocabulary.settings == settings,
        "held_out": trained.held_out.tolist(),
        "wanted": np.flatnonzero(parts >= 0).tolist(),
        "shapes": [list(trained.margins.shape), list(trained.targets.shape)],
        "honest": float(honest.margins[0][1]),
        "seen": float(honest.model.margins("rahasia")[1]),
        "weights": linear._class_weights(np.array([[1, 0], [1, 0], [1, 0], [1, 1]], dtype=bool), 0.5),
        "refused": refused,
    },
    sys.stdout,
)
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return run(SCRIPT)


def test_it_tells_the_asks_apart(found: dict[str, Any]) -> None:
    assert [reading["best"] for reading in found["trained"][:2]] == ["syarat", "biaya"]


def test_unknown_empty_and_long_texts_have_a_reading(found: dict[str, Any]) -> None:
    # json would hold NaN where a margin is not finite.
    assert all(abs(margin) < 100 for reading in found["trained"] for margin in reading["margins"])


def test_a_saved_model_reads_the_same(found: dict[str, Any]) -> None:
    assert found["settings"]
    for before, after in zip(found["trained"], found["loaded"], strict=True):
        assert before["best"] == after["best"]
        assert after["margins"] == pytest.approx(before["margins"], abs=0.01)


def test_the_held_out_examples_are_those_of_the_parts(found: dict[str, Any]) -> None:
    assert found["held_out"] == found["wanted"] and len(found["wanted"]) > 10
    assert found["shapes"] == [[len(found["wanted"]), 3]] * 2


def test_held_out_margins_come_from_a_model_that_has_not_seen_them(found: dict[str, Any]) -> None:
    assert found["seen"] > 0 > found["honest"]


def test_rare_classes_weigh_more(found: dict[str, Any]) -> None:
    assert found["weights"] == [1.0, 2.0]


def test_one_class_is_refused(found: dict[str, Any]) -> None:
    assert "at least two labels" in found["refused"] and "satu" in found["refused"]
