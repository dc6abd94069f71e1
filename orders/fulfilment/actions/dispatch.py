"""The parcel leaves the building."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from inventory.actions import Departure, consume_reservations
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.lifecycle import advance, ask_guards
from orders.fulfilment.actions.common import (
    follow_order,
    lines_of,
    locked,
    require_in_warehouse,
    told_lines,
)
from orders.fulfilment.actions.facts import follow_trace
from orders.fulfilment.errors import NoWaybill
from orders.fulfilment.models import Shipment, ShipmentLine
from orders.models import OrderState


@transaction.atomic
def dispatch_shipment(shipment_id: int, *, seen: int | None, actor: Actor) -> Shipment:
    """The parcel has left and its goods are out of stock; the order left with its last parcel.

    Raises `OrderNotInWarehouse` when the order was cancelled meanwhile, `OnHold` while a work
    order blocks it, `NoWaybill`, and `NotReserved` when its goods are not promised any more.
    """
    actor.require("fulfilment.dispatch_shipment")
    order, shipment = locked(shipment_id, seen=seen)
    require_in_warehouse(order, OrderState.PREPARING, OrderState.PACKED)
    ask_guards(order, "dispatch", actor)
    if shipment.carrier is None or not shipment.waybill:
        raise NoWaybill()
    lines = lines_of(shipment)
    shipment.left_warehouse_at = moments.now()
    advance(
        shipment,
        "dispatch",
        actor=actor,
        fields=["left_warehouse_at"],
        data={
            "shipment": shipment.pk,
            "number": shipment.number,
            "order": order.number,
            "carrier": shipment.carrier.code,
            "waybill": shipment.waybill,
            "lines": told_lines(lines),
        },
    )
    _take_out_of_stock(shipment, lines, actor)
    follow_trace(shipment, actor=actor)
    follow_order(order, actor=actor)
    return shipment


def _take_out_of_stock(shipment: Shipment, lines: Sequence[ShipmentLine], actor: Actor) -> None:
    consume_reservations(
        [Departure(line.order_line_id, line.quantity) for line in lines],
        warehouse=shipment.warehouse_id,
        document=shipment.number,
        actor=actor,
    )
