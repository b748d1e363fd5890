"""The Indonesian normaliser as a Rasa graph component: first in the pipeline.

It replaces the text that later components (and a stock featuriser) see, and keeps what
the resident wrote under `text_raw`.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import language, sources

TEXT_RAW = "text_raw"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER], is_trainable=False)
class IndonesianNormalizer(GraphComponent):
    """Lower case, numbers masked, slang and abbreviations written out."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._lexicon = language.load_lexicon()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

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
    ) -> IndonesianNormalizer:
        return cls(config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if text is None or message.get(TEXT_RAW) is not None:
                continue
            message.set(TEXT_RAW, text)
            message.set(TEXT, language.normalise(text, self._lexicon))
        return messages
