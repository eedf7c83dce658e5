"""The axes of a chart: which moments and which shares get a line and a word. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format

from aggregation import clock

MOST_TICKS = 5
_MINUTES = (5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAYS = (1, 2, 5, 10, 20, 50, 100, 200, 400)


@dataclass(frozen=True)
class Tick:
    """A place on an axis, 0 to 1, and what stands there."""

    at: float
    word: str


def of_time(first: datetime, last: datetime, code: str) -> list[Tick]:
    """Round moments on the clocks of a place: 14.00, at midnight the day (15 Feb); by days where it lasted longer."""
    length = (last - first).total_seconds() or 1.0
    step, days = _step(length)
    local, _zone = clock.local(first, code)
    moment = local.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[Tick] = []
    while moment <= last:
        if moment >= first:
            midnight = days or (moment.hour, moment.minute) == (0, 0)
            word = date_format(moment, "j M") if midnight else date_format(moment, "H.i")
            found.append(Tick((moment - first).total_seconds() / length, word))
        moment += step
    return found


def _step(length: float) -> tuple[timedelta, bool]:
    """The shortest round step with at most `MOST_TICKS` in so many seconds, and whether it is of whole days."""
    for minutes in _MINUTES:
        if length <= minutes * 60 * MOST_TICKS:
            return timedelta(minutes=minutes), False
    for days in _DAYS:
        if length <= days * 86_400 * MOST_TICKS:
            return timedelta(days=days), True
    return timedelta(days=math.ceil(length / 86_400 / MOST_TICKS)), True


def top_of(shares: Sequence[float]) -> float:
    """Where an axis of shares that begins at 0 ends: the next whole tenth, at most 1."""
    return min(1.0, math.ceil(max(shares, default=0.0) * 10 + 1e-9) / 10 or 0.1)


def of_share(top: float) -> list[float]:
    """The shares that get a line: by tens up to half, then by twenties, by halves of tens below a fifth."""
    step = 0.05 if top <= 0.2 else 0.1 if top <= 0.5 else 0.2
    return [round(step * n, 2) for n in range(int(top / step + 1e-9) + 1)]


def apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places for labels near the wanted ones, in their order, at least `gap` apart, and from `low` to `high`.

    Where they do not fit, they are as far apart as they can be.
    """
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    placed = [0.0] * len(wanted)
    edge = low
    for i in order:
        placed[i] = max(wanted[i], edge)
        edge = placed[i] + gap
    edge = high
    for i in reversed(order):
        placed[i] = min(placed[i], edge)
        edge = placed[i] - gap
    return placed
