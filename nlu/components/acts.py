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

from nlu.components import labels, linear, sources
from nlu.components.confidence import Confidence, evidence
from nlu.components.labels import ACTS
from nlu.components.linear import LinearModel
from nlu.components.ngrams import NgramSettings
from nlu.components.text_encoder import encoded, held_out

INTENT_RANKING = "intent_ranking"
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
        model: LinearModel | None = None,
        confidence: Confidence | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._confidence = confidence

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
        examples = labels.examples(training_data)
        acts = [labels.acts_of(message) for message in examples]
        texts = [message.get(TEXT) for message in examples]
        services = [labels.services_of(message) for message in examples]
        trained = linear.train(
            texts,
            acts,
            labels.act_classes(acts),
            labels.parts(len(examples)),
            settings=settings_of(self._config),
            c=float(self._config["c"]),
            balance=float(self._config["balance"]),
            extra=[(word, None) for word in labels.words_of_no_meaning(texts, acts, services)]
            * labels.WEIGHT_OF_NO_MEANING,
        )
        self._model = trained.model
        self._confidence = Confidence.fit(
            evidence(trained.margins, held_out(examples, ACTS, trained.held_out)), trained.targets
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
            self._confidence.save(folder)
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
            return cls(config, model_storage, resource, LinearModel.load(folder), Confidence.load(folder))

    def process(self, messages: list[Message]) -> list[Message]:
        model, confidence = self._model, self._confidence
        assert model is not None and confidence is not None, "the component was neither trained nor loaded"
        for message in messages:
            text = message.get(TEXT) or ""
            logits = confidence.logits(evidence(model.margins(text), encoded(message, ACTS)))
            order = [int(position) for position in np.argsort(-logits)[:MOST]]
            sure = [round(float(value), 4) for value in confidence.probability(logits[order])]
            # Both are asked: residents expect the answers in their own order. The confidences
            # stay in place, so that the list remains sorted.
            if sure[1] >= self._config["also_asked"] and asked_first(model, text, *order[:2]) != order[0]:
                order[:2] = order[1], order[0]
            ranking = [
                {INTENT_NAME_KEY: model.classes[position], PREDICTED_CONFIDENCE_KEY: value}
                for position, value in zip(order, sure, strict=True)
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING, ranking, add_to_output=True)
            message.set(ACTS, ranking, add_to_output=True)
        return messages


def settings_of(config: dict[str, Any]) -> NgramSettings:
    """The n-gram settings named in config.yml."""
    return NgramSettings(**{field.name: config[field.name] for field in fields(NgramSettings)})


def asked_first(model: LinearModel, text: str, likeliest: int, next_likely: int) -> int:
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
