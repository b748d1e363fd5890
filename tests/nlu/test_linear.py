"""The linear classifiers. numpy and scikit-learn live in .venv-rasa only, so its Python runs the checks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-rasa/bin/python"

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
model = linear.train(texts, labels, settings=settings, c=0.5, balance=0.33)
with tempfile.TemporaryDirectory() as folder:
    model.save(pathlib.Path(folder))
    again = linear.LinearModel.load(pathlib.Path(folder))

def read(model, text):
    margins = model.margins(text)
    confidence = model.confidence(margins)
    order = np.argsort(-margins)
    return {
        "best": model.classes[int(order[0])],
        "confidence": [float(confidence[i]) for i in order],
        "finite": bool(np.isfinite(margins).all()),
    }

asked = ["syarat bikin kartu", "biaya akta", "", "xyzzy", "ktp " * 500]
margins = np.array([[3.0, 1.0, -2.0], [0.5, 0.5, 0.0]])
json.dump(
    {
        "trained": [read(model, text) for text in asked],
        "loaded": [read(again, text) for text in asked],
        "settings": again.vocabulary.settings == settings,
        "leads": linear._leads(margins).tolist(),
        "weights": linear._class_weights(np.array([[1, 0], [1, 0], [1, 0], [1, 1]], dtype=bool), 0.5),
    },
    sys.stdout,
)
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    assert PYTHON.exists(), "make test sets up .venv-rasa"
    done = subprocess.run(
        [str(PYTHON), "-c", SCRIPT], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_it_tells_the_asks_apart(found: dict[str, Any]) -> None:
    assert [reading["best"] for reading in found["trained"][:2]] == ["syarat", "biaya"]


def test_confidence_falls_with_the_rank_and_is_a_probability(found: dict[str, Any]) -> None:
    for reading in found["trained"]:
        values = reading["confidence"]
        assert values == sorted(values, reverse=True)
        assert all(0 <= value <= 1 for value in values)


def test_unknown_empty_and_long_texts_have_a_reading(found: dict[str, Any]) -> None:
    assert all(reading["finite"] for reading in found["trained"])


def test_a_saved_model_reads_the_same(found: dict[str, Any]) -> None:
    assert found["settings"]
    for before, after in zip(found["trained"], found["loaded"], strict=True):
        assert before["best"] == after["best"]
        assert after["confidence"] == pytest.approx(before["confidence"], abs=0.01)


def test_lead_is_over_the_best_other_class(found: dict[str, Any]) -> None:
    assert found["leads"] == [[2.0, -2.0, -5.0], [0.0, 0.0, -0.5]]


def test_rare_classes_weigh_more(found: dict[str, Any]) -> None:
    assert found["weights"] == [1.0, 2.0]
