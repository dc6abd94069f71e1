"""What the warehouse does when it hears of orders."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles
from ordercenter.core.timeline import record
from orders.fulfilment.actions import cancel_shipment, plan_shipments
from orders.fulfilment.errors import OrderNotInWarehouse
from orders.fulfilment.models import Shipment
from orders.fulfilment.models.shipments import IN_THE_HOUSE
from orders.models import Order, OrderState

log = structlog.get_logger(__name__)

PLANNER = Actor.system("rule:parcels follow their order")
FOLLOWED = "shipment.receiver_followed"


@handles(
    "order.released_to_warehouse",
    "order.allocated",
    "order.revised",
    name="fulfilment.plan",
)
def plan_parcels(event: Event) -> None:
    """The promised goods of an order that is being prepared are in parcels."""
    if not Order.objects.filter(pk=event.subject_id, state=OrderState.PREPARING).exists():
        return
    try:
        plan_shipments(event.subject_id, actor=PLANNER)
    except OrderNotInWarehouse as refusal:
        log.info("nothing_to_plan", order=event.subject_id, reason=str(refusal))


@handles("order.cancelled", "order.closed", name="fulfilment.cancel")
def cancel_parcels(event: Event) -> None:
    """No parcel of a cancelled order leaves any more."""
    reason = str(_("The order was cancelled."))
    parcels = Shipment.objects.filter(order=event.subject_id, state__in=IN_THE_HOUSE)
    for pk in list(parcels.order_by("pk").values_list("pk", flat=True)):
        cancel_shipment(pk, seen=None, reason=reason, actor=PLANNER)


@handles("order.address_changed", "order.channel_updated", name="fulfilment.address")
def follow_address(event: Event) -> None:
    """Parcels without a label go to the new address; the timeline says so for each, once."""
    if not any(name.startswith("receiver_") for name in event.changes):
        return
    with transaction.atomic():
        order = Order.objects.locked(event.subject_id, seen=None)
        parcels = order.shipments.filter(state__in=IN_THE_HOUSE, label_printed_at__isnull=True)
        for parcel in parcels.order_by("pk"):
            if not _was_told(parcel, event):
                record(
                    parcel,
                    FOLLOWED,
                    actor=PLANNER,
                    data={"number": parcel.number, "because_of": event.sequence},
                )


def _was_told(parcel: Shipment, event: Event) -> bool:
    """True when an earlier run for the same event has told of this parcel."""
    return Event.objects.filter(
        subject_kind=Shipment.KIND,
        subject_id=parcel.pk,
        kind=FOLLOWED,
        data__because_of=event.sequence,
    ).exists()
