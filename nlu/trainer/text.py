"""The report as a text for a terminal, in Indonesian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlu.trainer.scores import FIGURES, OF_A_STYLE

SHORT = {
    "first_act": "tindak 1",
    "any_act": "tindak",
    "service": "layanan",
    "service_in_three": "layanan 3",
    "joint": "keduanya",
}
_GROUPS = 8


def percent(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    shown = f"{100 * value:{'+' if sign else ''}.1f}%"
    return ("0,0%" if float(shown[:-1]) == 0 else shown).replace(".", ",")


def interval(figure: Mapping[str, Any], *, sign: bool = False) -> str:
    if figure["value"] is None:
        return "-"
    low, high = (percent(figure[end], sign=sign).removesuffix("%") for end in ("low", "high"))
    return f"{percent(figure['value'], sign=sign)} ({low} sampai {high})"


def render(report: Mapping[str, Any], *, failures: bool) -> str:
    lines = [
        f"Model {report['model']} pada {report['messages']} pesan (dalam kurung: selang kepercayaan 95%)",
        "",
        *_figures(report),
        "",
        *_styles(report),
        "",
        *_safety(report),
        *_golden(report),
        *_calibration(report),
    ]
    for key, title in (("live", "model yang dipakai"), ("stock", "Rasa bawaan")):
        if report[key]:
            lines += ["", *_beside(report[key], title, with_messages=key == "live" or failures)]
    return "\n".join([*lines, "", *_confusions(report, everything=failures)])


def _figures(report: Mapping[str, Any]) -> list[str]:
    return [
        f"{name.title:<28} {interval(report['figures'][key]):<28} dari {report['chances'][key]:>4}  {name.meaning}"
        for key, name in FIGURES.items()
    ]


def _styles(report: Mapping[str, Any]) -> list[str]:
    lines = [f"{'Per gaya':<12} {'pesan':>5}  " + "".join(f"{SHORT[name]:<18}" for name in OF_A_STYLE).rstrip()]
    for row in report["styles"]:
        cells = "".join(f"{_short(row[name]):<18}" for name in OF_A_STYLE)
        lines.append(f"{row['style']:<12} {row['messages']:>5}  {cells}".rstrip())
    return lines


def _short(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "-"
    return f"{percent(figure['value'])} ({100 * figure['low']:.0f}–{100 * figure['high']:.0f})"


def _safety(report: Mapping[str, Any]) -> list[str]:
    lines = [f"  bahaya terlewat: {one['text'][:100]}" for one in report["safety"]["missed"]]
    lines += [f"  alarm palsu: {one['text'][:100]}" for one in report["safety"]["false_alarms"]]
    return ["Bahaya:", *lines] if lines else ["Bahaya: tidak ada yang terlewat, tidak ada alarm palsu"]


def _golden(report: Mapping[str, Any]) -> list[str]:
    broken = report["golden"]["broken"]
    of = report["golden"]["questions"]
    return [f"Pertanyaan emas: {of - len(broken)} dari {of} benar", *(f"  salah: {_message(one)}" for one in broken)]


def _calibration(report: Mapping[str, Any]) -> list[str]:
    errors = report["calibration"]
    return [
        "Galat kalibrasi: "
        + "; ".join(
            f"{title} {interval(errors[kind]['expected_error'])}"
            for kind, title in (("act", "tindak"), ("service", "layanan"), ("whole", "keduanya"))
        )
    ]


def _beside(side: Mapping[str, Any], title: str, *, with_messages: bool) -> list[str]:
    lines = [f"Dibanding {title} ({side['model']}), selisih berpasangan:"]
    for key, name in FIGURES.items():
        then = percent(side["figures"][key]["value"])
        lines.append(f"  {name.title:<28} {interval(side['gains'][key], sign=True):<30} tadinya {then}")
    for kind, what in (("act", "tindak"), ("service", "layanan")):
        rows = side["changes"][kind]
        worse = [row for row in rows if row["now"] < row["before"]]
        lines.append(f"  {what}: {len(worse)} memburuk, {len(rows) - len(worse)} membaik atau bertukar")
        lines += [
            f"    {row['name']:<24} {row['before']} -> {row['now']} dari {row['of']}"
            f"  {interval(row['gain'], sign=True)}"
            for row in (rows if with_messages else worse[:_GROUPS])
        ]
    flips = side["flips"]
    lines.append(f"  Dulu benar, sekarang salah: {len(flips['lost'])}; dulu salah, sekarang benar: {len(flips['won'])}")
    if with_messages:
        lines += [f"    {_message(one)}" for one in flips["lost"]]
    return lines


def _confusions(report: Mapping[str, Any], *, everything: bool) -> list[str]:
    groups = report["confusions"]
    shown = groups if everything else groups[:_GROUPS]
    lines = [f"Salah dipahami, terbanyak dulu ({len(groups)} macam):"]
    for group in shown:
        kind = "tindak" if group["kind"] == "act" else "layanan"
        lines.append(f"  {len(group['messages'])}× {kind} {group['wanted']} dibaca {group['read']}")
        lines += [f"      {one['text'][:110]}" for one in group["messages"]]
    if len(shown) < len(groups):
        lines.append("  … semuanya: --failures, atau halaman HTML")
    return lines


def _message(one: Mapping[str, Any]) -> str:
    wanted, read = one["wanted"], one["read"]
    return (
        f"{one['text'][:90]!r}: {wanted['acts']} {wanted['service']} -> "
        f"{read['act']} {read['service']} ({read['decision']})"
    )
