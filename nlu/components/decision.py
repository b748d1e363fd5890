"""Answer, ask back or fall back: decided from the confidences, with thresholds in config.yml."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

SAFETY_ACTS = ("report_emergency", "report_crisis")
NEEDS_A_SERVICE = (
    "ask_overview", "ask_requirements", "ask_procedure", "ask_eligibility", "ask_fee", "ask_duration",
    "ask_hours", "ask_location", "ask_contact", "apply", "book_visit",
)  # fmt: skip


def decide(
    acts: list[dict[str, Any]],
    services: list[dict[str, Any]],
    opd: list[dict[str, Any]],
    thresholds: dict[str, Any],
    words: int,
) -> str:
    """`answer`, `clarify`, `fallback` or `safety`, from ranked acts, services and agencies of a message of `words`.

    A danger needs little certainty and need not be the likeliest reading: a needless 112 does
    less harm than a missed one, and who is in danger may ask a question first. An act
    about a service is right only where both are, so its certainty is their product; without
    a service it is a follow-up, which the conversation's context completes.
    """
    if not acts:
        return "fallback"
    if _is_danger(acts, thresholds, words):
        return "safety"
    act, certainty = acts[0]["name"], acts[0]["confidence"]
    subject = services or opd
    if act in NEEDS_A_SERVICE and subject:
        certainty *= subject[0]["confidence"]
    if certainty >= thresholds["answer"]:
        return "answer"
    return "clarify" if certainty >= thresholds["clarify"] else "fallback"


def _is_danger(acts: list[dict[str, Any]], thresholds: dict[str, Any], words: int) -> bool:
    """Whether the likeliest act is a danger, however doubtful, or another likely act is one.

    One or two words are often the beginning of a sentence ("saya", "tolong pak"), of which a
    model knows little, so they must be surer.
    """
    short = words < thresholds["safety_words"]
    for place, act in enumerate(acts):
        needed = thresholds["safety" if place == 0 else "safety_behind"]
        if act["name"] in SAFETY_ACTS and act["confidence"] >= (thresholds["safety_short"] if short else needed):
            return True
    return False


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class Decider(GraphComponent):
    """Sets `decision`; last in the pipeline."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._thresholds = config

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "answer": 0.84,
            "clarify": 0.15,
            "safety": 0.15,
            "safety_behind": 0.3,
            "safety_words": 3,
            "safety_short": 0.3,
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Decider:
        return cls(config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            decision = decide(
                message.get("acts") or [],
                message.get("services") or [],
                message.get("opd") or [],
                self._thresholds,
                # The normaliser makes words of signs and emoji too: “tolong!!” is one word.
                sum(word.isalpha() for word in (message.get(TEXT) or "").split()),
            )
            message.set("decision", decision, add_to_output=True)
        return messages
