"""The report: what it says about a model, beside another, as a text and as a page."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import pytest

from nlu.trainer import calibration, evaluation, golden, page, scores, text
from nlu.trainer.calibration import Thresholds
from nlu.trainer.evaluation import Context, Side

CONTEXT = Context({"kia": "disdukcapil", "uji_kir": "dishub"}, {"ask_fee"}, Thresholds(0.5, 0.2))
EVIL = '<script>alert("1")</script> & "kutip"'


def reading(act: str, service: str | None, confidence: float, decision: str | None = None) -> dict[str, Any]:
    sure = confidence**2 if service else confidence  # a service is asked about: both must be right
    return {
        "acts": [{"name": act, "confidence": confidence}],
        "services": [{"id": service, "confidence": confidence}] if service else [],
        "opd": [],
        "decision": decision or ("answer" if sure >= 0.5 else "clarify" if sure >= 0.2 else "fallback"),
    }


def labelled(text: str, act: str, service: str | None, style: str = "plain") -> dict[str, Any]:
    return {"text": text, "acts": [act], "services": [service] if service else [], "opd": [], "style": style}


ROWS = [
    *(labelled(f"biaya kia {n}", "ask_fee", "kia") for n in range(4)),
    *(labelled(f"biaya kir {n}", "ask_fee", "uji_kir", "slang") for n in range(4)),
    labelled(EVIL, "greet", None),
    labelled("tolong kebakaran", "report_emergency", None),
]
GOOD = [
    *(reading("ask_fee", "kia", 0.9) for _ in range(4)),
    *(reading("ask_fee", "uji_kir", 0.7) for _ in range(4)),
    reading("greet", None, 0.95),
    reading("report_emergency", None, 0.9, "safety"),
]
WORSE = [
    *GOOD[:4],
    *(reading("ask_fee", "kia", 0.6) for _ in range(3)),
    GOOD[7],
    reading("thank", None, 0.1),
    GOOD[9],
]
QUESTIONS = [labelled("bayar kia", "ask_fee", "kia"), labelled("halo", "greet", None)]


def side(name: str, results: list[dict[str, Any]]) -> Side:
    return Side(name, scores.judge_all(ROWS, results))


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    questions = scores.judge_all(QUESTIONS, [reading("ask_fee", "uji_kir", 0.9), reading("greet", None, 0.9)])
    return evaluation.evaluate(
        side("baru.tar.gz", WORSE),
        CONTEXT,
        questions,
        live=side("lama.tar.gz", GOOD),
        stock=side("DIET", GOOD),
        times=100,
    )


def test_it_is_plain_json(report: dict[str, Any]) -> None:
    assert json.loads(json.dumps(report)) == report
    assert report["figures"]["joint"]["value"] == 0.6
    assert report["live"]["figures"]["joint"]["value"] == 1.0
    assert report["live"]["gains"]["joint"]["value"] == pytest.approx(-0.4)
    assert [row["style"] for row in report["styles"]] == ["plain", "slang"]
    assert evaluation.values(report)["safety_recall"] == 1.0


def test_confusions_come_most_frequent_first(report: dict[str, Any]) -> None:
    groups = [(g["kind"], g["wanted"], g["read"], len(g["messages"])) for g in report["confusions"]]
    assert groups == [("service", "uji_kir", "kia", 3), ("act", "greet", "thank", 1)]


def test_changes_put_regressions_first_and_flips_are_listed(report: dict[str, Any]) -> None:
    changes = report["live"]["changes"]
    assert [(row["name"], row["before"], row["now"]) for row in changes["act"]] == [("greet", 1, 0)]
    assert [(row["name"], row["before"], row["now"], row["of"]) for row in changes["service"]] == [("uji_kir", 4, 1, 4)]
    lost = [one["text"] for one in report["live"]["flips"]["lost"]]
    assert lost == ["biaya kir 0", "biaya kir 1", "biaya kir 2", EVIL] and report["live"]["flips"]["won"] == []
    assert report["live"]["flips"]["lost"][0]["before"]["service"] == "uji_kir"


def test_golden_questions_that_broke_are_named(report: dict[str, Any]) -> None:
    assert report["golden"]["questions"] == 2
    assert [one["text"] for one in report["golden"]["broken"]] == ["bayar kia"]


def test_a_danger_must_be_answered_as_one() -> None:
    danger, greeting = labelled("tolong", "report_crisis", None), labelled("halo", "greet", None)
    assert golden.holds(scores.judge(danger, reading("report_crisis", None, 0.9, "safety")))
    assert not golden.holds(scores.judge(danger, reading("report_crisis", None, 0.9)))
    assert not golden.holds(scores.judge(greeting, reading("greet", None, 0.9, "safety")))


def test_calibration_is_what_a_hand_computes(report: dict[str, Any]) -> None:
    # Acts: 0.9-1.0 holds four 0.9 and the danger (all right), 0.7 one right, 0.6 three right, 0.1 one wrong.
    expected = (abs(5 * 0.9 - 5) + abs(0.7 - 1) + abs(3 * 0.6 - 3) + abs(0.1 - 0)) / 10
    assert report["calibration"]["act"]["expected_error"]["value"] == pytest.approx(expected, abs=1e-4)
    bins = {one["from"]: one["right"]["value"] for one in report["calibration"]["service"]["bins"]}
    assert bins == {0.6: 0.0, 0.7: 1.0, 0.9: 1.0}


def test_the_trade_off_falls_and_is_the_models_own(report: dict[str, Any]) -> None:
    answered = [point["answer"]["value"] for point in report["trade_off"]]
    assert answered == sorted(answered, reverse=True) and answered[0] == 1.0
    at = {point["threshold"]: point for point in report["trade_off"]}
    assert at[0.5]["answer"]["value"] == pytest.approx(0.5) and at[0.8]["right"]["value"] == 1.0
    for point in report["trade_off"]:
        assert sum(point[what]["value"] for what in ("answer", "clarify", "fallback")) == pytest.approx(1, abs=1e-4)
    assert report["trade_off_agrees"] == len(ROWS)


def test_thresholds_are_read_from_the_model() -> None:
    nodes = {"a": {"config": {}}, "b": {"config": {"answer": 0.6, "clarify": 0.3, "safety": 0.4}}}
    assert calibration.thresholds_of({"predict_schema": {"nodes": nodes}}) == Thresholds(0.6, 0.3)
    assert calibration.thresholds_of({}) == Thresholds()


def test_the_text_says_it_all(report: dict[str, Any]) -> None:
    shown = text.render(report, failures=False)
    for part in (
        "60,0%",
        "Dibanding model yang dipakai",
        "Dulu benar, sekarang salah: 4",
        "3× layanan uji_kir dibaca kia",
    ):
        assert part in shown, part
    assert "nan%" not in shown and "None" not in shown


@pytest.mark.parametrize(("value", "shown"), [(0.8066, "80,7%"), (None, "-"), (-0.0001, "0,0%"), (1.0, "100,0%")])
def test_percentages_are_indonesian(value: float | None, shown: str) -> None:
    assert text.percent(value) == shown


class Balanced(HTMLParser):
    """Fails where a tag is closed that was not the last one opened."""

    VOID = frozenset({"meta", "link", "br", "wbr", "line", "circle", "rect", "path", "img", "input"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        for name, value in attrs:
            assert name not in ("src", "href", "onclick") and "url(" not in (value or "")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_is_one_well_formed_file(report: dict[str, Any]) -> None:
    html = page.render(report)
    parser = Balanced()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert not {"script", "link", "iframe", "img"} & set(parser.seen)
    assert EVIL in "".join(parser.words)
    assert '<html lang="id">' in html and "viewport" in html and "None" not in "".join(parser.words)
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) >= 7
    for picture in pictures:
        tree = ET.fromstring(picture)  # noqa: S314 - our own text
        numbers = re.findall(r"-?\d+\.?\d*", " ".join(e.get("d", "") for e in tree.iter()))
        assert all(-20 <= float(number) <= 1000 for number in numbers)
        assert tree.get("aria-hidden") or tree.find("{http://www.w3.org/2000/svg}title") is not None


def test_a_page_of_a_perfect_model_alone() -> None:
    alone = evaluation.evaluate(side("m", GOOD), CONTEXT, [], times=20)
    html = page.render(alone)
    assert "Tidak ada." in html and "Dibanding" not in html
    assert "Salah dipahami" in text.render(alone, failures=True)
