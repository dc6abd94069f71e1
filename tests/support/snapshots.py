"""All that a refusal must leave as it was."""

from __future__ import annotations

from typing import Any

from inventory.models import Movement, Reservation, StockLevel
from ordercenter.core.models import Delivery, Event, Timer
from orders.models import Attachment, Order, OrderLine, OrderNote, WorkOrder


def everything(order: Order) -> dict[str, Any]:
    """The order, all that hangs on it, and all stock."""
    return {
        "order": Order.objects.values().get(pk=order.pk),
        "lines": _rows(OrderLine.objects.filter(order=order)),
        "work": _rows(WorkOrder.objects.filter(order=order)),
        "notes": _rows(OrderNote.objects.filter(order=order)),
        "files": _rows(Attachment.objects.filter(order=order)),
        "story": _rows(Event.objects.filter(stream=order.stream)),
        "outbox": _rows(Delivery.objects.filter(stream=order.stream)),
        "clocks": _rows(Timer.objects.filter(stream=order.stream)),
        "stock": _rows(StockLevel.objects.all()),
        "promises": _rows(Reservation.objects.all()),
        "ledger": Movement.objects.count(),
    }


def _rows(rows: Any) -> list[dict[str, Any]]:
    return list(rows.order_by("pk").values())
