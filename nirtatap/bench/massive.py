"""`nirtatap bench massive`: the intent part of our pipeline on Amazon MASSIVE, a public benchmark.

The configuration is `config.yml` less what knows about services; only the data differ. The
model is trained on the official training split and asked the official test split, which is
looked at for nothing else; choices are made on the development split.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from nirtatap.bench import machine
from nirtatap.bench.processes import BenchError
from nlu.trainer import bootstrap, registry, train
from nlu.trainer.bootstrap import Counts, Interval
from nlu.trainer.reader import ModelUnusable, Reader

TRAIN, DEV, TEST = "train", "dev", "test"
INTENT_PART = ("IndonesianNormalizer", "TextEncoder", "ActClassifier")
COMPARED = (
    ("XLM-R base, 270 million parameters, trained on all 51 languages (FitzGerald et al. 2022)", 0.871),
    ("XLM-R base, zero-shot from English (FitzGerald et al. 2022)", 0.831),
    ("linear SVM on TF-IDF of words and characters (unpublished, measured on this split)", 0.848),
)
"""Accuracies on the same test split, to stand beside ours."""

Row = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    accuracy: dict[str, Interval]
    """Of `dev` and `test`, with 95 % bootstrap intervals."""
    rows: dict[str, int]
    intents: int
    training_seconds: float | None
    """None where the model was there already."""
    model_megabytes: float


def read(folder: Path) -> dict[str, list[Row]]:
    """The three splits, `text<TAB>intent` a line.

    Raises:
        BenchError: a file is missing, empty or not of that shape; file and line are named.
    """
    return {split: _read_split(folder / f"{split}.tsv") for split in (TRAIN, DEV, TEST)}


def _read_split(path: Path) -> list[Row]:
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(
            f"{path} tidak dapat dibaca ({error.__class__.__name__}); --data menunjuk folder train/dev/test.tsv"
        ) from error
    if lines == [""]:
        raise BenchError(f"{path} kosong")
    rows: list[Row] = []
    for number, line in enumerate(lines, start=1):
        text, tab, intent = line.partition("\t")
        if not (tab and text.strip() and intent.strip()) or "\t" in intent or "+" in intent:
            raise BenchError(f"{path}:{number}: harus `teks<TAB>intent`, terbaca {line[:60]!r}")
        rows.append((text.strip(), intent.strip()))
    return rows


def config(full: dict[str, Any]) -> dict[str, Any]:
    """`config.yml` with the components that understand intents, everything else as it stands."""
    pipeline = [step for step in full["pipeline"] if step["name"].rsplit(".", 1)[-1] in INTENT_PART]
    if len(pipeline) != len(INTENT_PART):
        raise BenchError(f"config.yml tidak memuat {', '.join(INTENT_PART)}")
    return {**full, "pipeline": pipeline, "assistant_id": "massive"}


def write(folder: Path, rows: Sequence[Row], settings: dict[str, Any]) -> None:
    """A Rasa configuration and its training data, `folder`/config.yml and `folder`/data/nlu.yml."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for text, intent in rows:
        texts[intent].append(text)
    nlu = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in of_intent)}
        for intent, of_intent in sorted(texts.items())
    ]
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for path, content in (
        (folder / "data" / "nlu.yml", {"version": "3.1", "nlu": nlu}),
        (folder / "config.yml", settings),
    ):
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")


def run(root: Path, data: Path, cache: Path, progress: train.Progress) -> Outcome:
    """Train, unless the cache has the model of the same data, configuration and components; then ask.

    Raises:
        BenchError: the data cannot be read, or Rasa does not train or load the model.
    """
    splits = read(data)
    settings = config(yaml.safe_load((root / "config.yml").read_text(encoding="utf-8")))
    made_of = [splits[TRAIN], settings, registry.hash_of(root, ["nlu/components", "requirements/rasa.txt"])]
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
    folder = cache / f"massive-{digest[:12]}"
    model, seconds = folder / "massive.tar.gz", None
    try:
        if not model.is_file():
            write(folder, splits[TRAIN], settings)
            started = time.monotonic()
            made = train.run(root, folder / "config.yml", folder / "data", folder / "made", "massive", progress)
            seconds = time.monotonic() - started
            # Moved only when whole, so that an interrupted training is not taken for a model.
            made.replace(model)
        progress(1.0, "selesai")
        with Reader(model, root) as reader:
            accuracy = {split: _accuracy(reader, splits[split]) for split in (DEV, TEST)}
    except (train.TrainingFailed, ModelUnusable) as error:
        raise BenchError(f"MASSIVE tidak dapat diukur. Kata Rasa:\n{error}") from error
    return Outcome(
        accuracy,
        {split: len(rows) for split, rows in splits.items()},
        len({intent for _, intent in splits[TRAIN]}),
        seconds,
        model.stat().st_size / 1e6,
    )


def _accuracy(reader: Reader, rows: Sequence[Row]) -> Interval:
    counted = []
    for (_, intent), result in zip(rows, reader.parse_all(text for text, _ in rows), strict=True):
        counted.append(Counts({"intent/": 1, "intent+": int(result["intent"]["name"] == intent)}))
    return bootstrap.intervals([counted], {"intent": bootstrap.ratio("intent")})["intent"]


def show(outcome: Outcome, console: Console) -> None:
    table = Table("pesan", "ketepatan intent", "selang 95%", "dari", title="MASSIVE 1.0, id-ID")
    for split in (DEV, TEST):
        found = outcome.accuracy[split]
        assert found.value is not None and found.low is not None and found.high is not None
        interval = f"{found.low:.1%} sampai {found.high:.1%}"
        table.add_row(split, f"{found.value:.2%}", interval, str(outcome.rows[split]))
    console.print(table)
    for name, accuracy in COMPARED:
        console.print(f"pembanding, test: {accuracy:.1%}  {name}", highlight=False)


def save(outcome: Outcome, path: Path) -> None:
    content = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": asdict(machine.look()),
        "accuracy": {split: interval.as_json() for split, interval in outcome.accuracy.items()},
        "rows": outcome.rows,
        "intents": outcome.intents,
        "training_seconds": outcome.training_seconds,
        "model_megabytes": round(outcome.model_megabytes, 1),
        "compared_test_accuracy": dict(COMPARED),
    }
    registry.write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
