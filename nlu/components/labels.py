"""What a training example teaches, and which examples are held out to learn how sure to be."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

ACTS, SERVICES, OPD = "acts", "services", "opd"
NONE = "-"
AGENCY = "@"

PARTS = 2
SHARE = 10
"""Each part is one tenth (`SHARE`) of the examples. They calibrate, each by models that have not seen it."""


SPREAD_MESSAGES = 60
SPREAD_ACTS, SPREAD_SERVICES = 9.0, 15.0
"""A word stands in so many messages, over (the equivalent of) so many equally likely acts and services."""

WEIGHT_OF_NO_MEANING = 5
"""How often a word of no meaning is shown: it stands against hundreds of messages that hold it."""


def examples(training_data: TrainingData) -> list[Message]:
    return [message for message in training_data.intent_examples if message.get(TEXT)]


def acts_of(message: Message) -> list[str]:
    """The acts of an example, the main one first: Rasa's multi-intent `ask_fee+ask_duration`."""
    return [str(act) for act in message.get(INTENT).split("+")]


def services_of(message: Message) -> list[str]:
    """The services of an example, else its agencies (marked `@`), else none (`-`).

    They stand in the metadata of the intent block (or of the single example) it came from.
    """
    metadata = message.get("metadata") or {}
    named = {**(metadata.get("intent") or {}), **(metadata.get("example") or {})}
    services = [str(name) for name in named.get(SERVICES) or ()]
    return services or [f"{AGENCY}{name}" for name in named.get(OPD) or ()] or [NONE]


def act_classes(acts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Every act once, sorted: the encoder and the classifier must number them alike."""
    return tuple(sorted({act for row in acts for act in row}))


def service_classes(services: Sequence[Sequence[str]], synonyms: Mapping[str, str]) -> tuple[str, ...]:
    """Every service and agency of the examples and of the catalogue's phrases, and none, sorted."""
    return tuple(sorted({NONE, *(name for row in services for name in row), *synonyms.values()}))


def parts(count: int) -> Any:
    """The held-out part of each example, int (count,): 0 to PARTS - 1, or -1 where it is in none."""
    dealt = np.random.default_rng(1).permutation(count) % SHARE
    return np.where(dealt < PARTS, dealt, -1)


def shares(labels: Sequence[Sequence[str]], classes: Sequence[str], first: float) -> Any:
    """Rows that sum to 1, float32 (examples, classes); the first of several labels gets the share `first`."""
    number: Mapping[str, int] = {name: place for place, name in enumerate(classes)}
    rows = np.zeros((len(labels), len(classes)), np.float32)
    for row, names in zip(rows, labels, strict=True):
        others = (1 - first) / (len(names) - 1) if len(names) > 1 else 0.0
        for place, name in enumerate(names):
            row[number[name]] += (first if len(names) > 1 else 1.0) if place == 0 else others
    return rows


def words_of_no_meaning(
    texts: Sequence[str], acts: Sequence[Sequence[str]], services: Sequence[Sequence[str]]
) -> list[str]:
    """Words that stand in messages of every kind (`saya`, `di`, `yang`), sorted.

    Residents send a sentence in pieces. Alone such a word asks nothing, but a classifier that
    has seen it only beside others finds the class it is least unlike, which may be danger.
    What somebody did write as a whole message (`ya`, `halo`) has a meaning and is left out.
    """
    of_act: defaultdict[str, Counter[str]] = defaultdict(Counter)
    of_service: defaultdict[str, Counter[str]] = defaultdict(Counter)
    whole = set()
    for text, its_acts, its_services in zip(texts, acts, services, strict=True):
        words = text.split()
        if len(words) == 1:
            whole.add(words[0])
        for word in set(words):
            of_act[word][its_acts[0]] += 1
            of_service[word][its_services[0]] += 1
    return sorted(
        word
        for word, counts in of_act.items()
        if word not in whole
        and counts.total() >= SPREAD_MESSAGES
        and _spread(counts) >= SPREAD_ACTS
        and _spread(of_service[word]) >= SPREAD_SERVICES
    )


def _spread(counts: Counter[str]) -> float:
    """Over how many equally likely classes the same entropy would spread (its exponential)."""
    total = counts.total()
    return math.exp(-sum(count / total * math.log(count / total) for count in counts.values()))
