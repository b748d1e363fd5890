"""From single answers to figures: percentiles, ratios, and the aims. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PARSE, WEBCHAT, TELEGRAM, STOCK = "parse", "webchat", "telegram", "stock"
KINDS = (PARSE, WEBCHAT, TELEGRAM, STOCK)

AT = 16
"""Residents at which throughputs are compared: all are saturated, none is drowned."""

TIMES_STOCK = 8.0
P50_MS = 12.0
OWN_SHARE_MS = 5.0


@dataclass(frozen=True)
class Sample:
    """What the generator saw in one measured window."""

    latencies_ms: tuple[float, ...]
    errors: int
    strays: int
    """Answers nobody waited for: anything but 0 means that latencies were taken of the wrong answer."""
    seconds: float


@dataclass(frozen=True)
class Cell:
    """One kind of load with a number of residents, all rounds together."""

    kind: str
    residents: int
    count: int
    errors: int
    strays: int
    seconds: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    per_second: float
    cpu: Mapping[str, float] = field(default_factory=dict)
    """Cores used by each process while measuring."""


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile: a value that was really measured; None where nothing was."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summarise(kind: str, residents: int, samples: Sequence[Sample], cpu: Mapping[str, float]) -> Cell:
    """The rounds of one cell as one: answers are pooled, never averages averaged."""
    latencies = [value for sample in samples for value in sample.latencies_ms]
    seconds = sum(sample.seconds for sample in samples)
    return Cell(
        kind,
        residents,
        count=len(latencies),
        errors=sum(sample.errors for sample in samples),
        strays=sum(sample.strays for sample in samples),
        seconds=seconds,
        p50_ms=percentile(latencies, 0.50),
        p95_ms=percentile(latencies, 0.95),
        p99_ms=percentile(latencies, 0.99),
        per_second=len(latencies) / seconds if seconds else 0.0,
        cpu=dict(cpu),
    )


def find(cells: Sequence[Cell], kind: str, residents: int) -> Cell | None:
    return next((cell for cell in cells if (cell.kind, cell.residents) == (kind, residents)), None)


def times_stock(cells: Sequence[Cell], kind: str, residents: int = AT) -> float | None:
    """Throughput of a kind over that of stock Rasa; None where one of them was not measured."""
    ours, stock = find(cells, kind, residents), find(cells, STOCK, residents)
    if ours is None or stock is None or not stock.per_second:
        return None
    return ours.per_second / stock.per_second


def own_share_ms(cells: Sequence[Cell]) -> float | None:
    """What the bot adds to Rasa's parse for one resident: web chat p50 less parse p50."""
    whole, parse = find(cells, WEBCHAT, 1), find(cells, PARSE, 1)
    if whole is None or parse is None or whole.p50_ms is None or parse.p50_ms is None:
        return None
    return whole.p50_ms - parse.p50_ms


@dataclass(frozen=True)
class Aim:
    """A stated aim; `reached` is None where it was not measured in this run."""

    name: str
    wanted: str
    measured: float | None
    unit: str
    reached: bool | None


def aims(cells: Sequence[Cell]) -> list[Aim]:
    found = []
    for kind in (WEBCHAT, TELEGRAM):
        times = times_stock(cells, kind)
        reached = None if times is None else times >= TIMES_STOCK
        found.append(Aim(f"{kind}_times_stock_at_{AT}", f"≥ {TIMES_STOCK:g}", times, "×", reached))
    for kind in (WEBCHAT, TELEGRAM):
        cell = find(cells, kind, 1)
        p50 = cell.p50_ms if cell is not None else None
        reached = None if p50 is None else p50 < P50_MS
        found.append(Aim(f"{kind}_p50_at_1", f"< {P50_MS:g}", p50, "ms", reached))
    share = own_share_ms(cells)
    reached = None if share is None else share < OWN_SHARE_MS
    found.append(Aim("own_share_p50_at_1", f"< {OWN_SHARE_MS:g}", share, "ms", reached))
    return found
