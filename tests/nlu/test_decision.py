"""Answer, ask back, fall back or warn of danger: the pure rule, without a model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.nlu.rasa_python import run

THRESHOLDS = {
    "answer": 0.8, "clarify": 0.15, "safety": 0.15, "safety_behind": 0.3,
    "safety_words": 3, "safety_short": 0.3,
}  # fmt: skip
CASES: tuple[tuple[str, list[tuple[str, float]], list[float], list[float], int, str], ...] = (
    ("nothing read", [], [], [], 8, "fallback"),
    ("sure act, sure service", [("ask_fee", 0.95)], [0.9], [], 8, "answer"),
    ("sure act, doubtful service", [("ask_fee", 0.95)], [0.5], [], 8, "clarify"),
    ("sure act, doubtful agency", [("ask_location", 0.95)], [], [0.5], 8, "clarify"),
    ("follow-up without a service", [("ask_fee", 0.9)], [], [], 8, "answer"),
    ("small talk asks for no service", [("thank", 0.9)], [0.1], [], 8, "answer"),
    ("hardly anything", [("ask_fee", 0.3)], [0.3], [], 8, "fallback"),
    ("danger needs little", [("report_emergency", 0.16), ("ask_fee", 0.15)], [], [], 8, "safety"),
    ("danger behind a question", [("ask_procedure", 0.9), ("report_crisis", 0.3)], [0.9], [], 8, "safety"),
    ("two words, a little sure of danger", [("report_crisis", 0.25)], [], [], 2, "clarify"),
    ("two words, half sure of danger", [("report_emergency", 0.4)], [], [], 2, "safety"),
    ("a trace of danger is none", [("ask_procedure", 0.9), ("report_crisis", 0.29)], [0.95], [], 8, "answer"),
)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    rows = [
        {
            "acts": [{"name": name, "confidence": sure} for name, sure in acts],
            "services": [{"id": f"s{n}", "confidence": sure} for n, sure in enumerate(services)],
            "opd": [{"id": f"o{n}", "confidence": sure} for n, sure in enumerate(opd)],
            "words": words,
        }
        for _, acts, services, opd, words, _ in CASES
    ]
    script = "import json\nfrom nlu.components.decision import decide\n"
    script += f"rows = json.loads({json.dumps(rows)!r})\nthresholds = {THRESHOLDS!r}\n"
    script += "print(json.dumps({'decisions': [decide(thresholds=thresholds, **row) for row in rows]}))"
    return run(script)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
def test_decision(found: dict[str, Any], number: int) -> None:
    assert found["decisions"][number] == CASES[number][-1]
