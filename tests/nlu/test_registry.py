"""Hashes decide about training; a live model is replaced in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlu.trainer import registry


def test_hash_follows_content_not_time(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "a.yml"
    path.write_text("halo")
    before = registry.hash_of(tmp_path, ["data"])
    path.touch()
    assert registry.hash_of(tmp_path, ["data"]) == before
    path.write_text("hai")
    changed = registry.hash_of(tmp_path, ["data"])
    assert changed != before
    path.rename(tmp_path / "data" / "b.yml")
    assert registry.hash_of(tmp_path, ["data"]) not in (before, changed)


def test_manifest_round_trip_and_rubbish(tmp_path: Path) -> None:
    manifest = registry.Manifest("m.tar.gz", "bandung", "2026-01-01T00:00:00+00:00", 12.5, 10, "a", "b", "c", "d")
    path = tmp_path / "m.json"
    manifest.write(path)
    assert registry.Manifest.read(path) == manifest
    path.write_text("{}")
    assert registry.Manifest.read(path) is None
    assert registry.Manifest.read(tmp_path / "none.json") is None


def test_going_live_takes_model_and_manifest(tmp_path: Path) -> None:
    model = tmp_path / "new.tar.gz"
    model.write_bytes(b"model")
    registry.manifest_path(model).write_text("{}")
    live = tmp_path / "live.tar.gz"
    live.write_bytes(b"old")
    registry.make_live(model, live)
    assert live.read_bytes() == b"model"
    assert registry.manifest_path(live).read_text() == "{}"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["live.json", "live.tar.gz", "new.json", "new.tar.gz"]


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    live = tmp_path / "live.tar.gz"
    live.write_bytes(b"old")
    with pytest.raises(FileNotFoundError):
        registry.make_live(tmp_path / "missing.tar.gz", live)
    assert live.read_bytes() == b"old"
