"""Promote and rollback of files, no server asked: the gate, a model from elsewhere, two people at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from nirtatap import publish
from nlu.trainer import ledger, registry
from nlu.trainer.scores import FIGURES
from tests.nirtatap.publishing import fake, settings_for


def report(**changed: float) -> dict[str, Any]:
    perfect = {name: {"value": 0.0 if figure.lower_is_better else 1.0} for name, figure in FIGURES.items()}
    figures = perfect | {name: {"value": value} for name, value in changed.items()}
    return {"figures": figures, "live": None, "golden": {"broken": []}}


def test_the_gate_stands_before_the_swap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's own gate, a bad model: refused in Indonesian, nothing swapped, nothing written down."""
    settings = settings_for(tmp_path, "http://127.0.0.1:1")
    registry.make_live(fake(tmp_path, "old"), tmp_path / "live.tar.gz")
    bad = fake(tmp_path, "bad")
    monkeypatch.setattr(publish, "assess", lambda *_a: report(joint=0.4, safety_recall=0.5))
    with pytest.raises(publish.PublishError) as error:
        publish.publish(settings, bad, reason="", by="")
    assert "tidak dipasang" in str(error.value) and "Tindak dan layanan: 40,0%" in str(error.value)
    assert "Bahaya dikenali: 50,0%" in str(error.value)
    assert registry.metadata(tmp_path / "live.tar.gz")["model_id"] == "old" and ledger.read(tmp_path) == []
    limits = tmp_path / "gate.yml"
    limits.write_text("minimum: {}\n")
    with pytest.raises(publish.PublishError, match="tidak ada yang dipasang"):
        publish.publish(settings, bad, reason="", by="", limits=limits)


def test_a_model_from_elsewhere_is_kept_for_rollback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere = tmp_path / "models", tmp_path / "usb"
    folder.mkdir()
    elsewhere.mkdir()
    settings = settings_for(folder, "http://127.0.0.1:1")
    monkeypatch.setattr(publish, "assess", lambda *_a: report())
    for name in ("a", "b", "c"):
        done = publish.publish(settings, fake(elsewhere, name), reason="", by="")
        assert done.down == ["http://127.0.0.1:1"]
    shutil.rmtree(elsewhere)
    assert publish.go_back(settings, reason="", by="")[0] == "b.tar.gz"
    assert publish.go_back(settings, reason="", by="")[0] == "a.tar.gz"
    (folder / "b.tar.gz").write_bytes(b"changed")
    fake(tmp_path, "d")
    publish.publish(settings, tmp_path / "d.tar.gz", reason="", by="")
    (folder / "a.tar.gz").unlink()
    with pytest.raises(publish.PublishError, match="hilang atau berubah"):
        publish.go_back(settings, reason="", by="")


def test_two_people_cannot_publish_at_once(tmp_path: Path) -> None:
    refused = pytest.raises(publish.PublishError, match="sedang berjalan")
    with publish.alone(tmp_path), refused, publish.alone(tmp_path):
        pass
    with publish.alone(tmp_path):
        pass
