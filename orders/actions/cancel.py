"""Orders that end another way."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.actions import release_reservations
from inventory.models import Reservation
from ordercenter.core.actor import Actor
from ordercenter.core.errors import require_reason
from ordercenter.core.lifecycle import advance
from orders.actions.work_orders import withdraw_work_orders
from orders.errors import TooLate
from orders.models import Order


@transaction.atomic
def cancel_order(order_id: int, *, seen: int | None, reason: str, actor: Actor) -> Order:
    """The order is called off, its stock is free again, its work orders are withdrawn.

    Raises `TooLate` when goods of it have left already, `BadInput` without a reason.
    """
    actor.require("orders.cancel_order")
    require_reason(reason, _("Say why the order is cancelled."))
    order = Order.objects.locked(order_id, seen=seen)
    lines = list(order.lines.values_list("pk", flat=True))
    if Reservation.objects.filter(line__in=lines, consumed__gt=0).exists():
        raise TooLate(_("Part of this order has left already. Open a return instead."))
    advance(order, "cancel", actor=actor, data={"reason": reason})
    release_reservations(lines)
    withdraw_work_orders(order, None, reason=str(_("The order was cancelled.")), actor=actor)
    return order


@transaction.atomic
def close_order(order_id: int, *, seen: int | None, reason: str, actor: Actor) -> Order:
    """An order that left has ended another way than planned. Raises `BadInput` without a reason."""
    actor.require("orders.close_order")
    require_reason(reason, _("Say why the order is closed."))
    order = Order.objects.locked(order_id, seen=seen)
    advance(order, "close", actor=actor, data={"reason": reason})
    release_reservations(list(order.lines.values_list("pk", flat=True)))
    return order
