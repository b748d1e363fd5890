"""Models and what they were made from: hashes decide whether training is needed, never times."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import tarfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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
    catalogue_hash: str = ""
    """Of the catalogue's words in nlu/data/generated; manifests of older models lack it."""

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


def metadata(model: Path) -> dict[str, Any]:
    """What Rasa wrote into a model about itself, its `model_id` among it; {} where it is no model."""
    try:
        with tarfile.open(model, "r:gz") as archive:
            for member in archive:
                if Path(member.name).name == "metadata.json":
                    handle = archive.extractfile(member)
                    content = json.load(handle) if handle is not None else None
                    return content if isinstance(content, dict) else {}
    except (OSError, EOFError, tarfile.TarError, ValueError):
        pass
    return {}


def file_hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def keep(live: Path, models: Path) -> Path | None:
    """The live model's own file in `models`, copied there where it is missing; None where nothing is live.

    What was live must be there for a rollback, whoever put it there.
    """
    if not live.is_file():
        return None
    manifest = Manifest.read(manifest_path(live))
    name = manifest.model if manifest else f"live-{file_hash(live)[:8]}.tar.gz"
    own = models / name
    if own.is_file() and file_hash(own) != file_hash(live):
        # A file of that name that is another model must not come back in its place.
        own = models / f"live-{file_hash(live)[:8]}.tar.gz"
    if not own.is_file():
        write_atomically(own, live.read_bytes())
        if manifest_path(live).is_file():
            write_atomically(manifest_path(own), manifest_path(live).read_bytes())
    return own


def stamp() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
