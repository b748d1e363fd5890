"""The act classifier: which of the product's acts a message performs, several at once.

Training data uses Rasa's multi-intent notation, `ask_fee+ask_requirements`, for a message
that asks two things; the classifier learns the acts apart and so also finds combinations
that no example shows.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import linear, sources
from nlu.components.ngrams import NgramSettings

INTENT_RANKING = "intent_ranking"
ACTS = "acts"
MOST = 5
WINDOW = 3
"""Words read at once when the order of two asks is looked for."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class ActClassifier(GraphComponent):
    """Sets `acts` (ranked, at most five), and Rasa's own `intent` and `intent_ranking`."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: linear.LinearModel | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**asdict(NgramSettings(question=0.5, stem=0.5)), "c": 0.5, "balance": 0.33, "also_asked": 0.5}

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
    ) -> ActClassifier:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        self._model = linear.train(
            [message.get(TEXT) for message in examples],
            [message.get(INTENT).split("+") for message in examples],
            settings=settings_of(self._config),
            c=float(self._config["c"]),
            balance=float(self._config["balance"]),
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ActClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, linear.LinearModel.load(folder))

    def process(self, messages: list[Message]) -> list[Message]:
        model = self._model
        assert model is not None, "the component was neither trained nor loaded"
        for message in messages:
            text = message.get(TEXT) or ""
            margins = model.margins(text)
            order = [int(position) for position in np.argsort(-margins)[:MOST]]
            confidence = [round(float(value), 4) for value in model.confidence(margins[order])]
            # Both are asked: residents expect the answers in their own order. The confidences
            # stay in place, so that the list remains sorted.
            if confidence[1] >= self._config["also_asked"] and asked_first(model, text, *order[:2]) != order[0]:
                order[:2] = order[1], order[0]
            ranking = [
                {INTENT_NAME_KEY: model.classes[position], PREDICTED_CONFIDENCE_KEY: value}
                for position, value in zip(order, confidence, strict=True)
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING, ranking, add_to_output=True)
            message.set(ACTS, ranking, add_to_output=True)
        return messages


def settings_of(config: dict[str, Any]) -> NgramSettings:
    """The n-gram settings named in config.yml."""
    return NgramSettings(**{field.name: config[field.name] for field in fields(NgramSettings)})


def asked_first(model: linear.LinearModel, text: str, likeliest: int, next_likely: int) -> int:
    """Of two acts that a message both performs, the one whose evidence stands first in it.

    `likeliest` and `next_likely` number classes. The message is read through a window of a
    few words: where the window speaks most for one act against the other, that act is asked.
    """
    words = text.split()
    lead = []
    for start in range(max(len(words) - WINDOW, 0) + 1):
        margins = model.margins(" ".join(words[start : start + WINDOW]))
        lead.append(float(margins[likeliest] - margins[next_likely]))
    return next_likely if np.argmin(lead) < np.argmax(lead) else likeliest
