"""Pictures of the report as SVG text: no library, legible on a phone, titled for who cannot see them.

Colours are CSS classes of page.html.j2, so that they follow its light and dark theme. Series
differ in shape as well as in colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from nlu.trainer.text import percent

_WIDTH = 360
"""A phone's width in CSS pixels: text keeps its size there, and only grows on a desktop."""


def intervals(rows: Sequence[tuple[str, Sequence[Mapping[str, Any]]]], title: str, names: Sequence[str]) -> Markup:
    """One line a row: a point with its interval for each series, on a scale from 0 to 100 %."""
    lane, left, right = 13, 12, 12
    height_of = [26 + lane * len(figures) for _, figures in rows]
    top = 24 if len(names) > 1 else 6
    height = top + sum(height_of) + 22
    parts, y = [], float(top)
    if len(names) > 1:
        parts += _legend(names)
    for (label, figures), tall in zip(rows, height_of, strict=True):
        parts.append(f'<text x="{left}" y="{y + 13}" class="label">{escape(label)}</text>')
        parts.append(_value(figures[0], _WIDTH - right, y + 13))
        for number, figure in enumerate(figures):
            middle = y + 25 + lane * number
            parts.append(_rule(left, _WIDTH - right, middle))
            if figure["value"] is not None:
                parts += _whisker(figure, number, lambda v: left + v * (_WIDTH - left - right), middle)
        y += tall
    parts += [
        f'<text x="{left + share * (_WIDTH - left - right)}" y="{height - 5}" class="tick" text-anchor="{anchor}">'
        f"{share * 100:.0f}%</text>"
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    ]
    return _svg(height, title, parts)


def _value(figure: Mapping[str, Any], x: float, y: float) -> str:
    return f'<text x="{x}" y="{y}" class="number" text-anchor="end">{percent(figure["value"])}</text>'


def _rule(x1: float, x2: float, y: float) -> str:
    return f'<line x1="{x1}" x2="{x2}" y1="{y}" y2="{y}" class="rule"/>'


def _whisker(figure: Mapping[str, Any], number: int, x: Any, y: float) -> list[str]:
    low, high = figure["low"], figure["high"]
    parts = []
    if low is not None and high is not None:
        parts.append(f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}" class="s{number} interval"/>')
    return [*parts, _mark(number, x(figure["value"]), y)]


def _mark(number: int, x: float, y: float) -> str:
    if number == 0:
        return f'<circle cx="{x:.1f}" cy="{y}" r="5" class="s0 mark"/>'
    if number == 1:
        return f'<rect x="{x - 4:.1f}" y="{y - 4}" width="8" height="8" class="s1 mark"/>'
    return f'<path d="M{x:.1f} {y - 5}l5 9h-10z" class="s2 mark"/>'


def _legend(names: Sequence[str]) -> list[str]:
    parts, x = [], 16.0
    for number, name in enumerate(names):
        parts.append(_mark(number, x, 9))
        parts.append(f'<text x="{x + 10}" y="13" class="tick">{escape(name)}</text>')
        x += 26 + 6.4 * len(name)
    return parts


_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 12, 40
_PLOT = 250


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _TOP + (1 - share) * (_PLOT - _TOP - _BOTTOM)


def _axes(below: str) -> list[str]:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(_rule(_x(0), _x(1), _y(share)))
        parts.append(
            f'<text x="{_LEFT - 5}" y="{_y(share) + 4}" class="tick" text-anchor="end">{share * 100:.0f}%</text>'
        )
        text = f"{share:g}".replace(".", ",")
        parts.append(f'<text x="{_x(share)}" y="{_y(0) + 15}" class="tick" text-anchor="middle">{text}</text>')
    return [*parts, f'<text x="{_x(0.5)}" y="{_PLOT - 6}" class="tick" text-anchor="middle">{escape(below)}</text>']


def reliability(bins: Sequence[Mapping[str, Any]], title: str) -> Markup:
    """Share right against confidence; on the diagonal the model is as sure as it is right."""
    parts = _axes("keyakinan model")
    parts.append(f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" class="diagonal"/>')
    points = [(_x(one["confidence"]), one["right"]) for one in bins]
    path = "M" + "L".join(f"{x:.1f} {_y(right['value']):.1f}" for x, right in points)
    parts += [f'<path d="{path}" class="s0 curve"/>'] if points else []
    for x, right in points:
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_y(right["low"]):.1f}" y2="{_y(right["high"]):.1f}" '
            'class="s0 interval"/>'
        )
        parts.append(_mark(0, x, round(_y(right["value"]), 1)))
    return _svg(_PLOT, title, parts)


TRADE_OFF = ("answer", "right", "clarify", "fallback")


def trade_off(points: Sequence[Mapping[str, Any]], threshold: float, title: str) -> Markup:
    """What is answered, what of it is right, what is asked back and what is not understood, by threshold."""
    parts = _axes("ambang “answer” di config.yml")
    for number, what in enumerate(TRADE_OFF):
        known = [(point["threshold"], point[what]) for point in points if point[what]["value"] is not None]
        if not known:
            continue
        upper = [f"{_x(t):.1f} {_y(figure['high']):.1f}" for t, figure in known]
        lower = [f"{_x(t):.1f} {_y(figure['low']):.1f}" for t, figure in reversed(known)]
        parts.append(f'<path d="M{"L".join([*upper, *lower])}Z" class="c{number} band"/>')
        line = "L".join(f"{_x(t):.1f} {_y(figure['value']):.1f}" for t, figure in known)
        parts.append(f'<path d="M{line}" class="c{number} curve"/>')
    parts.append(f'<line x1="{_x(threshold)}" x2="{_x(threshold)}" y1="{_y(0)}" y2="{_y(1)}" class="now"/>')
    return _svg(_PLOT, title, parts)


def _svg(height: float, title: str, parts: Sequence[str]) -> Markup:
    # Everything variable in the parts is a number or escaped above.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
