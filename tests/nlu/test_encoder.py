"""The encoder: the numpy reader gives what TensorFlow trained, and word order counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nlu.rasa_python import run

SCRIPT = """
import json, pathlib, tempfile
import numpy as np, tensorflow as tf
from nlu.components import encoder, encoder_training as training
from nlu.components.encoder import Encoder

# The same words in another order mean another class: no bag of words can learn it.
subjects = ["perpustakaan", "kependudukan", "kebersihan", "keterangan", "puskesmas", "kendaraan"]
texts = [f"{s} hilang bukan rusak ya" for s in subjects] + [f"{s} rusak bukan hilang ya" for s in subjects]
order = np.eye(2, dtype=np.float32)[[0] * len(subjects) + [1] * len(subjects)]
subject = np.eye(len(subjects), dtype=np.float32)[list(range(len(subjects))) * 2]
shape = training.Shape(size=32, filters=32, buckets=512, epochs=60)
trained = training.train(texts, {"order": order, "subject": subject}, shape, seed=3)
with tempfile.TemporaryDirectory() as folder:
    trained.save(pathlib.Path(folder) / "encoder.npz")
    again = Encoder.load(pathlib.Path(folder) / "encoder.npz")

def best(model, text):
    return {task: int(np.argmax(scores)) for task, scores in model.scores(text).items()}

# Without dropout both implementations must agree on texts of every length, also shorter than a filter.
for name in ("WORD_FORGOTTEN", "WORD_DROPPED", "INPUT_DROPPED", "ENCODED_DROPPED"):
    setattr(training, name, 0.0)
mixed = ["a b c dd ee", "ff dd a b", "x yy zz a", "b", "a a a a a a a a a"]
words = training.Words.of(mixed, 64, 0)
net = training._Net(tf, tf.random.Generator.from_seed(1), words, {"t": 4}, training.Shape(8, 5, 64, 1))
ids = training._padded([np.array([words.number[w] for w in text.split()], np.int32) for text in mixed])
of_tensorflow = encoder._log_softmax(net(tf.constant(ids))["t"].numpy())
frozen = net.frozen(words, ["t"])
of_numpy = np.array([frozen.scores(text)["t"] for text in mixed])

odd = ["", "   ", "zzz qqq", "ktp " * 5000, "\\u202e\\u200b"]
random = np.random.default_rng(0)
slips = [training.misspell("keterangan", random) for _ in range(200)]
print(json.dumps({
    "order": [best(trained, text)["order"] for text in texts],
    "subject": [best(trained, text)["subject"] for text in texts],
    "unseen": best(trained, "dokumen rusak bukan hilang ya")["order"],
    "misspelt": best(trained, "kependudkan hilang bukan rusak ya")["subject"],
    "saved": [best(again, text) == best(trained, text) for text in texts + odd],
    "difference": float(np.abs(of_tensorflow - of_numpy).max()),
    "sums": [float(np.exp(trained.scores(text)["order"]).sum()) for text in odd],
    "words_read": [len(encoder.words_of(text)) for text in odd],
    "slips": len(set(slips)), "unchanged": sum(slip == "keterangan" for slip in slips),
    "short": training.misspell("ga", random),
    "pieces": [min(encoder.pieces("hilang", 64)), max(encoder.pieces("hilang", 64)), len(encoder.pieces("", 64))],
}))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return run(SCRIPT)


def test_it_learns_the_order_of_words(found: dict[str, Any]) -> None:
    assert found["order"] == [0] * 6 + [1] * 6
    assert found["unseen"] == 1


def test_two_tasks_are_learnt_at_once(found: dict[str, Any]) -> None:
    assert found["subject"] == [0, 1, 2, 3, 4, 5] * 2


def test_a_misspelt_word_is_read_by_its_pieces(found: dict[str, Any]) -> None:
    assert found["misspelt"] == 1


def test_numpy_reads_what_tensorflow_trained(found: dict[str, Any]) -> None:
    assert found["difference"] < 1e-5


def test_a_saved_encoder_reads_the_same(found: dict[str, Any]) -> None:
    assert len(found["saved"]) == 17 and all(found["saved"])


def test_odd_texts_have_probabilities_and_long_ones_are_cut(found: dict[str, Any]) -> None:
    assert found["sums"] == pytest.approx([1.0] * 5, abs=1e-4)
    assert found["words_read"] == [1, 1, 2, 60, 1]


def test_misspellings_differ_from_the_word_and_from_one_another(found: dict[str, Any]) -> None:
    assert found["slips"] > 20 and found["unchanged"] < 10
    assert found["short"] == "ga"


def test_pieces_never_take_the_number_of_no_piece(found: dict[str, Any]) -> None:
    lowest, highest, none = found["pieces"]
    assert 1 <= lowest <= highest < 64 and none == 0
