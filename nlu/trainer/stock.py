"""Stock Rasa beside ours: DIET trained on the same examples, read in the same run.

Stock Rasa has intents and no services, so two models are trained: one on the acts as they are
(`ask_fee+ask_duration` stays one intent, as Rasa's multi-intents have it) and one with the
service of each example as its intent, given the catalogue's names too, as ours is. Both read
every message; together they give what our pipeline gives.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from nlu.trainer import examples, train
from nlu.trainer.examples import Example
from nlu.trainer.reader import Reader

ACTS, SERVICES = "acts", "services"
NO_SERVICE = "tanpa_layanan"
AGENCY = "opd-"
NOT_UNDERSTOOD = 0.3
"""Below this Rasa's own FallbackClassifier, at its default, says that it has not understood."""

_LEFT_OUT = {"FallbackClassifier", "EntitySynonymMapper"}
"""There are no entities, and fallback would hide which intent was read: the threshold is applied here."""


def pipeline(stock: Iterable[Mapping[str, Any]], epochs: int) -> list[dict[str, Any]]:
    steps = [dict(step) for step in stock if step["name"] not in _LEFT_OUT]
    for step in steps:
        if "epochs" in step:
            step["epochs"] = epochs
    return steps


def write(
    folder: Path, rows: Sequence[Example], words: Mapping[str, Sequence[str]], steps: list[dict[str, Any]]
) -> None:
    """Config and data of both models; `words` are the catalogue's phrases for each service."""
    acts: defaultdict[str, list[str]] = defaultdict(list)
    services: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        acts["+".join(row.acts)].append(row.text)
        services[_intent(row)].append(row.text)
    for service, phrases in words.items():
        services[service].extend(phrases)
    for kind, intents in ((ACTS, acts), (SERVICES, services)):
        nlu = [
            {"intent": intent, "examples": "".join(f"- {' '.join(text.split())}\n" for text in texts)}
            for intent, texts in sorted(intents.items())
        ]
        _dump(folder / kind / "nlu.yml", {"version": "3.1", "nlu": nlu})
    config = {"recipe": "default.v1", "language": "id", "assistant_id": "stock", "pipeline": steps, "policies": []}
    _dump(folder / "config.yml", config)


def _intent(row: Example) -> str:
    if row.services:
        return row.services[0]
    return f"{AGENCY}{row.opd[0]}" if row.opd else NO_SERVICE


def _dump(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")


def prepare(root: Path, cache: Path, stock: Iterable[Mapping[str, Any]], epochs: int) -> Path:
    """The folder for these examples, words, pipeline and epochs; the same give the same folder."""
    rows = examples.read(root)
    generated = yaml.safe_load((root / train.GENERATED).read_text(encoding="utf-8"))
    words = {block["synonym"]: [line[2:] for line in block["examples"].splitlines()] for block in generated["nlu"]}
    steps = pipeline(stock, epochs)
    content = json.dumps([[(row.text, row.acts, row.services, row.opd) for row in rows], words, steps])
    folder = cache / f"stock-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        draft = folder.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        write(draft, rows, words, steps)
        draft.rename(folder)
    return folder


def train_missing(root: Path, folder: Path, progress: Callable[[str], train.Progress]) -> dict[str, Path]:
    """Both models, trained where the cache has none.

    Raises:
        TrainingFailed: Rasa's last lines say why.
    """
    models = {}
    for kind in (ACTS, SERVICES):
        models[kind] = folder / f"{kind}.tar.gz"
        if not models[kind].is_file():
            made = train.run(
                root, folder / "config.yml", folder / kind, folder / "made", kind, progress(f"Rasa bawaan, {kind}")
            )
            # Moved only when whole, so that an interrupted training is not taken for a model.
            made.replace(models[kind])
    return models


def read(root: Path, models: Mapping[str, Path], texts: Sequence[str]) -> list[dict[str, Any]]:
    """What both models make of each text, in the shape of `nirtatap parse`."""
    parsed = {}
    for kind in (ACTS, SERVICES):
        with Reader(models[kind], root) as reader:
            parsed[kind] = list(reader.parse_all(texts))
    return [result(a, s) for a, s in zip(parsed[ACTS], parsed[SERVICES], strict=True)]


def result(acts: Mapping[str, Any], services: Mapping[str, Any]) -> dict[str, Any]:
    """One reading from the parse results of the two models."""
    intent = acts["intent"]
    names = [name for name in str(intent["name"] or "").split("+") if name]
    confidence = float(intent["confidence"])
    ranking = services["intent_ranking"]
    best = str(ranking[0]["name"]) if ranking else NO_SERVICE
    agencies = best.startswith(AGENCY)
    ranked = [
        {"id": one["name"].removeprefix(AGENCY), "confidence": float(one["confidence"])}
        for one in ranking
        if best != NO_SERVICE and one["name"] != NO_SERVICE and one["name"].startswith(AGENCY) == agencies
    ][:5]
    return {
        "acts": [{"name": name, "confidence": confidence if n == 0 else 1.0} for n, name in enumerate(names)],
        "services": [] if agencies else ranked,
        "opd": ranked if agencies else [],
        "decision": "fallback"
        if confidence < NOT_UNDERSTOOD
        else "safety"
        if set(names) & {"report_emergency", "report_crisis"}
        else "answer",
    }
