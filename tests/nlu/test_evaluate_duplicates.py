"""Near duplicates across labels are found, and only those."""

from __future__ import annotations

import random
import time

from nlu.components import language
from nlu.trainer import duplicates
from nlu.trainer.examples import Example


def example(text: str, act: str, line: int, *services: str) -> Example:
    return Example(text, (act,), services, (), "nlu/data/a.yml", line)


def found(*rows: Example) -> list[str]:
    lexicon = language.load_lexicon()
    return duplicates.near(list(rows), {row: language.normalise(row.text, lexicon) for row in rows})


def test_a_typo_and_another_order_are_found_with_both_places() -> None:
    one = example("berapa biaya membuat kartu identitas anak sekarang", "ask_fee", 1)
    typo = example("berapa biaya membuat kartu identtas anak sekarang", "ask_duration", 2)
    order = example("membuat kartu identitas anak sekarang berapa biaya", "ask_overview", 3)
    warnings = found(one, typo, order)
    assert len(warnings) == 3
    assert "a.yml:2" in warnings[0] and "a.yml:1" in warnings[0] and "ask_duration; ask_fee" in warnings[0]


def test_same_label_short_texts_and_other_questions_are_left_alone() -> None:
    assert (
        found(
            example("berapa biaya bikin kartu anak", "ask_fee", 1), example("brp biaya bikin kartu anak", "ask_fee", 2)
        )
        == []
    )
    assert found(example("bayar berapa min", "ask_fee", 1), example("bayar berapa mint", "thank", 2)) == []
    assert (
        found(
            example("syarat ganti ktp yang hilang", "ask_requirements", 1, "ktp_el_hilang"),
            example("syarat ganti ktp yang rusak", "ask_requirements", 2, "ktp_el_rusak"),
            example("syarat ganti ktp yang hilang dan lama proses jadinya", "ask_duration", 3, "ktp_el_hilang"),
        )
        == []
    )


def test_thousands_are_compared_in_seconds() -> None:
    draw = random.Random(1)  # noqa: S311
    words = [f"kata{n}" for n in range(3000)]
    # Some words are everywhere, as in real questions.
    rows = [
        example(" ".join([*draw.choices(words[:30], k=5), *draw.choices(words, k=4)]), draw.choice(["a", "b"]), n)
        for n in range(7500)
    ]
    started = time.monotonic()
    duplicates.near(rows, {row: row.text for row in rows})
    assert time.monotonic() - started < 15
