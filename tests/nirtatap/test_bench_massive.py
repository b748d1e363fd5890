"""`nirtatap bench massive`: the same pipeline on a public benchmark, really trained, on a toy of the same shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from nirtatap.bench import massive
from nirtatap.bench.processes import BenchError
from nirtatap.wiring import ROOT

KINDS = {
    "alarm_set": "bangunkan saya jam {} pagi",
    "play_music": "putar lagu nomor {} dari noah",
    "weather_query": "apakah hujan di kota {} besok",
}
NUMBERS = "satu dua tiga empat lima enam tujuh delapan sembilan sepuluh".split()


def toy(folder: Path) -> Path:
    splits = {"train": NUMBERS[:8], "dev": NUMBERS[8:9], "test": NUMBERS[9:]}
    folder.mkdir()
    for split, numbers in splits.items():
        rows = [f"{text.format(number)}\t{intent}" for intent, text in KINDS.items() for number in numbers]
        (folder / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def config() -> dict:
    return yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))


def test_only_what_knows_of_services_is_left_out() -> None:
    ours = config()
    theirs = massive.config(ours)
    names = [step["name"].rsplit(".", 1)[-1] for step in theirs["pipeline"]]
    assert names == ["IndonesianNormalizer", "TextEncoder", "ActClassifier"]
    # Not a setting differs from the residents' pipeline.
    assert all(step in ours["pipeline"] for step in theirs["pipeline"])
    left_out = [step["name"].rsplit(".", 1)[-1] for step in ours["pipeline"] if step not in theirs["pipeline"]]
    assert left_out == ["ServiceResolver", "Decider"]


def test_a_config_without_the_intent_part_is_refused() -> None:
    with pytest.raises(BenchError, match="TextEncoder"):
        massive.config({"pipeline": [{"name": "WhitespaceTokenizer"}]})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "kosong"),
        ("tanpa tab\n", ":1: harus"),
        ("baik\talarm_set\n\talarm_set\n", ":2: harus"),
        ("dua\ttab\tdi sini\n", ":1: harus"),
        ("gabungan\ta+b\n", ":1: harus"),
    ],
)
def test_a_broken_split_is_named_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    folder = toy(tmp_path / "data")
    (folder / "dev.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(BenchError, match=r"dev\.tsv") as refused:
        massive.read(folder)
    assert said in str(refused.value)


def test_a_folder_without_the_splits_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="--data"):
        massive.read(tmp_path)


def test_it_trains_asks_and_keeps_the_model(tmp_path: Path) -> None:
    data, cache = toy(tmp_path / "data"), tmp_path / "cache"
    seen: list[float] = []
    outcome = massive.run(ROOT, data, cache, lambda share, _what: seen.append(share))
    assert outcome.rows == {"train": 24, "dev": 3, "test": 3} and outcome.intents == 3
    assert outcome.accuracy["dev"].value == 1.0 and outcome.accuracy["test"].value == 1.0
    assert outcome.training_seconds is not None and outcome.training_seconds > 0
    assert seen[-1] == 1.0

    # A wrong label in the test split must be seen in the figure, without a second training.
    lines = (data / "test.tsv").read_text(encoding="utf-8").replace("\tplay_music", "\talarm_set")
    (data / "test.tsv").write_text(lines, encoding="utf-8")
    steps: list[float] = []
    again = massive.run(ROOT, data, cache, lambda share, _what: steps.append(share))
    assert steps == [1.0]
    assert again.training_seconds is None
    assert again.accuracy["test"].value == pytest.approx(2 / 3)

    massive.save(outcome, cache / "massive.json")
    written = json.loads((cache / "massive.json").read_text(encoding="utf-8"))
    assert written["accuracy"]["test"]["value"] == 1.0 and written["rows"]["train"] == 24
    console = Console(record=True, width=120)
    massive.show(outcome, console)
    shown = console.export_text()
    assert "100.00%" in shown and "XLM-R" in shown
