"""Train a model with stock `rasa train nlu`, showing how far it is."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from nlu.trainer import registry
from service_catalog.facts import Catalogue

RASA_PYTHON = Path(".venv-rasa/bin/python")
GENERATED = Path("nlu/data/generated/catalogue.yml")

RASA_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
    # One message is too small to be worth a second thread, and two servers share two cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

Progress = Callable[[float, str], None]
"""Told the share done (0 to 1) and what is being done."""

_STEP = re.compile(r"(Starting|Finished) (?:to train|training) component '(\w+)'")


class TrainingFailed(Exception):
    """`rasa train` gave no model; the message is the end of what it said."""


def rasa_environment(root: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process of .venv-rasa: quiet, no telemetry, our components importable."""
    return {**os.environ, **RASA_ENVIRONMENT, "PYTHONPATH": str(root), **(extra or {})}


def write_catalogue_words(catalogue: Catalogue, root: Path) -> None:
    """The catalogue's names and synonyms as Rasa synonyms, for the service resolver to learn."""
    taken: set[str] = set()
    blocks = []
    for service in catalogue.services:
        phrases = []
        for phrase in (service.name, *service.synonyms):
            flat = " ".join(phrase.split())
            # A phrase of two services teaches nothing; the first keeps it.
            if flat and flat.lower() not in taken and not flat.startswith("-"):
                taken.add(flat.lower())
                phrases.append(flat)
        if phrases:
            blocks.append({"synonym": service.id, "examples": "".join(f"- {phrase}\n" for phrase in phrases)})
    text = yaml.dump({"version": "3.1", "nlu": blocks}, allow_unicode=True, sort_keys=False, width=10_000)
    header = "# Do not edit: written from the service catalogue at every training.\n"
    path = root / GENERATED
    content = (header + text).encode()
    if not path.is_file() or path.read_bytes() != content:
        registry.write_atomically(path, content)


def count_examples(root: Path) -> int:
    files = (root / "nlu/data").rglob("*.yml")
    return sum(
        line.lstrip().startswith("- ") and line.startswith("    ")
        for path in files
        if "generated" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
    )


def inputs_hash(root: Path) -> str:
    return registry.hash_of(root, registry.INPUTS)


def is_current(live: Path, root: Path) -> bool:
    """Whether the live model was made from exactly what stands in the folder now."""
    manifest = registry.Manifest.read(registry.manifest_path(live))
    return live.is_file() and manifest is not None and manifest.inputs_hash == inputs_hash(root)


def train(catalogue: Catalogue, root: Path, models: Path, progress: Progress) -> Path:
    """Train on nlu/data and return the model's path, its manifest beside it.

    Raises:
        TrainingFailed: Rasa's last lines say why.
    """
    started = time.monotonic()
    # Hashed before: what a trainer changes meanwhile is not in this model.
    inputs = inputs_hash(root)
    hashes = {
        "data_hash": registry.hash_of(root, ["nlu/data"]),
        "config_hash": registry.hash_of(root, ["config.yml"]),
        "components_hash": registry.hash_of(root, ["nlu/components"]),
        "catalogue_hash": registry.hash_of(root, [str(GENERATED)]),
    }
    examples = count_examples(root)
    model = run(root, Path("config.yml"), Path("nlu/data"), models, f"{registry.stamp()}-{inputs[:8]}", progress)
    registry.Manifest(
        model=model.name,
        city=catalogue.city.id,
        trained_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - started, 1),
        examples=examples,
        inputs_hash=inputs,
        **hashes,
    ).write(registry.manifest_path(model))
    progress(1.0, "selesai")
    return model


def run(root: Path, config: Path, data: Path, out: Path, name: str, progress: Progress) -> Path:
    """Stock `rasa train nlu`; paths may be relative to `root`.

    Raises:
        TrainingFailed: Rasa's last lines say why.
    """
    command = [str(root / RASA_PYTHON), "-m", "rasa", "train", "nlu", "--config", str(config), "--nlu", str(data)]
    command += ["--out", str(out), "--fixed-model-name", name]
    components = len(yaml.safe_load((root / config).read_text(encoding="utf-8"))["pipeline"])
    done, lines = 0, []
    with subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        command,
        cwd=root,
        env=rasa_environment(root, {"LOG_LEVEL": "INFO"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            assert process.stdout is not None
            progress(0.02, "memuat Rasa")
            for line in process.stdout:
                lines.append(line.rstrip())
                step = _STEP.search(line)
                if step:
                    done += step[1] == "Finished"
                    progress(0.1 + 0.85 * min(done / components, 1.0), f"melatih {step[2]}")
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    model = root / out / f"{name}.tar.gz"
    if code != 0 or not model.is_file():
        raise TrainingFailed("\n".join(lines[-15:]))
    return model
