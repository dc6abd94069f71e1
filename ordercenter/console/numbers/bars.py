"""Orders that left, by day, with the way to each bar's orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ordercenter.console.numbers.board import OUTBOUND, Board
from orders.insight.charts import Chart, draw
from orders.insight.facts import fact_named
from orders.insight.keeping import Days
from orders.insight.reading import each_day

# A single day is shown among those before it.
SHORTEST_CHART = 14


@dataclass(frozen=True, slots=True)
class ShownBar:
    """A bar of the chart with its link and its words."""

    x: int
    pieces: Sequence[Any]
    url: str
    says: str


def chart(board: Board) -> tuple[Chart, list[ShownBar]]:
    """Orders that left, by day (by week for a year), with the way to each bar's orders."""
    days = board.days
    if (days.end - days.first).days < SHORTEST_CHART:
        days = Days(days.end - timedelta(days=SHORTEST_CHART), days.end)
    fact = fact_named("outbound")
    assert fact is not None, "only what is counted is shown"
    drawn = draw(days, each_day(days, fact), OUTBOUND)
    bars = []
    for bar in drawn.bars:
        last = bar.days.end - timedelta(days=1)
        when = _short(last) if last == bar.days.first else _span(bar.days.first, last)
        counts = "，".join(
            f"{fact.labels[label]} {count:,}" for label, count in bar.counts.items() if count
        )
        url = board.link("outbound", days=bar.days)
        bars.append(ShownBar(bar.x, bar.pieces, url, f"{when}：{counts or '0'}"))
    return drawn, bars


def _short(day: date) -> str:
    return f"{day:%m-%d}"


def _span(first: date, last: date) -> str:
    return f"{_short(first)} – {_short(last)}"
