"""What counts as right, and that the fast bootstrap gives what a plain one gives."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.trainer import scores
from nlu.trainer.bootstrap import Counts, difference, intervals, ratio

OPD_OF = {"kia": "disdukcapil", "kk_baru": "disdukcapil", "uji_kir": "dishub"}


def reading(act: str, *services: str, opd: tuple[str, ...] = (), decision: str = "answer", also: str = "") -> dict:
    acts = [{"name": act, "confidence": 0.9}]
    if also:
        acts.append({"name": also, "confidence": 0.8})
    return {
        "acts": acts,
        "services": [{"id": name, "confidence": 0.8} for name in services],
        "opd": [{"id": name, "confidence": 0.8} for name in opd],
        "decision": decision,
    }


def row(acts: str, *services: str, opd: tuple[str, ...] = (), style: str = "plain") -> dict[str, Any]:
    return {"text": "x", "acts": acts.split("+"), "services": [*services], "opd": [*opd], "style": style}


@pytest.mark.parametrize(
    ("labels", "result", "right"),
    [
        # (first act, any act, service, service in three)
        (row("ask_fee", "kia"), reading("ask_fee", "kia"), (True, True, True, True)),
        (row("ask_fee+ask_duration", "kia"), reading("ask_duration", "kia"), (False, True, True, True)),
        (row("ask_fee", "kia"), reading("ask_fee", "kk_baru", "uji_kir", "kia"), (True, True, False, True)),
        (row("ask_fee", "kia", "kk_baru"), reading("ask_fee", "kk_baru"), (True, True, True, True)),
        (row("ask_fee", "kia"), reading("ask_fee"), (True, True, False, False)),
        (row("greet"), reading("greet"), (True, True, True, True)),
        (row("greet"), reading("greet", "kia"), (True, True, False, False)),
        (row("greet"), reading("greet", opd=("dishub",)), (True, True, False, False)),
        (row("ask_hours", opd=("dishub",)), reading("ask_hours", opd=("dishub",)), (True, True, True, True)),
        (row("ask_hours", opd=("dishub",)), reading("ask_hours", opd=("dlh", "dishub")), (True, True, False, True)),
        (row("ask_hours", opd=("dishub",)), reading("ask_hours", "uji_kir"), (True, True, False, False)),
    ],
)
def test_a_reading_is_judged(labels: dict, result: dict, right: tuple[bool, ...]) -> None:
    one = scores.judge(labels, result)
    assert (one.first_act, one.any_act, one.service, one.service_in_three) == right
    assert one.joint == (right[1] and right[2])


def test_nothing_read_is_wrong_and_no_crash() -> None:
    one = scores.judge(row("greet"), {"acts": [], "services": [], "opd": [], "decision": "fallback"})
    assert not one.any_act and one.act is None
    assert scores.count(one, OPD_OF)["f1/greet/fn"] == 1


def figures_of(rows: list[dict], results: list[dict]) -> dict[str, float | None]:
    counted = [scores.count(one, OPD_OF) for one in scores.judge_all(rows, results)]
    wanted = {name: figure(0) for name, figure in scores.figures(rows).items()}
    return {name: found.value for name, found in intervals([counted], wanted, times=20).items()}


def test_figures_of_a_small_set() -> None:
    rows = [
        row("report_emergency", "uji_kir"),
        row("report_crisis"),
        row("ask_fee", "kia"),
        row("out_of_scope"),
        row("out_of_scope"),
        row("greet"),
        row("ask_location", opd=("dishub",)),
    ]
    results = [
        reading("report_emergency", "uji_kir", decision="safety"),
        reading("greet", decision="answer"),  # missed
        reading("ask_fee", "kk_baru", decision="clarify"),  # another service of the right agency
        reading("out_of_scope"),
        reading("ask_fee", "kia", decision="safety"),  # false alarm
        reading("out_of_scope"),
        reading("ask_location", opd=("dishub",)),
    ]
    found = figures_of(rows, results)
    assert found["safety_recall"] == 1 / 2 and found["false_alarms"] == 1 / 5
    assert found["oos_precision"] == 1 / 2 and found["oos_recall"] == 1 / 2
    assert found["agency"] == 3 / 3 and found["opd"] == 1.0
    assert found["service"] == 5 / 7 and found["first_act"] == 4 / 7 and found["joint"] == 3 / 7
    assert found["answered"] == 6 / 7 and found["answered_right"] == 3 / 6
    # emergency 1, crisis 0, ask_fee 2/3, out_of_scope 1/2, greet 0, ask_location 1
    assert found["macro_f1"] == pytest.approx((1 + 0 + 2 / 3 + 1 / 2 + 0 + 1) / 6)


def test_a_second_act_that_is_read_counts_in_f1() -> None:
    rows = [row("ask_fee+ask_duration", "kia")]
    assert figures_of(rows, [reading("ask_fee", "kia", also="ask_duration")])["macro_f1"] == 1.0
    assert figures_of(rows, [reading("ask_fee", "kia")])["macro_f1"] == 0.5


def test_a_figure_without_messages_is_none() -> None:
    found = figures_of([row("greet")], [reading("greet")])
    assert found["safety_recall"] is None and found["opd"] is None


counters = st.dictionaries(st.sampled_from(["a/", "a+", "b~"]), st.integers(0, 10_000))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(counters, counters), min_size=1, max_size=12))
def test_packed_resamples_are_plain_resamples(rows: list[tuple[dict, dict]]) -> None:
    """Every sum the packed integers give is the sum of the drawn messages' counters."""
    seen: list[tuple[int, ...]] = []

    def spy(sides: Any) -> float:
        seen.append(tuple(sides[side][name] for side in (0, 1) for name in ("a/", "a+", "b~")))
        return 0.0

    intervals([[one for one, _ in rows], [other for _, other in rows]], {"spy": spy}, times=5, seed=7)
    draw = random.Random(7)  # noqa: S311
    expected = []
    for picked in [*(draw.choices(rows, k=len(rows)) for _ in range(5)), rows]:
        totals = (Counts(), Counts())
        for pair in picked:
            for total, part in zip(totals, pair, strict=True):
                for name, amount in part.items():
                    total[name] += amount
        expected.append(tuple(totals[side][name] for side in (0, 1) for name in ("a/", "a+", "b~")))
    assert seen == expected


def test_intervals_hold_their_value_and_shrink_with_more_messages() -> None:
    few = [{"x/": 1, "x+": int(n % 4 != 0)} for n in range(40)]
    small = intervals([few], {"x": ratio("x")})["x"]
    large = intervals([few * 20], {"x": ratio("x")})["x"]
    assert small.value == large.value == 0.75
    for found in (small, large):
        assert found.low is not None and found.high is not None and found.low < 0.75 < found.high
    assert small.high - small.low > 3 * (large.high - large.low)  # type: ignore[operator]
    # The normal approximation of the same interval.
    assert large.high - large.low == pytest.approx(2 * 1.96 * (0.75 * 0.25 / 800) ** 0.5, rel=0.15)  # type: ignore[operator]


def test_paired_differences_know_that_the_messages_are_the_same() -> None:
    old = [{"x/": 1, "x+": n % 2} for n in range(100)]
    same = intervals([old, old], {"gain": difference(lambda side: ratio("x", side), 0, 1)})["gain"]
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    better = [{**one, "x+": 1} if n == 0 else one for n, one in enumerate(old)]
    gain = intervals([better, old], {"gain": difference(lambda side: ratio("x", side), 0, 1)})["gain"]
    assert gain.value == pytest.approx(0.01) and gain.low == 0.0 and gain.high <= 0.04  # type: ignore[operator]


def test_the_same_reading_gives_the_same_interval() -> None:
    rows = [{"x/": 1, "x+": n % 3 == 0} for n in range(50)]
    assert intervals([rows], {"x": ratio("x")}) == intervals([rows], {"x": ratio("x")})
