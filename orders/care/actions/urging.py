"""The customer presses a button: please hurry."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.timeline import record
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.care.actions.inquiries import ARRIVED_OR_OVER
from orders.errors import TooLate
from orders.models import Order, OrderState, WorkOrder, WorkOrderKind


@transaction.atomic
def urge_order(order_id: int, *, actor: Actor) -> WorkOrder | None:
    """Customer service has a work order that the customer urges; None when it has one already.

    Only the first urging is told on the story. Raises `TooLate` where nothing can be hurried.
    """
    actor.require("care.urge_order")
    order = Order.objects.locked(order_id, seen=None)
    if order.state in (OrderState.PENDING_PAYMENT, *ARRIVED_OR_OVER):
        raise TooLate(_("At this stage nothing can be hurried."))
    draft = WorkOrderDraft(
        order=order, kind=WorkOrderKind.URGED, title=_("The customer urges"), owner_role="cs"
    )
    made = open_work_orders([draft], actor=actor)
    if not made:
        return None
    record(order, "order.urged", actor=actor, data={"work_order": made[0].pk})
    return made[0]
