"""What the publishing tests share: settings for a models folder, and files that pass for models."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from bot.settings import Settings, load_settings
from nlu.trainer import registry


def settings_for(models: Path, *urls: str, token: str | None = None) -> Settings:
    return load_settings(rasa_url=",".join(urls), rasa_token=token, model_path=models / "live.tar.gz")


def fake(folder: Path, name: str) -> Path:
    """A file that is a model as far as publishing without servers looks."""
    path, metadata = folder / f"{name}.tar.gz", folder / "metadata.json"
    metadata.write_text(json.dumps({"model_id": name}))
    with tarfile.open(path, "w:gz") as archive:
        archive.add(metadata, "metadata.json")
    metadata.unlink()
    manifest = registry.Manifest(path.name, "bandung", "2026-01-01", 1.0, 1, "d", "c", "k", f"inputs-{name}", "w")
    manifest.write(registry.manifest_path(path))
    return path
