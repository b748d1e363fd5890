"""`nirtatap rasa-project DIR`: a plain Rasa project that stock `rasa train` and `rasa run` can drive."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from actions.rasa_protocol import ACTION_NAMES, FALLBACK_ACTION, SLOT, action_name
from actions.vocabulary import ACTS
from bot.errors import NirtatapError
from bot.settings import load_settings
from nirtatap.wiring import ROOT, prepare
from nlu.trainer import examples
from nlu.trainer import train as training

STOCK_PIPELINE: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
    {"name": "EntitySynonymMapper"},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
"""What `rasa init` writes (Rasa 3.6) less the ResponseSelector, which has nothing to select here."""


class ProjectExists(NirtatapError):
    pass


def rasa_project(
    folder: Annotated[Path, typer.Argument(help="Folder baru untuk proyek Rasa.")],
    stock: Annotated[
        bool, typer.Option("--stock", help="Pakai pipeline bawaan Rasa (DIET) sebagai pembanding.")
    ] = False,
    action_endpoint: Annotated[
        str, typer.Option(help="Alamat server tindakan (pendengar internal bot).")
    ] = "http://127.0.0.1:8081/webhook",
) -> None:
    """Tulis proyek Rasa biasa: domain, rules, data, config, endpoints, dan komponen."""
    if folder.exists() and any(folder.iterdir()):
        raise ProjectExists(f"Folder {folder} sudah berisi; pilih folder baru.")
    training.write_catalogue_words(prepare(load_settings()), ROOT)
    export(folder, stock=stock, action_endpoint=action_endpoint)
    print(f"Proyek Rasa ada di {folder}. Latih dengan `rasa train`, jalankan dengan `rasa run`.")


def export(folder: Path, *, stock: bool, action_endpoint: str) -> None:
    """Write the project into `folder`; nothing in it refers back to ours."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "nlu" / "data", folder / "data" / "nlu", dirs_exist_ok=True)
    intents = _intents(ROOT)
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    if stock:
        config["pipeline"] = STOCK_PIPELINE
    else:
        # Our components travel along, so that stock Rasa finds them beside its config.
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / "nlu" / "components", folder / "nlu" / "components", dirs_exist_ok=True, ignore=ignore)
        (folder / "nlu" / "__init__.py").write_text("", encoding="utf-8")
    config["policies"] = [{"name": "RulePolicy"}]
    _write(folder / "config.yml", config)
    _write(folder / "domain.yml", _domain(intents))
    _write(folder / "data" / "rules.yml", _rules(intents))
    _write(folder / "endpoints.yml", {"action_endpoint": {"url": action_endpoint}})
    _write(folder / "credentials.yml", {"rest": None})


def _intents(root: Path) -> list[str]:
    """Every act, and every combination of acts that the training data shows (Rasa's multi-intents)."""
    combined = {"+".join(example.acts) for example in examples.read(root)}
    return sorted(ACTS | combined)


def _domain(intents: list[str]) -> dict[str, Any]:
    return {
        "version": "3.1",
        "intents": [{intent: {"use_entities": False}} for intent in (*intents, "nlu_fallback")],
        "slots": {
            SLOT: {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]},
        },
        "actions": sorted(ACTION_NAMES),
        "session_config": {"session_expiration_time": 30, "carry_over_slots_to_new_session": False},
    }


def _rules(intents: list[str]) -> dict[str, Any]:
    """One rule an intent: its first act's custom action answers, for all acts in the message."""
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": action_name(intent.split("+")[0])}]}
        for intent in intents
    ]
    fallback = {"rule": "nlu_fallback", "steps": [{"intent": "nlu_fallback"}, {"action": FALLBACK_ACTION}]}
    return {"version": "3.1", "rules": [*rules, fallback]}


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
