"""Features of the linear classifiers."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from nlu.components.ngrams import NgramSettings, Vocabulary, ngrams, stem

SETTINGS = NgramSettings(word_max=2, char_min=3, char_max=3, min_documents=1, skip=1.0)


def test_words_pairs_and_pieces() -> None:
    assert list(ngrams("ktp hilang di", SETTINGS)) == [
        "w:ktp", "w:hilang", "w:di", "w:ktp hilang", "w:hilang di", "s:ktp di",
        "c: kt", "c:ktp", "c:tp ", "c: hi", "c:hil", "c:ila", "c:lan", "c:ang", "c:ng ", "c: di", "c:di ",
    ]  # fmt: skip


def test_question_words_are_joined_to_their_neighbours() -> None:
    settings = NgramSettings(question=0.5)
    found = [name for name in ngrams("buat ktp syarat apa saja", settings) if name.startswith("q:")]
    assert found == ["q:buat<apa", "q:ktp<apa", "q:syarat<apa", "q:apa>saja"]


def test_a_family_weighs_what_the_settings_say() -> None:
    settings = NgramSettings(min_documents=1, question=0.5, stem=0.25)
    vocabulary = Vocabulary.learn(["syarat ktp apa", "biaya berapa ya"], settings)
    numbers, weights = vocabulary.vector("syarat apa ya berapa")
    names = list(vocabulary.index)
    total = dict.fromkeys("wqtc", 0.0)
    for number, weight in zip(numbers, weights, strict=True):
        total[names[number][0]] += weight * weight
    for family, expected in {"w": 1.0, "q": 0.5, "t": 0.25, "c": 1.0}.items():
        assert math.isclose(total[family], expected)


def test_related_words_share_a_root() -> None:
    assert stem("dibetulkannya") == stem("betulkan") == stem("membetulkan") == "betul"
    assert stem("syaratnya") == stem("syarat")


@given(st.from_regex(r"[a-z]{1,20}", fullmatch=True))
def test_a_root_keeps_four_letters(word: str) -> None:
    assert len(stem(word)) >= min(len(word), 4)


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
