"""Features of the linear classifiers."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from nlu.components.ngrams import NgramSettings, Vocabulary, ngrams

SETTINGS = NgramSettings(word_max=2, char_min=3, char_max=3, min_documents=1)


def test_words_pairs_and_pieces() -> None:
    assert list(ngrams("ktp hilang di", SETTINGS)) == [
        "w:ktp", "w:hilang", "w:di", "w:ktp hilang", "w:hilang di", "s:ktp di",
        "c: kt", "c:ktp", "c:tp ", "c: hi", "c:hil", "c:ila", "c:lan", "c:ang", "c:ng ", "c: di", "c:di ",
    ]  # fmt: skip


def test_families_weigh_the_same() -> None:
    vocabulary = Vocabulary.learn(["ktp hilang", "kk rusak", "akta lahir anak"], SETTINGS)
    numbers, weights = vocabulary.vector("ktp rusak anak")
    names = list(vocabulary.index)
    by_family: dict[str, float] = {}
    for number, weight in zip(numbers, weights, strict=True):
        by_family[names[number][0]] = by_family.get(names[number][0], 0) + weight * weight
    assert set(by_family) == {"w", "c"}
    assert all(math.isclose(total, 1.0) for total in by_family.values())


def test_rare_features_are_left_out() -> None:
    settings = NgramSettings(min_documents=2)
    vocabulary = Vocabulary.learn(["ktp hilang", "ktp rusak"], settings)
    assert "w:ktp" in vocabulary.index and "w:hilang" not in vocabulary.index


@given(st.text(max_size=200))
def test_unknown_text_has_no_features_but_never_fails(text: str) -> None:
    numbers, weights = Vocabulary.learn(["ktp", "kk"], SETTINGS).vector(text)
    assert len(numbers) == len(weights) == len(set(numbers))
