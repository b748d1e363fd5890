"""Which model went live when, by whom and why: models/promotions.jsonl, and the waiting candidate.

The ledger is a stack: `promote` and `train` put a model on it, `rollback` takes one off.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from nlu.trainer import registry

LEDGER = "promotions.jsonl"
CANDIDATE = "candidate.json"


@dataclass(frozen=True)
class Entry:
    kind: Literal["found", "train", "promote", "rollback"]
    """`found`: was live before the ledger began; `train`: went live without the gate (first model, `serve`)."""
    model: str
    model_id: str
    by: str
    reason: str
    at: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))
    sha256: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, float | None] = field(default_factory=dict)
    replaced: str | None = None
    rejected_inputs: str | None = None
    """On a rollback: what the model that was taken away was made from."""


def read(models: Path) -> list[Entry]:
    """All entries, oldest first.

    Raises:
        ValueError: names the line that is no entry; nothing is guessed about what was live.
    """
    path = models / LEDGER
    if not path.is_file():
        return []
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entries.append(Entry(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}:{number}: baris rusak: {error}") from error
    return entries


def append(models: Path, entry: Entry) -> None:
    models.mkdir(parents=True, exist_ok=True)
    with (models / LEDGER).open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def stack(entries: list[Entry]) -> list[Entry]:
    """The models that a rollback would bring back, the live one last."""
    found: list[Entry] = []
    for entry in entries:
        if entry.kind == "rollback":
            found = found[:-1]
        elif not found or found[-1].model != entry.model:
            found.append(entry)
    return found


def begin(models: Path, live: Path) -> None:
    """Know the live model before it is replaced: its file kept, and itself on the stack."""
    own = registry.keep(live, models)
    known = stack(read(models))
    if own is not None and (not known or known[-1].model != own.name):
        append(models, entry_of(own, "found", name=own.name, by="-", reason="sudah terpasang"))


def rolled_back_from(models: Path, inputs_hash: str) -> bool:
    """Whether the last change was a rollback of a model made from exactly these inputs.

    Then training from them again at the next start would undo what somebody decided.
    """
    entries = read(models)
    return bool(entries) and entries[-1].kind == "rollback" and entries[-1].rejected_inputs == inputs_hash


def entry_of(model: Path, kind: Literal["found", "train", "promote", "rollback"], **more: Any) -> Entry:
    """An entry with the hashes of this model file and its manifest."""
    manifest = registry.Manifest.read(registry.manifest_path(model))
    hashes = (
        {name: getattr(manifest, f"{name}_hash") for name in ("data", "config", "components", "catalogue", "inputs")}
        if manifest
        else {}
    )
    return Entry(
        kind,
        more.pop("name", None) or (manifest.model if manifest else model.name),
        str(registry.metadata(model).get("model_id", "")),
        sha256=registry.file_hash(model),
        hashes=hashes,
        **more,
    )


def set_candidate(models: Path, model: Path) -> None:
    registry.write_atomically(models / CANDIDATE, json.dumps({"model": model.name}).encode() + b"\n")


def clear_candidate(models: Path) -> None:
    (models / CANDIDATE).unlink(missing_ok=True)


def candidate(models: Path) -> Path | None:
    """The model that waits for promotion, None where none does."""
    try:
        name = json.loads((models / CANDIDATE).read_text(encoding="utf-8"))["model"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    path = models / Path(str(name)).name
    return path if path.is_file() else None
