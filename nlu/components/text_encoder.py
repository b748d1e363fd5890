"""The encoder as a Rasa graph component: it reads the words in order, for both classifiers after it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import encoder_training, labels, language, sources
from nlu.components.encoder import Encoder
from nlu.components.encoder_training import Shape

ENCODED = "encoded"
"""Message key: each task's log-probabilities, by class as `labels.classes_of` numbers them."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=True)
class TextEncoder(GraphComponent):
    """Sets `encoded`. Two encoders, each trained without one held-out part, are averaged.

    Two read better than one, and each has not seen its own held-out part: from what it makes
    of that the classifiers learn how far to trust the encoder (a little less than they could,
    since it is the two together that they will hear).
    """

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        encoders: tuple[Encoder, ...] = (),
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._encoders = encoders

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # `first`: of several acts, the share of the target that the one asked first gets.
        return {**asdict(Shape()), "first": 0.65}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        return sources.fingerprint()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TextEncoder:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        examples = labels.examples(training_data)
        lexicon = language.load_lexicon()
        lessons = _Lessons.of(examples, training_data.entity_synonyms, lexicon)
        texts, targets = lessons.texts, lessons.targets(float(self._config["first"]))
        part = np.concatenate([labels.parts(len(examples)), np.full(len(texts) - len(examples), -1)])
        shape = Shape(**{name: int(self._config[name]) for name in asdict(Shape())})

        kept = [np.flatnonzero(part != left_out) for left_out in range(labels.PARTS)]
        # Processes: TensorFlow's threads of one process take turns, and there are two cores.
        with ProcessPoolExecutor(labels.PARTS, get_context("spawn"), encoder_training.end_with_parent) as processes:
            self._encoders = tuple(
                processes.map(
                    encoder_training.train,
                    [[texts[place] for place in places] for places in kept],
                    [{task: rows[places] for task, rows in targets.items()} for places in kept],
                    [shape] * labels.PARTS,
                    range(labels.PARTS),
                )
            )
        with self._model_storage.write_to(self._resource) as folder:
            for number, encoder in enumerate(self._encoders):
                encoder.save(folder / f"encoder_{number}.npz")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TextEncoder:
        with model_storage.read_from(resource) as folder:
            encoders = tuple(Encoder.load(path) for path in sorted(folder.glob("encoder_*.npz")))
            return cls(config, model_storage, resource, encoders)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Only the held-out examples are read, each by the encoder that has not seen it."""
        examples = labels.examples(training_data)
        for message, part in zip(examples, labels.parts(len(examples)), strict=True):
            if part >= 0:
                scores = self._encoders[part].scores(message.get(TEXT))
                # As lists: Rasa fingerprints what a component hands on, and knows no arrays.
                message.set(ENCODED, {task: [round(float(x), 4) for x in row] for task, row in scores.items()})
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            read = [encoder.scores(message.get(TEXT) or "") for encoder in self._encoders]
            message.set(ENCODED, {task: _average([one[task] for one in read]) for task in read[0]})
        return messages


def _average(log_probabilities: list[Any]) -> Any:
    return np.log(np.mean(np.exp(log_probabilities), axis=0) + 1e-12)


@dataclass(frozen=True)
class _Lessons:
    """Normalised texts and what each teaches: first the examples, then words of no meaning, then synonyms."""

    texts: list[str]
    acts: list[list[str]]
    services: list[list[str]]
    """Of all texts but `acts`, which is of the examples alone."""
    of_no_meaning: int
    act_classes: tuple[str, ...]
    service_classes: tuple[str, ...]

    @classmethod
    def of(cls, examples: list[Message], synonyms: Mapping[str, str], lexicon: Mapping[str, str]) -> _Lessons:
        texts = [message.get(TEXT) for message in examples]
        acts = [labels.acts_of(message) for message in examples]
        services = [labels.services_of(message) for message in examples]
        bare = labels.words_of_no_meaning(texts, acts, services) * labels.WEIGHT_OF_NO_MEANING
        phrases = sorted(synonyms.items())
        return cls(
            [*texts, *bare, *(language.normalise(phrase, lexicon) for phrase, _ in phrases)],
            acts,
            [*services, *([labels.NONE] for _ in bare), *([service] for _, service in phrases)],
            len(bare),
            labels.act_classes(acts),
            labels.service_classes(services, synonyms),
        )

    def targets(self, first: float) -> Mapping[str, Any]:
        """Rows as `encoder_training.train` wants them; a task needs two classes.

        A word of no meaning may be any act, so all are as likely; a synonym teaches no act.

        Raises:
            ValueError: neither acts nor services are at least two.
        """
        no_act = np.zeros((len(self.texts) - len(self.acts), len(self.act_classes)), np.float32)
        no_act[: self.of_no_meaning] = 1 / len(self.act_classes)
        of_acts = np.concatenate([labels.shares(self.acts, self.act_classes, first), no_act])
        found = {labels.ACTS: of_acts, labels.SERVICES: labels.shares(self.services, self.service_classes, 0.5)}
        found = {task: rows for task, rows in found.items() if rows.shape[1] > 1}
        if not found:
            raise ValueError(f"at least two labels are needed to train a classifier, got {list(self.act_classes)}")
        return found


def held_out(examples: list[Message], task: str, places: Any) -> Any | None:
    """What the encoder made of the held-out examples, float (rows, classes); None without an encoder."""
    rows = [examples[place].get(ENCODED) for place in places]
    if not rows or rows[0] is None:
        return None
    return np.asarray([row[task] for row in rows])


def encoded(message: Message, task: str) -> Any | None:
    found = message.get(ENCODED)
    return None if found is None else found[task]
