"""Words and pieces of words as numbered features: what the linear classifiers look at.

Pure Python at run time: one message costs a few tenths of a millisecond, where
scikit-learn's vectorisers cost more than one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

QUESTION_WORDS = frozenset(
    "apa apakah berapa mana kapan bisa boleh siapa bagaimana kenapa dimana kemana perlu harus bayar gratis "
    "kumaha naon sabaraha iraha ?".split()
)
"""Words that carry the ask; what stands near one tells the asks apart."""

REACH = 3
"""How many words before and after a question word are joined to it."""

_CLITIC = re.compile(r"(?:nya|kah|lah|ku|mu|keun|na)$")
_SUFFIX = re.compile(r"(?:kan|in|an|i)$")
# Longest first: `meng` before `me`.
_PREFIX = re.compile(r"^(?:meng|meny|mem|men|me|peng|peny|pem|pen|per|ber|ter|di|ng|ny|ke|se)")
WORDS_KEPT = 20_000
"""Residents' words whose pieces are kept; some ten megabytes at most."""

_ROOT = 4
"""No affix is taken off where fewer letters would be left."""


@dataclass(frozen=True)
class NgramSettings:
    """Which features, and how much a family of them weighs beside words and pieces (0 leaves it out)."""

    word_max: int = 2
    char_min: int = 2
    char_max: int = 5
    min_documents: int = 2
    skip: float = 0.0
    question: float = 0.0
    stem: float = 0.0

    def weight(self, family: str) -> float:
        return {"s": self.skip, "q": self.question, "t": self.stem}.get(family, 1.0)


@lru_cache(maxsize=WORDS_KEPT)
def stem(word: str) -> str:
    """A rough root (`dibetulkannya` -> `betul`): it need not be right, only the same for related words."""
    for affix, shortest in ((_CLITIC, 6), (_SUFFIX, 7), (_PREFIX, 7)):
        shorter = affix.sub("", word) if len(word) >= shortest else word
        word = shorter if len(shorter) >= _ROOT else word
    return word


def ngrams(text: str, settings: NgramSettings) -> Iterator[str]:
    """All features of one normalised text, each named by its family and a colon.

    `w:` word n-grams, `s:` pairs with one word skipped, `q:` question words with their
    neighbours, `t:` roots alone, in pairs and in skipped pairs, `c:` pieces of words.
    """
    words = text.split()
    yield from word_features(words, settings)
    for word in words:
        yield from pieces(word, settings)


def word_features(words: Sequence[str], settings: NgramSettings) -> Iterator[str]:
    """The features that are made of whole words or roots."""
    yield from ("w:" + gram for gram in _sequences(words, settings.word_max))
    if settings.skip:
        yield from (f"s:{first} {second}" for first, second in zip(words, words[2:], strict=False))
    if settings.question:
        yield from _around_questions(words)
    if settings.stem:
        roots = [stem(word) for word in words]
        yield from ("t:" + gram for gram in _sequences(roots, 2))
        yield from (f"t:{first}_{second}" for first, second in zip(roots, roots[2:], strict=False))


def pieces(word: str, settings: NgramSettings) -> Iterator[str]:
    """The character n-grams of one word, its ends marked by a blank."""
    padded = f" {word} "
    for size in range(settings.char_min, settings.char_max + 1):
        for start in range(len(padded) - size + 1):
            yield "c:" + padded[start : start + size]


def _sequences(words: Sequence[str], longest: int) -> Iterator[str]:
    for size in range(1, longest + 1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def _around_questions(words: Sequence[str]) -> Iterator[str]:
    for place, word in enumerate(words):
        if word in QUESTION_WORDS:
            for before in words[max(0, place - REACH) : place]:
                yield f"q:{before}<{word}"
            for after in words[place + 1 : place + 1 + REACH]:
                yield f"q:{word}>{after}"


@dataclass(frozen=True)
class Vocabulary:
    """Feature names with their number and inverse document frequency (sublinear tf, l2 per family)."""

    settings: NgramSettings
    index: Mapping[str, int]
    idf: Sequence[float]
    _pieces: dict[str, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)
    """The numbered pieces of words seen before: most words of a message are, and cutting one up is slow."""

    @classmethod
    def learn(cls, texts: Iterable[str], settings: NgramSettings) -> Vocabulary:
        documents: Counter[str] = Counter()
        total = 0
        for text in texts:
            total += 1
            documents.update(set(ngrams(text, settings)))
        names = sorted(name for name, count in documents.items() if count >= settings.min_documents)
        idf = [math.log((1 + total) / (1 + documents[name])) + 1 for name in names]
        return cls(settings, {name: number for number, name in enumerate(names)}, idf)

    def vector(self, text: str) -> tuple[list[int], list[float]]:
        """Feature numbers and weights of one text.

        The squares of a family's weights sum to what `settings.weight` gives it, in a short
        message as in a long one.
        """
        words = text.split()
        counts: Counter[int] = Counter()
        for word in words:
            counts.update(self._pieces_of(word))
        families = {"c": self._weighed(counts)}
        named: dict[str, Counter[int]] = {}
        for name in word_features(words, self.settings):
            number = self.index.get(name)
            if number is not None:
                named.setdefault(name[0], Counter())[number] += 1
        families.update((family, self._weighed(numbers)) for family, numbers in named.items())
        numbers: list[int] = []
        weights: list[float] = []
        for family, pairs in families.items():
            if not pairs:
                continue
            norm = math.sqrt(sum(weight * weight for _, weight in pairs) / self.settings.weight(family))
            for number, weight in pairs:
                numbers.append(number)
                weights.append(weight / norm)
        return numbers, weights

    def _weighed(self, counts: Mapping[int, int]) -> list[tuple[int, float]]:
        return [(number, (1 + math.log(count)) * self.idf[number]) for number, count in counts.items()]

    def _pieces_of(self, word: str) -> tuple[int, ...]:
        known = self._pieces.get(word)
        if known is None:
            if len(self._pieces) >= WORDS_KEPT:
                self._pieces.clear()
            names = (self.index.get(name) for name in pieces(word, self.settings))
            known = self._pieces[word] = tuple(number for number in names if number is not None)
        return known
