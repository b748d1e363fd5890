"""What training does to the live model: a candidate beside it, and a rollback that stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nirtatap import model as training
from nirtatap import publish
from nlu.trainer import ledger, registry
from nlu.trainer import train as trainer
from tests.nirtatap.publishing import fake, settings_for


@pytest.fixture
def quick_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`nirtatap train` with everything but the training itself; returns the names of what was trained."""
    names: list[str] = []

    def make(_catalogue: Any, models: Path) -> Path:
        names.append(f"m{len(names)}")
        return fake(models, names[-1])

    monkeypatch.setattr(training, "make_model", make)
    monkeypatch.setattr(training, "prepare", lambda _settings: None)
    monkeypatch.setattr(trainer, "write_catalogue_words", lambda *_a: None)
    monkeypatch.setattr(training, "load_settings", lambda: settings_for(tmp_path, "http://127.0.0.1:1"))
    return names


def live_id(models: Path) -> str:
    return str(registry.metadata(models / "live.tar.gz")["model_id"])


def test_training_makes_a_candidate_once_there_is_a_live_model(tmp_path: Path, quick_training: list[str]) -> None:
    training.train()
    assert live_id(tmp_path) == "m0" and ledger.candidate(tmp_path) is None
    training.train()
    assert live_id(tmp_path) == "m0" and ledger.candidate(tmp_path) == tmp_path / "m1.tar.gz"
    training.train(make_live=True)
    assert live_id(tmp_path) == "m2" and ledger.candidate(tmp_path) is None
    training.train(if_changed=True)  # the manifest's inputs are not the folder's
    assert live_id(tmp_path) == "m3" and len(quick_training) == 4
    assert [one.model for one in ledger.stack(ledger.read(tmp_path))] == ["m0.tar.gz", "m2.tar.gz", "m3.tar.gz"]


def test_a_restart_does_not_undo_a_rollback(
    tmp_path: Path, quick_training: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data that made the rejected model still stands there; training it again would bring it back."""
    training.train()
    training.train(make_live=True)
    settings = settings_for(tmp_path, "http://127.0.0.1:1")
    assert publish.go_back(settings, reason="buruk", by="Ani")[0] == "m0.tar.gz"
    monkeypatch.setattr(trainer, "inputs_hash", lambda _root: "inputs-m1")
    training.ensure_model(settings, None)  # type: ignore[arg-type]
    assert live_id(tmp_path) == "m0" and len(quick_training) == 2
    monkeypatch.setattr(trainer, "inputs_hash", lambda _root: "data was mended")
    training.ensure_model(settings, None)  # type: ignore[arg-type]
    assert live_id(tmp_path) == "m2"
