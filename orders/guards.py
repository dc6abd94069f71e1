"""What stands against a move of an order besides the machine."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.clocks import locks_root
from ordercenter.core.errors import NotFound
from ordercenter.core.lifecycle import Lifecycle, guard
from orders.cleaning import Finding
from orders.errors import EmptyCard, OnHold
from orders.models import Order, WorkOrder, WorkOrderState


@guard(Order.KIND)
def refuse_while_work_order_blocks(subject: Lifecycle, verb: str, actor: Actor) -> None:
    """An open work order that names the verb must be resolved first."""
    blocking = (
        WorkOrder.objects.filter(
            order=subject.pk,
            state__in=[WorkOrderState.OPEN, WorkOrderState.CLAIMED],
            blocks__contains=[verb],
        )
        .order_by("pk")
        .first()
    )
    if blocking is not None:
        raise OnHold(
            _("First resolve the work order “%(title)s”.") % {"title": blocking.title},
            work_order=blocking.pk,
        )


@guard(Order.KIND)
def refuse_orders_of_other_shops(subject: Lifecycle, verb: str, actor: Actor) -> None:
    """A partner moves the orders of its own shops only, and learns of no other."""
    assert isinstance(subject, Order)
    if not actor.may_see_shop(subject.shop_id):
        raise NotFound(id=subject.pk)


@guard(Order.KIND)
def refuse_payment_for_nothing(subject: Lifecycle, verb: str, actor: Actor) -> None:
    """A card on which nothing stands is not paid, not even with ¥0."""
    assert isinstance(subject, Order)
    if verb == "pay" and Finding.NO_LINES in subject.tags and not subject.total:
        raise EmptyCard


@locks_root(Order.KIND)
def lock_order(order_id: int) -> bool:
    """Lock the order without waiting; False when somebody else holds it."""
    rows = Order.objects.select_for_update(skip_locked=True).filter(pk=order_id)
    return rows.values_list("pk", flat=True).first() is not None
