"""The gate refuses what it must, for reasons a trainer can read; the ledger knows what was live."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from nirtatap.wiring import ROOT
from nlu.trainer import gate, golden, ledger, registry
from nlu.trainer.gate import Gate
from nlu.trainer.scores import FIGURES

GATE = Gate(
    minimum={"joint": 0.75, "safety_recall": 0.9},
    maximum={"false_alarms": 0.015},
    largest_drop={"joint": 0.02, "false_alarms": 0.004},
    golden_wrong=0,
)
GOOD = {"joint": 0.8, "safety_recall": 0.92, "false_alarms": 0.007}


def test_a_good_model_passes() -> None:
    assert gate.refusals(GATE, GOOD, None, 0) == []
    assert gate.refusals(GATE, GOOD, GOOD, 0) == []
    assert gate.refusals(GATE, {**GOOD, "joint": 0.79}, GOOD, 0) == []
    assert gate.refusals(GATE, {**GOOD, "false_alarms": 0.0, "joint": 0.9}, GOOD, 0) == []


@pytest.mark.parametrize(
    ("new", "live", "broken", "reason"),
    [
        ({**GOOD, "joint": 0.749}, None, 0, "Tindak dan layanan: 74,9%, paling sedikit harus 75,0%"),
        ({**GOOD, "safety_recall": None}, None, 0, "Bahaya dikenali: -, paling sedikit"),
        ({**GOOD, "false_alarms": 0.02}, None, 0, "Alarm palsu: 2,0%, paling banyak boleh 1,5%"),
        ({**GOOD, "joint": 0.77}, GOOD, 0, "memburuk 3,0% dari model yang dipakai (80,0%)"),
        ({**GOOD, "false_alarms": 0.014}, GOOD, 0, "Alarm palsu: 1,4%, memburuk 0,7%"),
        (GOOD, GOOD, 1, "1 pertanyaan emas salah dibaca"),
    ],
)
def test_a_bad_model_is_refused_with_its_reason(new: dict, live: dict | None, broken: int, reason: str) -> None:
    reasons = gate.refusals(GATE, new, live, broken)
    assert len(reasons) == 1 and reason in reasons[0], reasons


TEXT = "minimum: {joint: 0.7}\nmaximum: {}\nlargest_drop: {}\ngolden_wrong: 0\n"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("joint", "jiont"), "`jiont` tidak dikenal"),
        (("0.7", "70"), "joint harus angka dari 0 sampai 1"),
        (("0.7", "'0.7'"), "joint harus angka"),
        (("golden_wrong: 0", ""), "perlu tepat kunci"),
        (("golden_wrong: 0", "golden_wrong: semua"), "golden_wrong harus bilangan bulat"),
        (("maximum: {}", "maximum: []"), "maximum harus berisi"),
        (("minimum: {", "minimum: {{"), "tidak dapat dibaca"),
    ],
)
def test_a_typo_does_not_open_the_gate(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    path = tmp_path / "gate.yml"
    path.write_text(TEXT, encoding="utf-8")
    assert gate.read(path).minimum == {"joint": 0.7}
    path.write_text(TEXT.replace(*change), encoding="utf-8")
    with pytest.raises(gate.GateUnusable, match=fault):
        gate.read(path)


def test_the_projects_gate_and_golden_questions_can_be_used() -> None:
    limits = gate.read(ROOT / gate.FILE)
    assert {"joint", "any_act", "service", "safety_recall"} <= set(limits.minimum)
    assert "false_alarms" in limits.maximum and limits.golden_wrong == 0
    questions = golden.read(ROOT / golden.FILE)
    assert len(questions) >= 60
    assert len({row["text"] for row in questions}) == len(questions)
    acts = {act for row in questions for act in row["acts"]}
    assert len(acts) == 28, "every act has a golden question"
    assert all(figure in FIGURES for figure in limits.largest_drop)


@pytest.mark.parametrize("line", ["rubbish", "{}", '{"text": 5, "acts": ["a"]}', '{"text": "a", "acts": []}', "[]"])
def test_a_set_with_a_fault_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"text": "halo", "acts": ["greet"]}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(golden.SetUnusable, match=r"set\.jsonl:2"):
        golden.read(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(golden.SetUnusable, match="tidak memuat pesan"):
        golden.read(path)


def entry(kind: str, model: str, **more: str) -> ledger.Entry:
    return ledger.Entry(kind, model, "id", "saya", "sebab", **more)  # type: ignore[arg-type]


def test_the_ledger_is_a_stack(tmp_path: Path) -> None:
    for one in (
        entry("found", "a"),
        entry("promote", "b"),
        entry("promote", "b"),  # loaded again on a server that was down
        entry("promote", "c"),
        entry("rollback", "b", rejected_inputs="inputs of c"),
    ):
        ledger.append(tmp_path, one)
    assert [one.model for one in ledger.stack(ledger.read(tmp_path))] == ["a", "b"]
    assert ledger.rolled_back_from(tmp_path, "inputs of c")
    assert not ledger.rolled_back_from(tmp_path, "other inputs")
    ledger.append(tmp_path, entry("rollback", "a"))
    assert [one.model for one in ledger.stack(ledger.read(tmp_path))] == ["a"]
    ledger.append(tmp_path, entry("promote", "d"))
    assert [one.model for one in ledger.stack(ledger.read(tmp_path))] == ["a", "d"]


def test_a_broken_ledger_is_not_guessed_at(tmp_path: Path) -> None:
    ledger.append(tmp_path, entry("found", "a"))
    with (tmp_path / ledger.LEDGER).open("a") as handle:
        handle.write("{half a li\n")
    with pytest.raises(ValueError, match=r"promotions\.jsonl:2"):
        ledger.read(tmp_path)


def fake_model(path: Path, model_id: str) -> Path:
    metadata = path.with_suffix(".metadata")
    metadata.write_text(json.dumps({"model_id": model_id}), encoding="utf-8")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(metadata, "metadata.json")
    metadata.unlink()
    name = path.name.removesuffix(".tar.gz")
    registry.Manifest(path.name, "bandung", "2026-01-01", 1.0, 1, "d", "c", "k", f"inputs-{name}").write(
        registry.manifest_path(path)
    )
    return path


def test_what_was_live_is_kept_whoever_put_it_there(tmp_path: Path) -> None:
    live = tmp_path / "live.tar.gz"
    made = fake_model(tmp_path / "a.tar.gz", "one")
    registry.make_live(made, live)
    made.unlink()
    ledger.begin(tmp_path, live)
    ledger.begin(tmp_path, live)
    assert registry.metadata(made) == {"model_id": "one"}
    assert [(one.kind, one.model, one.model_id) for one in ledger.read(tmp_path)] == [("found", "a.tar.gz", "one")]
    # Another model under the same name must not come back in its place.
    fake_model(made, "two")
    kept = registry.keep(live, tmp_path)
    assert kept is not None and kept.name.startswith("live-") and registry.metadata(kept) == {"model_id": "one"}


def test_metadata_of_rubbish_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "m.tar.gz"
    assert registry.metadata(path) == {}
    path.write_bytes(b"rubbish")
    assert registry.metadata(path) == {}


def test_the_candidate_is_known_until_it_goes(tmp_path: Path) -> None:
    assert ledger.candidate(tmp_path) is None
    model = fake_model(tmp_path / "a.tar.gz", "one")
    ledger.set_candidate(tmp_path, model)
    assert ledger.candidate(tmp_path) == model
    (tmp_path / ledger.CANDIDATE).write_text('{"model": "../../etc/passwd"}')
    assert ledger.candidate(tmp_path) is None
    ledger.clear_candidate(tmp_path)
    ledger.clear_candidate(tmp_path)
    assert ledger.candidate(tmp_path) is None
