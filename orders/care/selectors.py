"""Reads of customer care."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from ordercenter.core import moments
from ordercenter.core.adminkit import looks
from orders import selectors
from orders.models import Customer, Order, WorkOrder, WorkOrderKind, WorkOrderState
from orders.models.orders import CAN_HURRY

MOST_CHOICES = 5
MOST_ON_BOARD = 200
_OPEN = (WorkOrderState.OPEN, WorkOrderState.CLAIMED)


def open_orders_of_phone(phone: str) -> list[Order]:
    """The customer's orders whose goods are still here, the latest first; a few at most."""
    customers = list(Customer.objects.filter(phone=phone).values_list("pk", flat=True)[:20])
    rows = Order.objects.filter(
        Q(receiver_phone=phone) | Q(customer__in=customers), state__in=CAN_HURRY
    )
    return list(
        rows.select_related("shop")
        .prefetch_related("lines")
        .order_by("-placed_at", "-pk")[:MOST_CHOICES]
    )


@dataclass(frozen=True, slots=True)
class UrgentRow:
    """One line of the supervisors' board."""

    order: Order
    wanted_by: datetime | None
    work: WorkOrder | None

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes until it is wanted; negative when that is past."""
        if self.wanted_by is None:
            return None
        return int((self.wanted_by - moments.now()).total_seconds() // 60)

    @property
    def left(self) -> str:
        """The time left in words."""
        return looks.NOTHING if self.minutes_left is None else looks.left(self.minutes_left)

    @property
    def tone(self) -> str:
        """late, soon (under two hours) or calm."""
        left = self.minutes_left
        if left is None or left >= 120:
            return "calm"
        return "late" if left < 0 else "soon"

    @property
    def owner(self) -> str:
        """Who has taken it on; empty while nobody has."""
        if self.work is None or self.work.assignee is None:
            return ""
        person = self.work.assignee
        return str(person.get_full_name() or person.get_username())

    @property
    def mark(self) -> str:
        """Changes when anything shown changes, except the minutes."""
        work = f"{self.work.pk}.{self.work.version}" if self.work else ""
        return f"{self.order.pk}.{self.order.version}:{work}"


def urgent_orders() -> QuerySet[Any]:
    """Urgent orders whose goods are still here; `wanted` is the moment that counts."""
    return selectors.urgent_orders().annotate(wanted=Coalesce("wanted_by", "ship_by"))


def urgent_board() -> Sequence[UrgentRow]:
    """The urgent orders, the soonest wanted first; by two statements."""
    work = WorkOrder.objects.filter(kind=WorkOrderKind.URGENT, state__in=_OPEN)
    orders = (
        urgent_orders()
        .select_related("shop")
        .prefetch_related(
            Prefetch("work_orders", work.select_related("assignee"), to_attr="urgent_work")
        )
        .order_by(F("wanted").asc(nulls_last=True), "pk")[:MOST_ON_BOARD]
    )
    return [UrgentRow(order, order.wanted, next(iter(order.urgent_work), None)) for order in orders]
