"""What a business day's orders and refunds come to, by the order center's own books.

The days are Shanghai's, from midnight to midnight. An order belongs to the day on which it was
placed, and counts once it has been paid; a refund belongs to the day on which the buyer's money
arrived (`Refund.done_at`), whatever day its order was placed on. Gift orders are left out unless
they are asked for, with their refunds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from ordercenter.core.moments import SHANGHAI
from orders.models import Order, OrderKind
from rma.models import Refund, RefundState

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class OrderFigures:
    """One order's part in a day (CNY).

    An order that only had a refund that day `is_of_day` False and brings a `total` of 0. The
    rows of a shop add up to its day.
    """

    number: str
    external_number: str
    shop_id: int
    shop: str
    is_of_day: bool
    total: Decimal
    refunded: Decimal


def bounds(first: date, last: date | None = None) -> tuple[datetime, datetime]:
    """The moment at which the first day begins, and the one at which the last one is over."""
    until = (last or first) + timedelta(days=1)
    begins, ends = (datetime.combine(day, time(), SHANGHAI) for day in (first, until))
    return begins, ends


def business_day(moment: datetime) -> date:
    """The day in Shanghai that a moment belongs to."""
    return moment.astimezone(SHANGHAI).date()


def orders_of(
    first: date, last: date | None = None, *, with_gifts: bool = False
) -> QuerySet[Order]:
    """The paid orders that were placed on these days."""
    begins, ends = bounds(first, last)
    found = Order.objects.filter(placed_at__gte=begins, placed_at__lt=ends, paid_at__isnull=False)
    return found if with_gifts else found.exclude(kind=OrderKind.GIFT)


def refunds_of(
    first: date, last: date | None = None, *, with_gifts: bool = False
) -> QuerySet[Refund]:
    """The refunds whose money arrived on these days."""
    begins, ends = bounds(first, last)
    found = Refund.objects.filter(
        state=RefundState.SUCCEEDED, done_at__gte=begins, done_at__lt=ends
    )
    return found if with_gifts else found.exclude(order__kind=OrderKind.GIFT)


def order_figures(day: date, *, with_gifts: bool = False) -> Iterator[OrderFigures]:
    """Every order with a part in the day, by its id; two statements."""
    parts: dict[int, _Part] = {}
    placed = (
        orders_of(day, with_gifts=with_gifts)
        .order_by()
        .values_list("pk", "number", "external_number", "shop_id", "shop__name", "total")
    )
    for pk, number, external, shop_id, shop, total in placed.iterator():
        parts[pk] = _Part((number, external, shop_id, shop), True, total)
    paid_back = (
        refunds_of(day, with_gifts=with_gifts)
        .order_by()
        .values_list(
            "order_id",
            "order__number",
            "order__external_number",
            "order__shop_id",
            "order__shop__name",
            "amount",
        )
    )
    for pk, number, external, shop_id, shop, amount in paid_back.iterator():
        part = parts.setdefault(pk, _Part((number, external, shop_id, shop), False, ZERO))
        part.refunded += amount
    for order_id in sorted(parts):
        part = parts[order_id]
        yield OrderFigures(*part.names, part.is_of_day, part.total, part.refunded)


@dataclass(slots=True)
class _Part:
    names: tuple[str, str, int, str]
    is_of_day: bool
    total: Decimal
    refunded: Decimal = field(default=ZERO)
