"""Models and what they were made from: hashes decide whether training is needed, never times."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

INPUTS = ("config.yml", "nlu/data", "nlu/components", "requirements/rasa.txt")
"""What a model depends on, from the project's folder; the catalogue's words are in nlu/data/generated."""


@dataclass(frozen=True)
class Manifest:
    """What a model file was made from; stands beside it as `.json`."""

    model: str
    city: str
    trained_at: str
    seconds: float
    examples: int
    data_hash: str
    config_hash: str
    components_hash: str
    inputs_hash: str

    def write(self, path: Path) -> None:
        write_atomically(path, json.dumps(asdict(self), indent=2, ensure_ascii=False).encode() + b"\n")

    @classmethod
    def read(cls, path: Path) -> Manifest | None:
        """The manifest, or None where there is none that we understand."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def hash_of(root: Path, names: Iterable[str]) -> str:
    """One SHA-256 over the names and contents of files and folders (compiled files left out)."""
    digest = hashlib.sha256()
    for name in names:
        start = root / name
        files = [start] if start.is_file() else sorted(p for p in start.rglob("*") if p.is_file())
        for path in files:
            if path.suffix == ".pyc":
                continue
            digest.update(str(path.relative_to(root)).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def manifest_path(model: Path) -> Path:
    return model.with_name(model.name.removesuffix(".tar.gz") + ".json")


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that a reader sees the old one or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def make_live(model: Path, live: Path) -> None:
    """Let `live` be this model; the manifest goes with it."""
    write_atomically(live, model.read_bytes())
    write_atomically(manifest_path(live), manifest_path(model).read_bytes())


def stamp() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
