"""The report as one self-contained HTML page, in Indonesian."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from nlu.trainer import calibration, charts
from nlu.trainer.scores import FIGURES
from nlu.trainer.text import interval, percent

TEMPLATE = "page.html.j2"
_OVERVIEW = ("joint", "any_act", "first_act", "macro_f1", "service", "service_in_three", "agency", "opd")
_RARE = ("safety_recall", "false_alarms", "oos_precision", "oos_recall", "answered", "answered_right")


def render(report: Mapping[str, Any]) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "number": _number,
        "breakable": _breakable,
        "whole": _whole,
    }
    beside = [
        (key, title, report[key])
        for key, title in (("live", "Model yang dipakai"), ("stock", "Rasa bawaan"))
        if report[key]
    ]
    series = ["Model ini", *(title for _, title, _ in beside)]

    def overview(names: tuple[str, ...], title: str) -> Any:
        rows = [
            (FIGURES[name].title, [report["figures"][name], *(side["figures"][name] for *_, side in beside)])
            for name in names
        ]
        return charts.intervals(rows, title, series)

    styles = [(f"{row['style']} ({row['messages']} pesan)", [row["joint"]]) for row in report["styles"]]
    return environment.get_template(TEMPLATE).render(
        report=report,
        figures=FIGURES,
        beside=beside,
        kinds=calibration.KINDS,
        main=overview(_OVERVIEW, "Ukuran utama dengan selang kepercayaan 95%"),
        rare=overview(_RARE, "Bahaya, luar urusan kota, dan keputusan, dengan selang kepercayaan 95%"),
        styles=charts.intervals(styles, "Tindak dan layanan benar menurut gaya bahasa", series[:1]),
        reliability={
            kind: charts.reliability(part["bins"], f"Kurva keandalan: {calibration.KINDS[kind]}")
            for kind, part in report["calibration"].items()
        },
        trade_off=charts.trade_off(
            report["trade_off"], report["thresholds"]["answer"], "Yang dijawab, ditanya balik, dan tidak dipahami"
        ),
    )


def _number(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _breakable(name: str) -> Markup:
    """A long identifier that a narrow table may break after an underscore."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f}%"
