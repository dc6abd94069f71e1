"""How pressing an order is (A8, F5)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import changed, record, snapshot
from orders.errors import TooLate
from orders.models import Order, Urgency, UrgentReason
from orders.models.orders import CAN_HURRY

# A tag that people read, so it is words already.
URGENT_TAG = "加急"
_FIELDS = ("urgency", "ship_by", "wanted_by", "urgent_reason", "tags")


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
    """The order has this urgency and, where given, this latest moment to leave.

    Back at normal nobody wants it by a moment of its own any more.
    """
    actor.require("orders.note_order")
    order = Order.objects.locked(order_id, seen=seen)
    before = _before(order)
    order.urgency = urgency
    order.ship_by = ship_by or order.ship_by
    if urgency == Urgency.NORMAL:
        order.wanted_by, order.urgent_reason = None, ""
        order.tags = [tag for tag in order.tags if tag != URGENT_TAG]
    _save(order, before, {"reason": reason}, actor)
    return order


@transaction.atomic
def mark_urgent(
    order_id: int,
    *,
    seen: int | None,
    urgency: Urgency,
    wanted_by: datetime,
    reason: UrgentReason,
    actor: Actor,
    note: str = "",
) -> Order:
    """Somebody wants the order by then, and why; it carries the tag and must leave by then.

    An earlier promise to leave stays. Raises `TooLate` once the goods have left, `BadInput` for
    the urgency normal.
    """
    actor.require("orders.note_order")
    if urgency == Urgency.NORMAL:
        raise BadInput(_("Choose how urgent it is."), fields={"urgency": ["normal"]})
    order = Order.objects.locked(order_id, seen=seen)
    if order.state not in CAN_HURRY:
        raise TooLate(_("The goods have left or will not leave; nothing can be hurried here."))
    before = _before(order)
    order.urgency = urgency
    order.wanted_by = wanted_by
    order.urgent_reason = reason
    order.ship_by = min(order.ship_by or wanted_by, wanted_by)
    if URGENT_TAG not in order.tags:
        order.tags = [*order.tags, URGENT_TAG]
    told = {"reason": str(reason.label), "code": reason.value, "wanted_by": wanted_by}
    _save(order, before, told | ({"text": note} if note else {}), actor)
    return order


def _before(order: Order) -> dict[str, object]:
    return snapshot(order, _FIELDS) | {"tags": list(order.tags)}


def _save(order: Order, before: dict[str, object], data: dict[str, object], actor: Actor) -> None:
    changes = changed(before, snapshot(order, _FIELDS))
    if not changes:
        return
    order.save(update_fields=[*_FIELDS, "version"])
    record(order, "order.urgency_set", actor=actor, changes=changes, data=data)
