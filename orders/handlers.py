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


# Where a main order stands that finance has let through, and one that was reviewed.
_RELEASED = (
    OrderState.PREPARING,
    OrderState.PACKED,
    OrderState.DISPATCHED,
    OrderState.IN_TRANSIT,
    OrderState.DELIVERED,
    OrderState.COMPLETED,
)
_APPROVED = (OrderState.PENDING_FINANCE, *_RELEASED)


@handles(
    "order.approved",
    "order.released_to_warehouse",
    "order.cancelled",
    name="orders.gifts_follow",
)
def gifts_follow_main_order(event: Event) -> None:
    """Gift orders take the step their main order took, where they still can (A11)."""
    main = Order.objects.get(pk=event.subject_id)
    for gift in Order.objects.filter(main_order=main, kind=OrderKind.GIFT):
        _catch_up(gift, main)


@handles("order.gift_joined", name="orders.gift_catches_up")
def gift_catches_up(event: Event) -> None:
    """A gift that was entered after its main order had moved on stands beside it (A11)."""
    gift = Order.objects.select_related("main_order").get(pk=event.subject_id)
    if gift.main_order is not None:
        _catch_up(gift, gift.main_order)


def _catch_up(gift: Order, main: Order) -> None:
    if main.state == OrderState.CANCELLED:
        if gift.state in _CAN_BE_CALLED_OFF:
            reason = str(_("The main order was cancelled."))
            cancel_order(gift.pk, seen=None, reason=reason, actor=FOLLOW)
        return
    if gift.state == OrderState.PENDING_REVIEW and main.state in _APPROVED:
        gift = approve_order(gift.pk, seen=None, actor=FOLLOW)
    if gift.state == OrderState.PENDING_FINANCE and main.state in _RELEASED:
        confirm_funds_order(gift.pk, seen=None, actor=FOLLOW)
