"""How sure the classifiers say they are: a probability, honest, and growing with the evidence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nlu.rasa_python import run

SCRIPT = """
import json, pathlib, tempfile
import numpy as np
from nlu.components import labels
from nlu.components.confidence import Confidence, evidence, leads

random = np.random.default_rng(1)
truth = random.integers(0, 4, 4000)
targets = np.eye(4, dtype=bool)[truth]
margins = random.normal(-1, 1, (4000, 4)) + 1.8 * targets
encoded = np.log(np.full((4000, 4), 0.1) + 0.6 * targets * random.integers(0, 2, (4000, 1)))
half = slice(0, 2000), slice(2000, 4000)
scores = {}
for name, more in (("margins", None), ("both", encoded)):
    fitted = Confidence.fit(evidence(margins[half[0]], None if more is None else more[half[0]]), targets[half[0]])
    logits = fitted.logits(evidence(margins[half[1]], None if more is None else more[half[1]]))
    sure, right = fitted.probability(logits), targets[half[1]]
    best = logits.argmax(axis=1)
    said, was = sure[np.arange(2000), best], right[np.arange(2000), best]
    scores[name] = {"right": float(was.mean()), "said": float(said.mean()), "weights": list(fitted.weights)}
with tempfile.TemporaryDirectory() as folder:
    fitted.save(pathlib.Path(folder))
    again = Confidence.load(pathlib.Path(folder))
against = Confidence.fit(evidence(-margins[:40], encoded[:40]), targets[:40])
nothing = Confidence.fit(evidence(-margins[:8], None), targets[:8])
parts = labels.parts(1000)
acts = [[f"a{n % 12}"] for n in range(600)]
services = [[f"s{n % 60}"] for n in range(600)]
texts = [f"saya {acts[n][0]}" + (" ya" if n % 2 else "") for n in range(600)]
texts[0] = "ya"
print(json.dumps({
    "bare": labels.words_of_no_meaning(texts, acts, services),
    "few": labels.words_of_no_meaning(texts[:50], acts[:50], services[:50]),
    "against": list(against.weights), "nothing": list(nothing.weights),
    "leads": leads(np.array([[3.0, 1.0, -2.0], [0.5, 0.5, 0.0]])).tolist(),
    "scores": scores,
    "same": again == fitted,
    "shapes": [list(evidence(margins, None).shape), list(evidence(margins, encoded).shape)],
    "parts": [int((parts == part).sum()) for part in (-1, 0, 1)],
    "again": bool((labels.parts(1000) == parts).all()),
    "classes": [list(labels.act_classes([["b", "a"], ["a"]])), list(labels.service_classes([["b"]], {"kartu": "c"}))],
    "shares": labels.shares([["b", "a"], ["a"], ["c", "b", "a"]], ["a", "b", "c"], 0.6).tolist(),
}))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return run(SCRIPT)


def test_lead_is_over_the_best_other_class(found: dict[str, Any]) -> None:
    assert found["leads"] == [[2.0, -2.0, -5.0], [0.0, 0.0, -0.5]]


def test_what_it_says_of_unseen_messages_comes_true_as_often_as_it_says(found: dict[str, Any]) -> None:
    for scores in found["scores"].values():
        assert scores["said"] == pytest.approx(scores["right"], abs=0.05)


def test_a_second_witness_helps_and_no_evidence_counts_against_itself(found: dict[str, Any]) -> None:
    alone, both = found["scores"]["margins"], found["scores"]["both"]
    assert both["right"] > alone["right"] + 0.03
    assert len(alone["weights"]) == 2 and len(both["weights"]) == 3
    assert min(alone["weights"] + both["weights"]) >= 0


def test_evidence_that_speaks_against_itself_is_left_out_and_something_always_ranks(found: dict[str, Any]) -> None:
    assert found["against"][:2] == [0.0, 0.0] and found["against"][2] > 0
    assert found["nothing"] == [1.0, 0.0]


def test_it_is_saved_whole(found: dict[str, Any]) -> None:
    assert found["same"]
    assert found["shapes"] == [[4000, 4, 2], [4000, 4, 3]]


def test_each_held_out_part_is_a_tenth_and_the_same_at_every_asking(found: dict[str, Any]) -> None:
    assert found["parts"] == [800, 100, 100] and found["again"]


def test_labels_become_classes_and_shares(found: dict[str, Any]) -> None:
    assert found["classes"] == [["a", "b"], ["-", "b", "c"]]
    assert found["shares"] == [
        pytest.approx([0.4, 0.6, 0.0]),
        pytest.approx([1.0, 0.0, 0.0]),
        pytest.approx([0.2, 0.2, 0.6]),
    ]


def test_a_word_of_every_kind_of_message_means_nothing_alone(found: dict[str, Any]) -> None:
    """`ya` is as frequent, but somebody wrote it as a whole message; `a3` speaks of one act."""
    assert found["bare"] == ["saya"]
    assert found["few"] == []
