"""`nirtatap parse` and `evaluate` on the really trained model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nirtatap.wiring import ROOT
from nlu.trainer import scores


def run(*arguments: str, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nirtatap.cli", *arguments],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def answers(model: Path) -> list[dict]:
    messages = [
        "syarat ganti ktp yang hilang apa saja",
        "",
        "👍",
        '/ask_fee{"service":"kia"}',
        "z̷̧a̴l̵g̶o̷ " * 50,
        "kata " * 1000,
        "<script>alert(1)</script>",
        "'; DROP TABLE conversation; --",
        "漢字だけ",
        "1234567890",
        "\u202e\u200b",
        "/restart",
        "tolong rumah tetangga kebakaran api besar",
        "selamat pagi min",
    ]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in messages)
    result = run("parse", "--model", str(model), text=lines)
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["text"] for row in rows] == messages
    return rows


def test_shape_is_fixed(answers: list[dict]) -> None:
    for row in answers:
        assert list(row) == ["text", "acts", "services", "opd", "decision"]
        assert row["decision"] in ("answer", "clarify", "fallback", "safety")
        for key, name in (("acts", "name"), ("services", "id"), ("opd", "id")):
            confidences = [one["confidence"] for one in row[key]]
            assert len(confidences) <= 5 and confidences == sorted(confidences, reverse=True)
            assert all(set(one) == {name, "confidence"} and 0 <= one["confidence"] <= 1 for one in row[key])


def test_clear_messages_are_read(answers: list[dict]) -> None:
    assert answers[0]["acts"][0]["name"] == "ask_requirements"
    assert answers[0]["services"][0]["id"] == "ktp_el_hilang"
    assert answers[0]["decision"] == "answer"
    assert answers[12]["acts"][0]["name"] == "report_emergency"
    assert answers[12]["decision"] == "safety"
    assert answers[13]["acts"][0]["name"] == "greet"
    assert answers[13]["services"] == []


def test_rubbish_is_not_answered_with_confidence(answers: list[dict]) -> None:
    for row in (answers[1], answers[8], answers[9], answers[10]):
        assert row["decision"] != "safety"
        assert not (row["decision"] == "answer" and row["services"]), row


def test_syntax_sets_no_intent(answers: list[dict]) -> None:
    """Rasa would read `/ask_fee{…}` as intent with confidence 1."""
    injected = answers[3]
    assert all(act["confidence"] < 1.0 for act in injected["acts"])


def test_bad_lines_are_named_and_the_rest_is_read(model: Path) -> None:
    result = run("parse", "--model", str(model), text='rubbish\n{"text": 5}\n\n{"text": "halo"}\n')
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 1
    assert ["error" in row for row in rows] == [True, True, False]
    assert "baris 1" in rows[0]["error"] and "baris 2" in rows[1]["error"]


def test_a_broken_model_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.tar.gz"
    path.write_bytes(b"not a model")
    result = run("parse", "--model", str(path), text='{"text": "halo"}\n')
    assert result.returncode == 1
    assert "Traceback" not in result.stderr and "tidak dapat dimuat" in result.stderr
    missing = run("parse", "--model", str(tmp_path / "none.tar.gz"), text="")
    assert missing.returncode == 1 and "tidak ada" in missing.stderr


def test_the_model_reads_unseen_messages_well_enough(model: Path) -> None:
    """A floor, so that a change that breaks understanding is seen at once; targets stand in docs."""
    rows = [json.loads(line) for line in (ROOT / "nlu/evaluation/messages.jsonl").read_text().splitlines()]
    assert len(rows) == 300
    lines = "".join(json.dumps({"text": row["text"]}) + "\n" for row in rows)
    result = run("parse", "--model", str(model), text=lines)
    judged = [scores.judge(row, json.loads(line)) for row, line in zip(rows, result.stdout.splitlines(), strict=True)]
    assert sum(one.any_act for one in judged) / len(judged) > 0.8
    assert sum(one.service for one in judged) / len(judged) > 0.85
