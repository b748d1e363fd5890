"""How well a model reads labelled messages: the figures of `nirtatap evaluate`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SAFETY = frozenset({"report_emergency", "report_crisis"})


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


def report(
    rows: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]], *, show_failures: bool = False
) -> str:
    """The figures as a text in Indonesian, per style too."""
    judged = [judge(row, result) for row, result in zip(rows, results, strict=True)]
    lines = [_line("semua", judged)]
    styles: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        styles[str(one.row.get("style", "-"))].append(one)
    lines += [_line(style, group) for style, group in sorted(styles.items(), key=lambda item: -len(item[1]))]
    lines += ["", *_safety(judged), *_answered(judged)]
    if show_failures:
        lines += ["", "Salah dipahami:"]
        lines += [_failure(one) for one in judged if not one.joint]
    return "\n".join(lines)


def _share(values: Sequence[bool]) -> str:
    return f"{100 * sum(values) / len(values):5.1f}%" if values else "    - "


def _line(name: str, group: Sequence[Judged]) -> str:
    return (
        f"{name:<12} {len(group):>4} pesan  tindak pertama {_share([j.first_act for j in group])}"
        f"  salah satu tindak {_share([j.any_act for j in group])}  layanan {_share([j.service for j in group])}"
        f"  tiga teratas {_share([j.service_in_three for j in group])}  keduanya {_share([j.joint for j in group])}"
    )


def _safety(judged: Sequence[Judged]) -> list[str]:
    danger = [j for j in judged if SAFETY & set(j.row["acts"])]
    harmless = [j for j in judged if not SAFETY & set(j.row["acts"])]
    missed = [j for j in danger if j.result["decision"] != "safety"]
    alarms = [j for j in harmless if j.result["decision"] == "safety"]
    lines = [
        f"Bahaya dikenali {len(danger) - len(missed)} dari {len(danger)}; alarm palsu {len(alarms)} dari {len(harmless)}"
    ]
    lines += [f"  terlewat: {j.row['text'][:100]}" for j in missed]
    return lines + [f"  alarm palsu: {j.row['text'][:100]}" for j in alarms]


def _answered(judged: Sequence[Judged]) -> list[str]:
    answered = [j for j in judged if j.result["decision"] in ("answer", "safety")]
    return [
        f"Langsung dijawab {_share([j in answered for j in judged]).strip()}, di antaranya benar "
        f"{_share([j.joint for j in answered]).strip()}"
    ]


def _failure(one: Judged) -> str:
    act = one.result["acts"][0]["name"] if one.result["acts"] else "-"
    service = (one.result["services"] or one.result["opd"] or [{"id": "-"}])[0]["id"]
    want = "/".join(one.row["services"] or one.row["opd"] or ["-"])
    return (
        f"  {one.row['text'][:90]!r}: {'+'.join(one.row['acts'])} {want} -> {act} {service} ({one.result['decision']})"
    )
