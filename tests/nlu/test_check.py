"""Faults of the training data that must be found, each with its file and line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nirtatap.wiring import ROOT
from nlu.trainer import check, examples

GOOD = """version: "3.1"

nlu:
- intent: ask_fee+ask_duration
  metadata:
    services: [kia]
  examples: |
    - bikin kia bayar ga trs berapa lama
- intent: greet
  examples: |
    - halo min
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "nlu" / "data").mkdir(parents=True)
    (tmp_path / "nlu" / "evaluation").mkdir()
    shutil.copy(ROOT / check.ACTS_FILE, tmp_path / check.ACTS_FILE)
    (tmp_path / "nlu" / "data" / "a.yml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def add(root: Path, text: str) -> None:
    (root / "nlu" / "data" / "b.yml").write_text('version: "3.1"\nnlu:\n' + text, encoding="utf-8")


def test_good_data_has_no_fault(root: Path, catalogue) -> None:
    assert check.errors(root, catalogue) == []
    rows = examples.read(root)
    assert [(row.acts, row.services, row.line) for row in rows] == [
        (("ask_fee", "ask_duration"), ("kia",), 8),
        (("greet",), (), 11),
    ]


CASES = [
    ("- intent: ask_price\n  examples: |\n    - brp\n", "b.yml:5: tindak `ask_price` tidak dikenal"),
    ("- intent: greet\n  metadata:\n    services: [ktp_emas]\n  examples: |\n    - hai\n", "layanan `ktp_emas`"),
    ("- intent: greet\n  metadata:\n    opd: [dinas_x]\n  examples: |\n    - hai\n", "OPD `dinas_x`"),
    ("- intent: thank\n  examples: |\n    - Halo,  min\n", "b.yml:5: sama dengan nlu/data/a.yml:11"),
    ("- intent: greet\n  examples: |\n    - nik 3273012345678901\n", "nomor pribadi"),
    ("- intent: greet\n  examples: |\n    - wa saya 081234567890\n", "nomor pribadi"),
    ("- intent: greet\n  examples: |\n    halo tanpa strip\n", "b.yml:5: contoh harus diawali"),
    ("- intent: greet\n", "b.yml:3: `examples: |` tidak ada"),
    ("  - : : :\n x", "bukan YAML"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_faults_are_named(root: Path, catalogue, text: str, expected: str) -> None:
    add(root, text)
    problems = check.errors(root, catalogue)
    assert any(expected in problem for problem in problems), problems


def test_leaks_from_the_exam_are_found(root: Path, catalogue) -> None:
    message = {"text": "Bikin KIA bayar gak, trs brp lama", "acts": ["ask_fee"], "services": ["kia"], "opd": []}
    (root / "nlu" / "evaluation" / "x.jsonl").write_text(json.dumps(message) + "\n", encoding="utf-8")
    assert any("data uji" in problem for problem in check.errors(root, catalogue))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("bikin kia bayar gak trs berapa lamaa", True),  # a letter more
        ("bikin kia bayar gak", False),  # a clause less is another question
        ("halo min min min", False),  # two words are everybody's
    ],
)
def test_what_nearly_stands_in_the_exam_is_found_too(root: Path, catalogue, question: str, found: bool) -> None:
    message = {"text": question, "acts": ["ask_fee"], "services": [], "opd": []}
    (root / "nlu" / "evaluation" / "x.jsonl").write_text(json.dumps(message) + "\n", encoding="utf-8")
    assert any("soal ujian" in problem for problem in check.errors(root, catalogue)) is found


def test_no_data_is_a_fault(root: Path, catalogue) -> None:
    (root / "nlu" / "data" / "a.yml").unlink()
    assert check.errors(root, catalogue) == ["nlu/data: tidak ada satu contoh pun"]


def test_the_projects_own_data_is_fit(catalogue) -> None:
    rows = examples.read(ROOT)
    assert len(rows) > 4000
    assert check.errors(ROOT, catalogue) == []
    acts = {act: sum(act in row.acts for row in rows) for act in check.known_acts(ROOT)}
    services = {s.id: sum(s.id in row.services for row in rows) for s in catalogue.services}
    assert min(acts.values()) >= 25, acts
    assert min(services.values()) >= 15, services
