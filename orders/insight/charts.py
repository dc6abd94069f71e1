"""Bars of a chart, as rectangles for an SVG that the server draws; no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from orders.insight.keeping import Days

HEIGHT = 120
STEP = 12
BAR = 9
_DAY = timedelta(days=1)
_WEEK = 7
# More days than these are drawn week by week.
MOST_DAYS = 62


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a bar, from `y` downwards."""

    label: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A day or a week: how many in all and of each label, and the rectangles."""

    days: Days
    x: int
    total: int
    counts: Mapping[str, int]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars side by side in a box of `width` by `HEIGHT`; the highest stands for `most`."""

    bars: tuple[Bar, ...]
    most: int
    width: int
    height: int = HEIGHT
    bar_width: int = BAR


def draw(days: Days, counts: Mapping[date, Mapping[str, int]], labels: Sequence[str]) -> Chart:
    """A bar for each day, or for each week of a long span; `labels` are stacked upwards."""
    spans = _spans(days)
    sums = [_sum_up(span, counts, labels) for span in spans]
    most = max((sum(found.values()) for found in sums), default=0)
    bars = tuple(
        Bar(span, place * STEP, sum(found.values()), found, _pieces(found, labels, most))
        for place, (span, found) in enumerate(zip(spans, sums, strict=True))
    )
    return Chart(bars, most, max(len(bars) * STEP, STEP))


def _spans(days: Days) -> list[Days]:
    length = (days.end - days.first).days
    step = _WEEK if length > MOST_DAYS else 1
    # The last bar ends with the last day; a broken week stands at the beginning.
    starts = range(-(-length % step), length, step)
    return [
        Days(max(days.first, days.first + start * _DAY), days.first + (start + step) * _DAY)
        for start in starts
    ]


def _sum_up(
    span: Days, counts: Mapping[date, Mapping[str, int]], labels: Sequence[str]
) -> dict[str, int]:
    found = dict.fromkeys(labels, 0)
    for number in range((span.end - span.first).days):
        for label, count in counts.get(span.first + number * _DAY, {}).items():
            found[label] += count
    return found


def _pieces(found: Mapping[str, int], labels: Sequence[str], most: int) -> tuple[Piece, ...]:
    pieces, top = [], float(HEIGHT)
    for label in labels:
        height = round(HEIGHT * found[label] / most, 1) if most else 0.0
        if height:
            top = round(top - height, 1)
            pieces.append(Piece(label, max(top, 0.0), height))
    return tuple(pieces)
