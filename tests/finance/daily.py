"""What a shop's day comes to, summed up from the figures of its orders."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orders.finance.figures import ZERO, order_figures


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One shop's day. `total` is what its orders come to, `refunds` the money paid back (CNY)."""

    day: date
    shop_id: int
    orders: int
    total: Decimal
    refunds: Decimal


def day_figures(day: date, *, with_gifts: bool = False) -> list[DayFigures]:
    """Each shop that had orders or refunds that day, by its id."""
    counts: defaultdict[int, int] = defaultdict(int)
    totals: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    refunds: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in order_figures(day, with_gifts=with_gifts):
        counts[row.shop_id] += row.is_of_day
        totals[row.shop_id] += row.total
        refunds[row.shop_id] += row.refunded
    return [
        DayFigures(day, shop, counts[shop], totals[shop], refunds[shop]) for shop in sorted(counts)
    ]
