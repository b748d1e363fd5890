"""What was right about each reading of a labelled message, and the figures counted from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlu.trainer.bootstrap import Counts, Figure, ratio

SAFETY = frozenset({"report_emergency", "report_crisis"})
OUT_OF_SCOPE = "out_of_scope"
ALSO_ASKED = 0.5
"""Confidence from which a second or third act counts as read, as the dialogue takes it."""


@dataclass(frozen=True)
class Judged:
    """One message, and what was right about its reading."""

    row: Mapping[str, Any]
    result: Mapping[str, Any]
    first_act: bool
    any_act: bool
    service: bool
    service_in_three: bool

    @property
    def joint(self) -> bool:
        return self.any_act and self.service

    @property
    def act(self) -> str | None:
        """The act that was read first."""
        return self.result["acts"][0]["name"] if self.result["acts"] else None


def judge(row: Mapping[str, Any], result: Mapping[str, Any]) -> Judged:
    """Compare a reading with its labels.

    A service counts as right where it is one of the labelled ones; where none is labelled,
    the reading must name none (and the right agency, where one is labelled).
    """
    act = result["acts"][0]["name"] if result["acts"] else None
    services = [service["id"] for service in result["services"]]
    agencies = [agency["id"] for agency in result["opd"]]
    if row["services"]:
        right = bool(services) and services[0] in row["services"]
        in_three = any(service in row["services"] for service in services[:3])
    elif row["opd"]:
        right = not services and bool(agencies) and agencies[0] in row["opd"]
        in_three = not services and any(agency in row["opd"] for agency in agencies[:3])
    else:
        right = in_three = not services and not agencies
    return Judged(row, result, act == row["acts"][0], act in row["acts"], right, in_three)


def judge_all(rows: Iterable[Mapping[str, Any]], results: Iterable[Mapping[str, Any]]) -> list[Judged]:
    return [judge(row, result) for row, result in zip(rows, results, strict=True)]


@dataclass(frozen=True)
class Name:
    """A figure as people read it."""

    title: str
    meaning: str
    lower_is_better: bool = False


FIGURES: dict[str, Name] = {
    "first_act": Name("Tindak pertama", "tindak teratas sama dengan tindak utama pada label"),
    "any_act": Name("Salah satu tindak", "tindak teratas termasuk tindak pada label"),
    "macro_f1": Name("F1 makro tindak", "rata-rata F1 semua tindak, tiap tindak sama bobotnya"),
    "service": Name("Layanan", "layanan teratas benar, atau benar tidak menyebut layanan"),
    "service_in_three": Name("Layanan, tiga teratas", "salah satu dari tiga layanan teratas benar"),
    "opd": Name("Kantor OPD", "OPD benar, pada pesan tentang kantor dan bukan layanan"),
    "agency": Name("OPD penanggung jawab", "OPD dari layanan atau kantor yang dibaca benar"),
    "joint": Name("Tindak dan layanan", "salah satu tindak benar dan layanan benar sekaligus"),
    "safety_recall": Name("Bahaya dikenali", "pesan darurat atau krisis yang dijawab sebagai bahaya"),
    "false_alarms": Name("Alarm palsu", "pesan biasa yang dijawab sebagai bahaya", lower_is_better=True),
    "oos_precision": Name("Luar urusan kota, tepat", "yang dibaca “luar urusan kota” memang demikian"),
    "oos_recall": Name("Luar urusan kota, tertangkap", "pesan luar urusan kota yang dikenali"),
    "answered": Name("Langsung dijawab", "tanpa bertanya balik"),
    "answered_right": Name("Benar bila dijawab", "tindak dan layanan benar di antara yang langsung dijawab"),
}
OF_A_STYLE = ("first_act", "any_act", "service", "service_in_three", "joint")


def count(one: Judged, opd_of: Mapping[str, str]) -> dict[str, int]:
    """What this message adds to the counters: chances `name/`, hits `name+`.

    `opd_of` names the agency of each service. Only counters that grow are listed.
    """
    shares = _shares(one, opd_of)
    style = str(one.row.get("style", "-"))
    shares |= {f"style/{style}/{name}": shares[name] for name in OF_A_STYLE}
    shares[f"act/{one.row['acts'][0]}"] = one.any_act
    shares |= {f"service/{name}": one.service for name in one.row["services"]}
    counts: Counter[str] = Counter()
    for name, hit in shares.items():
        counts[f"{name}/"] += 1
        if hit:
            counts[f"{name}+"] += 1
    wanted = set(one.row["acts"])
    read = {act["name"] for n, act in enumerate(one.result["acts"]) if n == 0 or act["confidence"] >= ALSO_ASKED}
    for act in wanted | read:
        counts[f"f1/{act}/" + ("tp" if act in wanted & read else "fn" if act in wanted else "fp")] += 1
    return dict(counts)


def _shares(one: Judged, opd_of: Mapping[str, str]) -> dict[str, bool]:
    row, result = one.row, one.result
    shares = {
        "first_act": one.first_act,
        "any_act": one.any_act,
        "service": one.service,
        "service_in_three": one.service_in_three,
        "joint": one.joint,
    }
    if row["opd"] and not row["services"]:
        shares["opd"] = one.service
    agencies = {opd_of.get(service, "?") for service in row["services"]} or set(row["opd"])
    if agencies:
        if result["services"]:
            read = opd_of.get(result["services"][0]["id"])
        else:
            read = result["opd"][0]["id"] if result["opd"] else None
        shares["agency"] = read in agencies
    alarm = result["decision"] == "safety"
    shares["safety_recall" if SAFETY & set(row["acts"]) else "false_alarms"] = alarm
    if one.act == OUT_OF_SCOPE:
        shares["oos_precision"] = OUT_OF_SCOPE in row["acts"]
    if OUT_OF_SCOPE in row["acts"]:
        shares["oos_recall"] = one.act == OUT_OF_SCOPE
    shares["answered"] = alarm or result["decision"] == "answer"
    if shares["answered"]:
        shares["answered_right"] = one.joint
    return shares


def figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Callable[[int], Figure]]:
    """The figures of FIGURES as functions of the counters of a side."""
    acts = sorted({act for row in rows for act in row["acts"]})

    def named(name: str) -> Callable[[int], Figure]:
        return lambda side: macro_f1(acts, side) if name == "macro_f1" else ratio(name, side)

    return {name: named(name) for name in FIGURES}


def macro_f1(acts: Sequence[str], side: int) -> Figure:
    """The mean F1 over these acts; an act that a resample neither holds nor reads has none."""
    keys = [(f"f1/{act}/tp", f"f1/{act}/fp", f"f1/{act}/fn") for act in acts]

    def figure(sides: Sequence[Counts]) -> float | None:
        counts, values = sides[side], []
        for hit, wrong, missed in keys:
            right = 2 * counts[hit]
            of = right + counts[wrong] + counts[missed]
            if of:
                values.append(right / of)
        return sum(values) / len(values) if values else None

    return figure
