"""Stock Rasa as the other side: its data, its cache and its readings (training it takes minutes)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from nirtatap.project import STOCK_PIPELINE
from nlu.trainer import stock

DATA = """version: "3.1"
nlu:
- intent: ask_fee+ask_duration
  metadata:
    services: [kia, kk_baru]
  examples: |
    - kia bayar berapa, berapa lama
- intent: ask_location
  metadata:
    opd: [dishub]
  examples: |
    - kantor dishub di mana
- intent: greet
  examples: |
    - halo
"""
WORDS = 'version: "3.1"\nnlu:\n- synonym: kia\n  examples: |\n    - Kartu Identitas Anak\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "nlu/data/generated").mkdir(parents=True)
    (tmp_path / "nlu/data/a.yml").write_text(DATA, encoding="utf-8")
    (tmp_path / "nlu/data/generated/catalogue.yml").write_text(WORDS, encoding="utf-8")
    return tmp_path


def intents(path: Path) -> dict[str, list[str]]:
    blocks = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    return {block["intent"]: [line[2:] for line in block["examples"].splitlines()] for block in blocks}


def test_both_models_get_the_same_examples(root: Path) -> None:
    folder = stock.prepare(root, root / "build", STOCK_PIPELINE, 3)
    assert intents(folder / "acts/nlu.yml") == {
        "ask_fee+ask_duration": ["kia bayar berapa, berapa lama"],
        "ask_location": ["kantor dishub di mana"],
        "greet": ["halo"],
    }
    assert intents(folder / "services/nlu.yml") == {
        "kia": ["kia bayar berapa, berapa lama", "Kartu Identitas Anak"],
        "opd-dishub": ["kantor dishub di mana"],
        "tanpa_layanan": ["halo"],
    }
    config = yaml.safe_load((folder / "config.yml").read_text(encoding="utf-8"))
    names = [step["name"] for step in config["pipeline"]]
    assert names[0] == "WhitespaceTokenizer" and names[-1] == "DIETClassifier"
    assert config["pipeline"][-1]["epochs"] == 3
    assert STOCK_PIPELINE[5]["epochs"] == 100, "the shared constant must not change"


def test_the_cache_follows_data_and_epochs(root: Path) -> None:
    first = stock.prepare(root, root / "build", STOCK_PIPELINE, 3)
    assert stock.prepare(root, root / "build", STOCK_PIPELINE, 3) == first
    assert stock.prepare(root, root / "build", STOCK_PIPELINE, 4) != first
    (root / "nlu/data/a.yml").write_text(DATA.replace("halo", "hai"), encoding="utf-8")
    assert stock.prepare(root, root / "build", STOCK_PIPELINE, 3) != first


def test_a_trained_model_is_not_trained_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def run(_root: Path, _config: Path, _data: Path, out: Path, name: str, _progress: Any) -> Path:
        made.append(name)
        out.mkdir(exist_ok=True)
        (out / f"{name}.tar.gz").write_bytes(b"model")
        return out / f"{name}.tar.gz"

    monkeypatch.setattr(stock.train, "run", run)
    folder = stock.prepare(root, root / "build", STOCK_PIPELINE, 3)
    for _ in range(2):
        models = stock.train_missing(root, folder, lambda _name: lambda _share, _what: None)
        assert all(path.is_file() for path in models.values())
    assert made == ["acts", "services"]


def parse(*ranking: tuple[str, float]) -> dict[str, Any]:
    ranked = [{"name": name, "confidence": confidence} for name, confidence in ranking]
    return {"intent": ranked[0], "intent_ranking": ranked}


def test_readings_have_the_shape_of_ours() -> None:
    one = stock.result(parse(("ask_fee+ask_duration", 0.8)), parse(("kia", 0.5), ("opd-dishub", 0.3), ("kk_baru", 0.1)))
    assert [act["name"] for act in one["acts"]] == ["ask_fee", "ask_duration"] and one["decision"] == "answer"
    assert [s["id"] for s in one["services"]] == ["kia", "kk_baru"] and one["opd"] == []
    office = stock.result(parse(("ask_location", 0.2)), parse(("opd-dishub", 0.5), ("kia", 0.3)))
    assert office["services"] == [] and [o["id"] for o in office["opd"]] == ["dishub"]
    assert office["decision"] == "fallback"
    none = stock.result(parse(("report_crisis", 0.9)), parse(("tanpa_layanan", 0.5), ("kia", 0.3)))
    assert none["services"] == none["opd"] == [] and none["decision"] == "safety"
