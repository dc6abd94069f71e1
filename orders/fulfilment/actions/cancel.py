"""A parcel that will not leave."""

from __future__ import annotations

from django.db import transaction

from ordercenter.core.actor import Actor
from ordercenter.core.errors import require_reason
from ordercenter.core.lifecycle import advance
from orders.fulfilment.actions.common import follow_order, locked
from orders.fulfilment.models import Shipment


@transaction.atomic
def cancel_shipment(shipment_id: int, *, seen: int | None, reason: str, actor: Actor) -> Shipment:
    """The parcel will not leave; the order keeps its promised stock and can be planned anew.

    Raises `WrongState` once it has left, `BadInput` without a reason.
    """
    actor.require("fulfilment.cancel_shipment")
    require_reason(reason)
    order, shipment = locked(shipment_id, seen=seen)
    call_off(shipment, reason=reason, actor=actor)
    follow_order(order, actor=actor)
    return shipment


def call_off(shipment: Shipment, *, reason: str, actor: Actor) -> None:
    """Cancel a shipment whose order and row are locked; the order does not follow yet."""
    advance(
        shipment,
        "cancel",
        actor=actor,
        data={
            "number": shipment.number,
            "reason": reason,
            "waybill": shipment.waybill,
            "label_was_printed": shipment.label_printed_at is not None,
        },
    )
