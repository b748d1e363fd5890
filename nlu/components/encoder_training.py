"""Training the encoder with TensorFlow, which the server never loads."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from typing import Any

import numpy as np

from nlu.components import encoder
from nlu.components.encoder import WIDTHS, Encoder

BATCH = 64
LEARNING_RATE = 2e-3
SMOOTHING = 0.1
"""Share of the target spread over all classes (label smoothing)."""
MISSPELT = 0.1
"""Share of words replaced by a misspelling of themselves while training."""
MISSPELLINGS = 4
WORD_FORGOTTEN = 0.1
"""Share of words whose own vector is left out, so that pieces of words learn to stand for it."""
WORD_DROPPED = 0.05
INPUT_DROPPED, ENCODED_DROPPED = 0.2, 0.5
PIECES_WEIGH = 2.0
_VOWELS = "aiueo"


@dataclass(frozen=True)
class Shape:
    size: int = 128
    filters: int = 256
    buckets: int = 2**14
    epochs: int = 8


@dataclass(frozen=True)
class Words:
    """All words of the training texts and misspellings of them, as rows of numbers.

    Row 0 is no word. `own` is the number of a word's own vector (0: has none, being rare
    or a misspelling); `pieces` is padded with 0; `misspelt` gives rows of misspellings.
    """

    number: Mapping[str, int]
    known: Sequence[str]
    own: Any
    pieces: Any
    misspelt: Any

    @classmethod
    def of(cls, texts: Sequence[str], buckets: int, seed: int) -> Words:
        counts = Counter(word for text in texts for word in encoder.words_of(text))
        common = sorted(word for word, count in counts.items() if count > 1)
        own = {word: place for place, word in enumerate(common, start=1)}
        spelt = sorted(counts)
        random = np.random.default_rng(seed)
        slips = [misspell(word, random) for word in spelt for _ in range(MISSPELLINGS)]
        rows = ["", *spelt, *slips]
        table = np.zeros((len(rows), encoder.PIECES_OF_A_WORD), np.int32)
        for place, word in enumerate(rows[1:], start=1):
            numbers = encoder.pieces(word, buckets)
            table[place, : len(numbers)] = numbers
        first = 1 + len(spelt)
        misspelt = np.zeros((1 + len(spelt), MISSPELLINGS), np.int32)
        misspelt[1:] = first + np.arange(len(slips)).reshape(-1, MISSPELLINGS)
        return cls(
            {word: place for place, word in enumerate(spelt, start=1)},
            common,
            np.asarray([0, *(own.get(word, 0) for word in spelt), *([0] * len(slips))], np.int32),
            table,
            misspelt,
        )


def misspell(word: str, random: Any) -> str:
    """One slip or abbreviation as thumbs make them; words of one or two letters stay."""
    if len(word) < 3:
        return word
    kind, place = random.random(), int(random.integers(0, len(word)))
    if kind < 0.3:
        return word[0] + "".join(letter for letter in word[1:] if letter not in _VOWELS)
    if kind < 0.5:
        return word[:place] + word[place + 1 :]
    if kind < 0.7 and place + 1 < len(word):
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind < 0.85:
        return word[: place + 1] + word[place:]
    return word[:place] + chr(ord("a") + int(random.integers(0, 26))) + word[place + 1 :]


def end_with_parent() -> None:
    """For a training process: end when the one that started it does, even if that was killed.

    A pool's processes hold both ends of its pipes, so none of them would ever see one close.
    """

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def train(texts: Sequence[str], targets: Mapping[str, Any], shape: Shape, seed: int) -> Encoder:
    """Fit one encoder.

    `targets` gives each task float32 (texts, classes); a row sums to 1, or to 0 where the
    text teaches nothing of that task. The same arguments give the same encoder on one
    machine, up to the order in which threads add floating-point numbers.
    """
    import tensorflow as tf  # noqa: PLC0415 - only training needs it, and it is slow to load

    words = Words.of(texts, shape.buckets, seed)
    rows = [np.asarray([words.number[word] for word in encoder.words_of(text)], np.int32) for text in texts]
    generator = tf.random.Generator.from_seed(seed)
    net = _Net(tf, generator, words, {task: rows_.shape[1] for task, rows_ in targets.items()}, shape)
    batches = -(-len(rows) // BATCH)
    rate = tf.keras.optimizers.schedules.CosineDecay(LEARNING_RATE, batches * shape.epochs)
    optimizer = tf.keras.optimizers.legacy.Adam(rate)
    tasks = sorted(targets)

    def step(ids: Any, *wanted: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = net(ids)
            loss = sum(_loss(tf, y, logits[task]) for task, y in zip(tasks, wanted, strict=True))
        variables = net.variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    signature = [tf.TensorSpec([None, None], tf.int32)]
    signature += [tf.TensorSpec([None, targets[task].shape[1]], tf.float32) for task in tasks]
    # Autograph would rewrite the plain Python loops, and knows no `zip(strict=…)`.
    compiled = tf.function(step, input_signature=signature, autograph=False)
    random = np.random.default_rng(seed)
    for _ in range(shape.epochs):
        for chosen in _batches(rows, random):
            ids = _padded([_with_slips(rows[place], words, random) for place in chosen])
            compiled(ids, *(targets[task][chosen] for task in tasks))
    return net.frozen(words, tasks)


def _loss(tf: Any, wanted: Any, logits: Any) -> Any:
    taught = tf.reduce_sum(wanted, axis=1)
    classes = tf.cast(tf.shape(wanted)[1], tf.float32)
    smooth = wanted * (1 - SMOOTHING) + SMOOTHING / classes
    losses = taught * tf.nn.softmax_cross_entropy_with_logits(smooth, logits)
    return tf.reduce_sum(losses) / tf.maximum(tf.reduce_sum(taught), 1.0)


def _batches(rows: Sequence[Any], random: Any) -> list[Any]:
    """Places of the texts of each batch; texts of like length together, which pads less."""
    order = random.permutation(len(rows))
    batches = []
    for start in range(0, len(order), BATCH * 20):
        chunk = sorted(order[start : start + BATCH * 20], key=lambda place: len(rows[place]))
        batches += [np.asarray(chunk[first : first + BATCH]) for first in range(0, len(chunk), BATCH)]
    random.shuffle(batches)
    return batches


def _with_slips(row: Any, words: Words, random: Any) -> Any:
    slips = random.random(len(row)) < MISSPELT
    return np.where(slips, words.misspelt[row, random.integers(0, MISSPELLINGS, len(row))], row)


def _padded(rows: Sequence[Any]) -> Any:
    ids = np.zeros((len(rows), max(len(row) for row in rows)), np.int32)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    return ids


class _Net:
    """The encoder's variables and its forward pass with dropout, in TensorFlow."""

    def __init__(self, tf: Any, generator: Any, words: Words, classes: Mapping[str, int], shape: Shape) -> None:
        self._tf, self._random = tf, generator
        self._own, self._pieces = tf.constant(words.own), tf.constant(words.pieces)

        def variable(*dimensions: int, scale: float) -> Any:
            return tf.Variable(generator.normal(dimensions, stddev=scale))

        self._word_vectors = variable(1 + len(words.known), shape.size, scale=0.1)
        self._piece_vectors = variable(shape.buckets, shape.size, scale=0.1)
        fan = [width * shape.size for width in WIDTHS]
        self._filters = [variable(n, shape.filters, scale=(2 / (n + shape.filters)) ** 0.5) for n in fan]
        self._bias = [tf.Variable(tf.zeros(shape.filters)) for _ in WIDTHS]
        encoded = len(WIDTHS) * shape.filters
        self._heads = {
            task: (variable(encoded, n, scale=(2 / (encoded + n)) ** 0.5), tf.Variable(tf.zeros(n)))
            for task, n in sorted(classes.items())
        }

    @property
    def variables(self) -> list[Any]:
        heads = [part for pair in self._heads.values() for part in pair]
        return [self._word_vectors, self._piece_vectors, *self._filters, *self._bias, *heads]

    def _kept(self, shape: Any, dropped: float) -> Any:
        return self._tf.cast(self._random.uniform(shape) >= dropped, self._tf.float32)

    def _vectors(self, ids: Any) -> Any:
        """Of each word of the batch once: its own vector and the mean of its pieces'."""
        tf = self._tf
        flat = tf.reshape(ids, [-1])
        unique, place = tf.unique(flat)
        own, pieces = tf.gather(self._own, unique), tf.gather(self._pieces, unique)
        pieces = pieces[:, : tf.reduce_max(tf.math.count_nonzero(pieces, axis=1, dtype=tf.int32))]
        known = tf.cast(own > 0, tf.float32) * self._kept(tf.shape(own), WORD_FORGOTTEN)
        present = tf.cast(pieces > 0, tf.float32)
        summed = tf.reduce_sum(tf.gather(self._piece_vectors, pieces) * present[:, :, None], axis=1)
        mean = PIECES_WEIGH * summed / tf.maximum(tf.reduce_sum(present, axis=1, keepdims=True), 1.0)
        vectors = tf.gather(self._word_vectors, own) * known[:, None] + mean
        return tf.reshape(tf.gather(vectors, place), [*tf.unstack(tf.shape(ids)), vectors.shape[1]])

    def __call__(self, ids: Any) -> dict[str, Any]:
        tf = self._tf
        is_word = tf.cast(ids > 0, tf.float32)
        kept = is_word * self._kept(tf.shape(ids), WORD_DROPPED)
        x = self._vectors(ids) * kept[:, :, None]
        x = x * self._kept(tf.shape(x), INPUT_DROPPED) / (1 - INPUT_DROPPED)
        length = tf.reduce_sum(tf.cast(ids > 0, tf.int32), axis=1)
        pooled = []
        for width, weights, bias in zip(WIDTHS, self._filters, self._bias, strict=True):
            padded = tf.pad(x, [[0, 0], [width - 1, width - 1], [0, 0]])
            kernel = tf.reshape(weights, [width, -1, weights.shape[1]])
            y = tf.nn.conv1d(padded, kernel, stride=1, padding="VALID")
            outside = tf.range(tf.shape(y)[1])[None, :] >= (length + width - 1)[:, None]
            y = y - tf.cast(outside, tf.float32)[:, :, None] * 1e9
            pooled.append(tf.nn.relu(tf.reduce_max(y, axis=1) + bias))
        encoded = tf.concat(pooled, axis=1)
        encoded = encoded * self._kept(tf.shape(encoded), ENCODED_DROPPED) / (1 - ENCODED_DROPPED)
        return {task: encoded @ weights + bias for task, (weights, bias) in self._heads.items()}

    def frozen(self, words: Words, tasks: Sequence[str]) -> Encoder:
        vectors = self._word_vectors.numpy()
        vectors[0] = 0.0
        return Encoder(
            {word: place for place, word in enumerate(words.known, start=1)},
            vectors,
            self._piece_vectors.numpy() * PIECES_WEIGH,
            tuple(_by_word(weights.numpy(), width) for weights, width in zip(self._filters, WIDTHS, strict=True)),
            tuple(bias.numpy() for bias in self._bias),
            {task: (self._heads[task][0].numpy(), self._heads[task][1].numpy()) for task in tasks},
        )


def _by_word(weights: Any, width: int) -> Any:
    """(width * size, filters) as (size, width * filters): one product gives a word's part in every place."""
    size = len(weights) // width
    return weights.reshape(width, size, -1).transpose(1, 0, 2).reshape(size, -1)
