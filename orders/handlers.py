"""What orders do when they hear of events."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles
from orders.actions import approve_order, cancel_order, confirm_funds_order
from orders.models import Order, OrderKind, OrderState
from orders.models.orders import BEFORE_PACKING

_CAN_BE_CALLED_OFF = (*BEFORE_PACKING, OrderState.PACKED)

FOLLOW = Actor.system("rule:gifts follow their order")


@handles(
    "order.approved",
    "order.released_to_warehouse",
    "order.cancelled",
    name="orders.gifts_follow",
)
def gifts_follow_main_order(event: Event) -> None:
    """Gift orders take the step their main order took, where they still can (A11)."""
    for gift in Order.objects.filter(main_order=event.subject_id, kind=OrderKind.GIFT):
        if event.kind == "order.cancelled" and gift.state in _CAN_BE_CALLED_OFF:
            cancel_order(
                gift.pk, seen=None, reason=str(_("The main order was cancelled.")), actor=FOLLOW
            )
        elif event.kind == "order.approved" and gift.state == OrderState.PENDING_REVIEW:
            approve_order(gift.pk, seen=None, actor=FOLLOW)
        elif (
            event.kind == "order.released_to_warehouse" and gift.state == OrderState.PENDING_FINANCE
        ):
            confirm_funds_order(gift.pk, seen=None, actor=FOLLOW)
