"""Stock Rasa as the baseline: the exported project, trained and served by Rasa's own commands."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from nirtatap.bench.processes import BenchError, Processes
from nirtatap.project import export
from nirtatap.wiring import ROOT
from nlu.trainer import registry
from nlu.trainer.train import RASA_PYTHON

MODEL = "stock.tar.gz"

_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
}
"""Only what keeps it silent: threads and everything else are as Rasa ships them."""


def environment() -> dict[str, str]:
    # Nothing of ours is importable in stock Rasa.
    return {**{key: value for key, value in os.environ.items() if key != "PYTHONPATH"}, **_QUIET}


def rasa(*arguments: str) -> list[str]:
    return [str(ROOT / RASA_PYTHON), "-m", "rasa", *arguments]


def prepare(cache: Path, epochs: int, action_endpoint: str) -> Path:
    """Export the project with that many epochs; the same data and config give the same folder."""
    draft = cache / "stock-draft"
    shutil.rmtree(draft, ignore_errors=True)
    export(draft, stock=True, action_endpoint=action_endpoint)
    config_path = draft / "config.yml"
    config = yaml.safe_load(config_path.read_text(encoding="utf-8"))
    for component in config["pipeline"]:
        if "epochs" in component:
            component["epochs"] = epochs
    config_path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    # Not endpoints.yml: the port differs in every run, and the model does not know it.
    digest = registry.hash_of(draft, ["config.yml", "domain.yml", "data"])
    project = cache / f"stock-{digest[:12]}"
    if project.is_dir():
        shutil.rmtree(draft)
    else:
        draft.rename(project)
    return project


def train(project: Path, processes: Processes, *, again: bool, say: Callable[[str], None]) -> float | None:
    """Train where there is no model yet (or `again`); returns the seconds, None where it was cached.

    Raises:
        BenchError: with the end of what Rasa said.
    """
    model, note = project / MODEL, project / "trained_in.txt"
    if model.is_file() and not again:
        say(f"Model pembanding dari simpanan: {project}")
        return None
    log = processes.log("stock-train")
    say(f"Melatih Rasa bawaan (DIET): perlu BANYAK MENIT, sekali saja per data latih. Ikuti: tail -f {log}")
    started = time.monotonic()
    command = rasa("train", "--config", "config.yml", "--domain", "domain.yml", "--data", "data")
    command += ["--out", "models", "--fixed-model-name", "stock"]
    process = processes.start("stock-train", command, environment(), project)
    code = process.wait()
    seconds = time.monotonic() - started
    said = processes.tail("stock-train")
    processes.stop("stock-train")
    trained = project / "models" / MODEL
    if code != 0 or not trained.is_file():
        raise BenchError(f"`rasa train` gagal (kode {code}). Kata Rasa:\n{said}")
    # Moved only when whole, so that an interrupted training is not taken for a model.
    trained.replace(model)
    note.write_text(f"{seconds:.1f}\n", encoding="utf-8")
    say(f"Terlatih dalam {seconds / 60:.1f} menit")
    return seconds


def trained_in(project: Path) -> float | None:
    """Seconds the cached model's training took."""
    note = project / "trained_in.txt"
    return float(note.read_text(encoding="utf-8")) if note.is_file() else None


def serve(project: Path, processes: Processes, port: int, action_endpoint: str, scratch: Path) -> None:
    """Start `rasa run` with the REST channel."""
    endpoints = scratch / "endpoints.yml"
    endpoints.write_text(yaml.safe_dump({"action_endpoint": {"url": action_endpoint}}), encoding="utf-8")
    command = rasa("run", "--interface", "127.0.0.1", "--port", str(port), "--model", str(project / MODEL))
    command += ["--endpoints", str(endpoints), "--credentials", str(project / "credentials.yml")]
    processes.start("stock", command, environment(), project)
