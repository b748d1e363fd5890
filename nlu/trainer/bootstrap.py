"""Bootstrap intervals in plain Python: how far a figure would move with other messages of the same kind.

A figure is a function of counters (“12 of 15 were right”). A message adds 0 or more to each
counter, and a resample draws as many messages as there are, with replacement. All counters of
a message are packed into one large integer, 32 bits each, so that a resample is one sum in C
and a thousand resamples of a thousand counters take about a second without numpy.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

TIMES = 1000
SEED = 20261124
"""Fixed, so that the same reading of the same messages gives the same intervals."""

_LANE = 32


class Counts(dict[str, int]):
    """Counters by name; one that nothing was added to is 0."""

    def __missing__(self, _name: str) -> int:
        return 0


Figure = Callable[[Sequence[Counts]], float | None]
"""From the counters of each side (model, live model, …) to a number; None where it is undefined."""


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % bootstrap interval; all None where the messages do not define it."""

    value: float | None
    low: float | None
    high: float | None

    def as_json(self) -> dict[str, float | None]:
        return {
            name: None if number is None else round(number, 5)
            for name, number in (("value", self.value), ("low", self.low), ("high", self.high))
        }


def ratio(name: str, side: int = 0) -> Figure:
    """The share `name+` of `name/`."""
    hits, chances = f"{name}+", f"{name}/"

    def figure(sides: Sequence[Counts]) -> float | None:
        counts = sides[side]
        of = counts[chances]
        return counts[hits] / of if of else None

    return figure


def difference(figure: Callable[[int], Figure], new: int, old: int) -> Figure:
    """What a figure gained from side `old` to side `new`, on the same messages (paired)."""
    after, before = figure(new), figure(old)

    def gained(sides: Sequence[Counts]) -> float | None:
        now, then = after(sides), before(sides)
        return None if now is None or then is None else now - then

    return gained


def intervals(
    sides: Sequence[Sequence[Mapping[str, int]]],
    figures: Mapping[str, Figure],
    times: int = TIMES,
    seed: int = SEED,
) -> dict[str, Interval]:
    """Every figure with its interval. `sides` hold one row of counters a message, in the same order."""
    rows = list(zip(*sides, strict=True))
    packed, unpack = _pack(rows, len(sides))
    whole = unpack(sum(packed))
    samples: dict[str, list[float]] = {name: [] for name in figures}
    for counts in _resamples(packed, unpack, times, seed):
        for name, figure in figures.items():
            value = figure(counts)
            if value is not None:
                samples[name].append(value)
    return {name: _interval(figure(whole), samples[name]) for name, figure in figures.items()}


def _interval(value: float | None, samples: list[float]) -> Interval:
    if value is None or not samples:
        return Interval(value, None, None)
    samples.sort()
    last = len(samples) - 1
    return Interval(value, samples[round(0.025 * last)], samples[round(0.975 * last)])


Unpack = Callable[[int], list[Counts]]


def _pack(rows: Sequence[tuple[Mapping[str, int], ...]], sides: int) -> tuple[list[int], Unpack]:
    names = [sorted({name for row in rows for name in row[side]}) for side in range(sides)]
    lanes = {(side, name): n for n, (side, name) in enumerate((s, name) for s in range(sides) for name in names[s])}
    packed = [
        sum(amount << (_LANE * lanes[side, name]) for side in range(sides) for name, amount in row[side].items())
        for row in rows
    ]
    layout = struct.Struct(f"<{len(lanes)}I")

    def unpack(total: int) -> list[Counts]:
        values = iter(layout.unpack(total.to_bytes(layout.size, "little")))
        return [Counts(zip(names[side], values, strict=False)) for side in range(sides)]

    return packed, unpack


def _resamples(packed: list[int], unpack: Unpack, times: int, seed: int) -> Iterator[list[Counts]]:
    if not packed:
        return
    draw = random.Random(seed)  # noqa: S311 - statistics, not secrets
    for _ in range(times):
        yield unpack(sum(draw.choices(packed, k=len(packed))))
