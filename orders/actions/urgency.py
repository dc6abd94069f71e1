"""How pressing an order is (F5, first part)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ordercenter.core.actor import Actor
from ordercenter.core.timeline import changed, record, snapshot
from orders.models import Order, Urgency

_FIELDS = ("urgency", "ship_by")


@transaction.atomic
def set_urgency(
    order_id: int,
    *,
    seen: int | None,
    urgency: Urgency,
    actor: Actor,
    ship_by: datetime | None = None,
    reason: str = "",
) -> Order:
    """The order has this urgency and, where given, this latest moment to leave."""
    actor.require("orders.note_order")
    order = Order.objects.locked(order_id, seen=seen)
    before = snapshot(order, _FIELDS)
    order.urgency = urgency
    order.ship_by = ship_by or order.ship_by
    changes = changed(before, snapshot(order, _FIELDS))
    if changes:
        order.save(update_fields=[*_FIELDS, "version"])
        record(order, "order.urgency_set", actor=actor, changes=changes, data={"reason": reason})
    return order
