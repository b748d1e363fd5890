"""A small convolutional reader of word sequences, in numpy: what the linear models cannot see, word order.

Kim's sentence CNN (2014) over fastText-like word vectors (a word is its own vector plus the
mean of its character n-grams', so a slip or an unknown word still looks like its kin),
trained from nothing by `encoder_training`. One text costs a few tenths of a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

WIDTHS = (1, 2, 3, 4)
"""Words that one filter sees."""
LONGEST = 60
"""Words read; of a longer text the beginning and the end."""
PIECES_OF_A_WORD = 40
"""More are not read: the shorter pieces of all the word come first, so a very long one loses longer pieces."""
WORDS_KEPT = 20_000
"""Vectors of words seen before; some fifteen megabytes at most."""
LONGEST_KEPT = 40
"""Letters; what is longer is no word, and is not kept."""
PIECE_MIN, PIECE_MAX = 3, 5


def pieces(word: str, buckets: int) -> list[int]:
    """Hashed character n-grams of one word, numbered from 1; 0 is no piece."""
    padded = f"<{word}>"
    found = [
        1 + crc32(padded[start : start + size].encode()) % (buckets - 1)
        for size in range(PIECE_MIN, PIECE_MAX + 1)
        for start in range(len(padded) - size + 1)
    ]
    return found[:PIECES_OF_A_WORD]


def words_of(text: str) -> list[str]:
    """The words that are read; at least one, so that an empty text has a shape too."""
    words = text.split()
    if len(words) > LONGEST:
        words = [*words[: LONGEST // 2], *words[-LONGEST // 2 :]]
    return words or [""]


@dataclass(frozen=True)
class Encoder:
    """Trained weights, all float32.

    `words` numbers the known words from 1 into `word_vectors` (row 0 is zero: unknown);
    `piece_vectors` is (buckets, size); `filters[k]` is (size, width * filters) with
    `filter_bias[k]` (filters,); `heads` gives each task (filters of all widths, classes) and a bias.
    """

    words: Mapping[str, int]
    word_vectors: Any
    piece_vectors: Any
    filters: tuple[Any, ...]
    filter_bias: tuple[Any, ...]
    heads: Mapping[str, tuple[Any, Any]]
    _vectors: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def scores(self, text: str) -> dict[str, Any]:
        """Log-probability of every class for each task, float32 (classes,)."""
        encoded = self._encode(words_of(text))
        return {task: _log_softmax(encoded @ weights + bias) for task, (weights, bias) in self.heads.items()}

    def _encode(self, words: Sequence[str]) -> Any:
        """The strongest response of every filter anywhere in the text; `filters` see zeros beyond its ends."""
        x = np.asarray([self._vector(word) for word in words])
        pooled = []
        for width, weights, bias in zip(WIDTHS, self.filters, self.filter_bias, strict=True):
            # What each word gives a filter when it is the filter's first, second, … word.
            given = (x @ weights).reshape(len(words), width, -1)
            responses = np.zeros((len(words) + width - 1, given.shape[2]), dtype=np.float32)
            for place in range(width):
                responses[width - 1 - place : width - 1 - place + len(words)] += given[:, place]
            pooled.append(np.maximum(responses.max(axis=0) + bias, 0.0))
        return np.concatenate(pooled)

    def _vector(self, word: str) -> Any:
        known = self._vectors.get(word)
        if known is None:
            if len(self._vectors) >= WORDS_KEPT:
                self._vectors.clear()
            known = self.word_vectors[self.words.get(word, 0)].copy()
            numbers = pieces(word, len(self.piece_vectors))
            if numbers:
                known += self.piece_vectors[numbers].mean(axis=0)
            if len(word) <= LONGEST_KEPT:
                self._vectors[word] = known
        return known

    def save(self, path: Path) -> None:
        """One `.npz` without pickles; weights in half precision."""
        arrays: dict[str, Any] = {
            "words": np.asarray(list(self.words), dtype=np.str_),
            "word_vectors": self.word_vectors.astype(np.float16),
            "piece_vectors": self.piece_vectors.astype(np.float16),
            "tasks": np.asarray(list(self.heads), dtype=np.str_),
        }
        for place, (weights, bias) in enumerate(zip(self.filters, self.filter_bias, strict=True)):
            arrays[f"filter_{place}"], arrays[f"filter_bias_{place}"] = weights.astype(np.float16), bias
        for task, (weights, bias) in self.heads.items():
            arrays[f"head_{task}"], arrays[f"head_bias_{task}"] = weights.astype(np.float16), bias
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Encoder:
        with np.load(path, allow_pickle=False) as saved:

            def array(name: str) -> Any:
                return saved[name].astype(np.float32)

            return cls(
                {str(word): number for number, word in enumerate(saved["words"], start=1)},
                array("word_vectors"),
                array("piece_vectors"),
                tuple(array(f"filter_{place}") for place in range(len(WIDTHS))),
                tuple(array(f"filter_bias_{place}") for place in range(len(WIDTHS))),
                {str(t): (array(f"head_{t}"), array(f"head_bias_{t}")) for t in saved["tasks"]},
            )


def _log_softmax(logits: Any) -> Any:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
