"""The service resolver: which service or agency a message is about, or none.

It learns from three places: the `services` and `opd` that training data name in an
intent's metadata, messages without either (they are about no service), and the
catalogue's own names and synonyms, which arrive as Rasa synonyms
(`nlu/data/generated/catalogue.yml`).
"""

from __future__ import annotations

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

from nlu.components import language, linear, sources
from nlu.components.acts import settings_of
from nlu.components.ngrams import NgramSettings

SERVICES = "services"
OPD = "opd"
MOST = 5
NONE = "-"
AGENCY = "@"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class ServiceResolver(GraphComponent):
    """Sets `services` and `opd`: ranked, at most five, empty where none is meant."""

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
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        lexicon = language.load_lexicon()
        self._model = linear.train(
            [message.get(TEXT) for message in examples],
            [labels_of(message) for message in examples],
            settings=settings_of(self._config),
            c=float(self._config["c"]),
            balance=float(self._config["balance"]),
            extra=[
                (language.normalise(phrase, lexicon), value)
                for phrase, value in sorted(training_data.entity_synonyms.items())
            ],
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
    ) -> ServiceResolver:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, linear.LinearModel.load(folder))

    def process(self, messages: list[Message]) -> list[Message]:
        model = self._model
        assert model is not None, "the component was neither trained nor loaded"
        for message in messages:
            margins = model.margins(message.get(TEXT) or "")
            services, opd = self._ranked(model, margins)
            message.set(SERVICES, services, add_to_output=True)
            message.set(OPD, opd, add_to_output=True)
        return messages

    @staticmethod
    def _ranked(model: linear.LinearModel, margins: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The list that the best class belongs to; the other stays empty, as do both for no service."""
        order = np.argsort(-margins)
        best = model.classes[int(order[0])]
        if best == NONE:
            return [], []
        agencies = best.startswith(AGENCY)
        confidence = model.confidence(margins)
        ranking: list[dict[str, Any]] = []
        for position in order:
            name = model.classes[int(position)]
            if name != NONE and name.startswith(AGENCY) == agencies:
                ranking.append({"id": name.removeprefix(AGENCY), "confidence": round(float(confidence[position]), 4)})
            if len(ranking) == MOST:
                break
        return ([], ranking) if agencies else (ranking, [])


def labels_of(message: Message) -> list[str]:
    """The services of an example, else its agencies (marked `@`), else none (`-`).

    They stand in the metadata of the intent block (or of the single example) it came from.
    """
    metadata = message.get("metadata") or {}
    named = {**(metadata.get("intent") or {}), **(metadata.get("example") or {})}
    services = [str(name) for name in named.get(SERVICES) or ()]
    return services or [f"{AGENCY}{name}" for name in named.get(OPD) or ()] or [NONE]
