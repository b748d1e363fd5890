"""The service resolver: which service or agency a message is about, or none.

It learns from three places: the `services` and `opd` that training data name in an
intent's metadata, messages without either (they are about no service), and the
catalogue's own names and synonyms, which arrive as Rasa synonyms
(`nlu/data/generated/catalogue.yml`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import labels, language, linear, sources
from nlu.components.acts import settings_of
from nlu.components.confidence import Confidence, evidence
from nlu.components.labels import AGENCY, NONE, OPD, SERVICES
from nlu.components.linear import LinearModel
from nlu.components.ngrams import NgramSettings
from nlu.components.text_encoder import encoded, held_out

MOST = 5


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class ServiceResolver(GraphComponent):
    """Sets `services` and `opd`: ranked, at most five, empty where none is meant."""

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
        return {**asdict(NgramSettings()), "c": 0.5, "balance": 0.33}

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
    ) -> ServiceResolver:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        examples = labels.examples(training_data)
        services = [labels.services_of(message) for message in examples]
        texts = [message.get(TEXT) for message in examples]
        acts = [labels.acts_of(message) for message in examples]
        extra = [
            (word, NONE) for word in labels.words_of_no_meaning(texts, acts, services)
        ] * labels.WEIGHT_OF_NO_MEANING
        lexicon = language.load_lexicon()
        synonyms = sorted(training_data.entity_synonyms.items())
        trained = linear.train(
            texts,
            services,
            labels.service_classes(services, training_data.entity_synonyms),
            labels.parts(len(examples)),
            settings=settings_of(self._config),
            c=float(self._config["c"]),
            balance=float(self._config["balance"]),
            extra=[*extra, *((language.normalise(phrase, lexicon), service) for phrase, service in synonyms)],
        )
        self._model = trained.model
        self._confidence = Confidence.fit(
            evidence(trained.margins, held_out(examples, SERVICES, trained.held_out)), trained.targets
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
    ) -> ServiceResolver:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearModel.load(folder), Confidence.load(folder))

    def process(self, messages: list[Message]) -> list[Message]:
        model, confidence = self._model, self._confidence
        assert model is not None and confidence is not None, "the component was neither trained nor loaded"
        for message in messages:
            margins = model.margins(message.get(TEXT) or "")
            logits = confidence.logits(evidence(margins, encoded(message, SERVICES)))
            services, opd = _ranked(model.classes, logits, confidence.probability(logits))
            message.set(SERVICES, services, add_to_output=True)
            message.set(OPD, opd, add_to_output=True)
        return messages


def _ranked(classes: Sequence[str], logits: Any, probability: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The list that the best class belongs to; the other stays empty, as do both for no service."""
    order = np.argsort(-logits)
    best = classes[int(order[0])]
    if best == NONE:
        return [], []
    agencies = best.startswith(AGENCY)
    ranking: list[dict[str, Any]] = []
    for position in order:
        name = classes[int(position)]
        if name != NONE and name.startswith(AGENCY) == agencies:
            ranking.append({"id": name.removeprefix(AGENCY), "confidence": round(float(probability[position]), 4)})
        if len(ranking) == MOST:
            break
    return ([], ranking) if agencies else (ranking, [])
