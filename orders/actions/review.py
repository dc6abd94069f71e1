"""People look at an order and let it pass: customer service, then finance, and at the end."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import require_reason
from ordercenter.core.lifecycle import advance
from orders.models import Order, PaymentState


@transaction.atomic
def approve_order(order_id: int, *, seen: int | None, actor: Actor) -> Order:
    """The order is reviewed; finance is next."""
    actor.require("orders.approve_order")
    order = Order.objects.locked(order_id, seen=seen)
    advance(order, "approve", actor=actor, event="order.approved")
    return order


@transaction.atomic
def send_back_order(order_id: int, *, seen: int | None, reason: str, actor: Actor) -> Order:
    """The order waits for review again, with the reason. Raises `BadInput` without one."""
    actor.require("orders.approve_order")
    require_reason(reason, _("Say what has to be looked at again."))
    order = Order.objects.locked(order_id, seen=seen)
    advance(order, "send_back", actor=actor, event="order.sent_back", data={"reason": reason})
    return order


@transaction.atomic
def confirm_funds_order(order_id: int, *, seen: int | None, actor: Actor) -> Order:
    """Finance has found the money; the warehouse hears of the order."""
    actor.require("orders.confirm_funds_order")
    order = Order.objects.locked(order_id, seen=seen)
    order.payment_state = PaymentState.VERIFIED
    advance(
        order,
        "confirm_funds",
        actor=actor,
        event="order.released_to_warehouse",
        fields=["payment_state"],
    )
    return order


@transaction.atomic
def complete_order(order_id: int, *, seen: int | None, actor: Actor) -> Order:
    """The promise is kept."""
    actor.require("orders.complete_order")
    order = Order.objects.locked(order_id, seen=seen)
    advance(order, "complete", actor=actor)
    return order
