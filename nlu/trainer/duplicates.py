"""Examples that say nearly the same but carry different labels: one of the two is probably wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from rapidfuzz import fuzz

from nlu.trainer.examples import Example

SHORTEST = 4
"""Words; shorter ones (“bayar berapa min”) are alike without meaning the same."""
ALIKE = 93.0
_RAREST = 4
_LENGTH = 0.85
"""Word order may differ, but a whole clause more is another question."""


def near(rows: list[Example], normal: Mapping[Example, str]) -> list[str]:
    """A warning for each pair, both places named.

    Comparing all pairs of 7,500 would take minutes. Two texts that are nearly the same share
    one of their rarest words, so only those that do are compared.
    """
    rows = [row for row in rows if len(normal[row].split()) >= SHORTEST]
    frequency = Counter(word for row in rows for word in set(normal[row].split()))
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    warnings = []
    for number, row in enumerate(rows):
        text = normal[row]
        rarest = sorted(set(text.split()), key=lambda word: (frequency[word], word))[:_RAREST]
        for other in sorted({earlier for word in rarest for earlier in blocks[word]}):
            earlier = rows[other]
            if earlier.label != row.label and normal[earlier] != text and alike(text, normal[earlier]):
                warnings.append(
                    f"{row.where}: hampir sama dengan {earlier.where} tetapi labelnya lain "
                    f"({_label(row)}; {_label(earlier)}): “{row.text[:60]}”, “{earlier.text[:60]}”"
                )
        for word in rarest:
            blocks[word].append(number)
    return warnings


def same(rows: list[Example], normal: Mapping[Example, str], texts: Collection[str]) -> Iterator[tuple[Example, str]]:
    """The examples of some length that say nearly the same as one of the normalised texts, with that text."""
    long = [row for row in rows if len(normal[row].split()) >= SHORTEST]
    holding: defaultdict[str, list[Example]] = defaultdict(list)
    for row in long:
        for word in set(normal[row].split()):
            holding[word].append(row)
    for text in sorted(texts):
        words = set(text.split())
        if len(words) < SHORTEST:
            continue
        rarest = sorted(words, key=lambda word: (len(holding[word]), word))[:_RAREST]
        found = dict.fromkeys(row for word in rarest for row in holding[word])
        yield from ((row, text) for row in found if normal[row] == text or alike(normal[row], text))


def alike(one: str, other: str) -> bool:
    """Nearly the same letters, or nearly the same words in another order."""
    if min(len(one), len(other)) < _LENGTH * max(len(one), len(other)):
        return False
    return fuzz.ratio(one, other, score_cutoff=ALIKE) > 0 or fuzz.token_set_ratio(one, other, score_cutoff=ALIKE) > 0


def _label(row: Example) -> str:
    return " ".join(_parts(row))


def _parts(row: Example) -> Iterator[str]:
    yield "+".join(row.acts)
    yield from row.services
    yield from (f"@{name}" for name in row.opd)
