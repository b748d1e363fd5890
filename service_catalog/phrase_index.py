"""Which owners' phrases a message contains, by words weighted by their rarity.

A phrase is found by the share of it that the message says (all of a short phrase beats
half of a long one) and by the share of the message that it explains. Mistyped words
count a little less. Built once; a lookup costs well under a millisecond.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from service_catalog.words import content_words, stems

_TYPO = 0.8
"""What a mistyped word counts, compared with the word itself."""

_STEM = 0.95

_WHOLE = 0.88
"""The share of a phrase that counts as all of it: one slip in two words, none in a single one
(`hilang` must not be taken for a mistyped `tilang`)."""

_MAX_CORRECTIONS = 20
"""Unknown words looked up of one message; each costs a pass over the words of nearby length."""

_UNKNOWN = 0.45
"""What a word that no phrase has weighs, as a share of the heaviest word."""

_PHRASE_SHARE = 0.55
"""What a phrase found whole is worth in a message that says much else."""

_BEST_SHARE = 0.5
"""The best phrase against all words of an owner together."""


@dataclass(frozen=True)
class _Phrase:
    owner: int
    weight: float


class PhraseIndex:
    """Finds owners by phrases, and by further words that tell less (`hints`)."""

    def __init__(
        self,
        phrases: Iterable[tuple[str, str]],
        hints: Iterable[tuple[str, str]] = (),
        hint_share: float = 0.5,
    ) -> None:
        pairs = [(owner, frozenset(content_words(text))) for owner, text in phrases]
        hinted = [(owner, frozenset(content_words(text))) for owner, text in hints]
        self._owners = list(dict.fromkeys(owner for owner, _ in [*pairs, *hinted]))
        number = {owner: index for index, owner in enumerate(self._owners)}

        self._weights = self._rarity([*pairs, *hinted])
        self._heaviest = max(self._weights.values(), default=1.0)
        self._phrases: list[_Phrase] = []
        self._phrases_with: dict[str, list[int]] = defaultdict(list)
        self._owners_with: dict[str, dict[int, float]] = defaultdict(dict)
        for owner, tokens in hinted:
            for token in tokens:
                self._owners_with[token][number[owner]] = hint_share
        for owner, tokens in pairs:
            if not tokens:
                continue
            for token in tokens:
                self._phrases_with[token].append(len(self._phrases))
                self._owners_with[token][number[owner]] = 1.0
            self._phrases.append(_Phrase(number[owner], sum(self._weights[token] for token in tokens)))
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for token in self._weights:
            self._by_length[len(token)].append(token)

    def match(self, text: str) -> dict[str, float]:
        """Every owner that shares a word with the text, with a score in 0..1; unordered."""
        tokens, message_weight = self._read(text)
        if not tokens:
            return {}
        best: dict[int, float] = defaultdict(float)
        for index, weight in self._said(tokens).items():
            phrase = self._phrases[index]
            recall = min(1.0, weight / phrase.weight)
            explained = min(1.0, weight / message_weight)
            score = recall * (_PHRASE_SHARE + (1 - _PHRASE_SHARE) * explained)
            best[phrase.owner] = max(best[phrase.owner], score)
        covered = self._covered(tokens, message_weight)
        return {
            self._owners[owner]: _BEST_SHARE * best[owner] + (1 - _BEST_SHARE) * share
            for owner, share in covered.items()
        }

    def whole_phrases(self, text: str) -> dict[str, float]:
        """Owners one of whose phrases stands in the text with all its words, and the share it explains."""
        tokens, message_weight = self._read(text)
        found: dict[str, float] = {}
        for index, weight in self._said(tokens).items():
            phrase = self._phrases[index]
            if weight >= phrase.weight * _WHOLE:
                owner = self._owners[phrase.owner]
                found[owner] = max(found.get(owner, 0.0), min(1.0, weight / message_weight))
        return found

    def _said(self, tokens: Mapping[str, float]) -> dict[int, float]:
        """How much of each phrase's weight the words say."""
        said: dict[int, float] = defaultdict(float)
        for token, share in tokens.items():
            for phrase in self._phrases_with.get(token, ()):
                said[phrase] += self._weights[token] * share
        return said

    def _covered(self, tokens: Mapping[str, float], message_weight: float) -> dict[int, float]:
        covered: dict[int, float] = defaultdict(float)
        for token, share in tokens.items():
            for owner, strength in self._owners_with.get(token, {}).items():
                covered[owner] += self._weights[token] * share * strength
        return {owner: min(1.0, weight / message_weight) for owner, weight in covered.items()}

    def _read(self, text: str) -> tuple[dict[str, float], float]:
        """The known words of a text with the share each counts, and the weight of all its words."""
        known: dict[str, float] = {}
        total = 0.0
        corrections = 0
        for word in dict.fromkeys(content_words(text)):
            token, share = (word, 1.0) if word in self._weights else (None, 0.0)
            if token is None:
                token = next((stem for stem in stems(word) if stem in self._weights), None)
                share = _STEM
            if token is None and corrections < _MAX_CORRECTIONS:
                corrections += 1
                token, share = self._nearest(word), _TYPO
            if token is None:
                total += self._heaviest * _UNKNOWN
            elif token not in known:
                known[token] = share
                total += self._weights[token]
            else:
                known[token] = max(known[token], share)
        return known, total

    def _nearest(self, word: str) -> str | None:
        """The known word one slip away (two in a long word); short words are never guessed."""
        length = len(word)
        if length < 4 or word.isdecimal():
            return None
        slips = 1 if length < 7 else 2
        near = [token for size in range(length - slips, length + slips + 1) for token in self._by_length[size]]
        found = process.extractOne(word, near, scorer=Levenshtein.distance, score_cutoff=slips)
        return str(found[0]) if found else None

    @staticmethod
    def _rarity(pairs: list[tuple[str, frozenset[str]]]) -> dict[str, float]:
        """The weight of each word: higher the fewer owners use it."""
        used_by: dict[str, set[str]] = defaultdict(set)
        for owner, tokens in pairs:
            for token in tokens:
                used_by[token].add(owner)
        owners = len({owner for owner, _ in pairs})
        return {token: math.log(1 + owners / len(users)) for token, users in used_by.items()}
