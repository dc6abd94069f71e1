"""The warehouse may begin with a parcel."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Sum

from inventory.errors import OutOfStock, Shortage
from inventory.models import Reservation
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import restart_clock
from ordercenter.core.lifecycle import advance
from orders.fulfilment.actions.common import (
    PACKING_STAGE,
    lines_of,
    locked,
    require_in_warehouse,
)
from orders.fulfilment.models import Shipment, ShipmentLine, ShipmentState
from orders.fulfilment.models.shipments import IN_THE_HOUSE
from orders.models import Order


@transaction.atomic
def release_shipment(shipment_id: int, *, seen: int | None, actor: Actor) -> Shipment:
    """Allocation is done: the parcel is on the picking list and the order's packing clock runs.

    Raises `OutOfStock` with every piece that is not promised in the parcel's warehouse, and
    `OrderNotInWarehouse` unless the order is being prepared.
    """
    actor.require("fulfilment.release_shipment")
    order, shipment = locked(shipment_id, seen=seen)
    require_in_warehouse(order)
    _require_promised(shipment)
    is_first = not _is_work_going_on(order)
    advance(shipment, "release", actor=actor, data={"number": shipment.number})
    if is_first:
        restart_clock(order, PACKING_STAGE)
    return shipment


def _is_work_going_on(order: Order) -> bool:
    """True when another parcel of the order was released before: its clock runs on."""
    idle = [ShipmentState.PLANNED, ShipmentState.CANCELLED]
    return bool(order.shipments.exclude(state__in=idle).exists())


def _require_promised(shipment: Shipment) -> None:
    lines = lines_of(shipment)
    ids = [line.order_line_id for line in lines]
    promised = dict(
        Reservation.objects.filter(
            line__in=ids,
            level__warehouse=shipment.warehouse_id,
            state=Reservation.State.CONFIRMED,
        )
        .values_list("line")
        .annotate(pieces=Sum(F("quantity") - F("consumed")))
    )
    elsewhere = dict(
        ShipmentLine.objects.filter(
            order_line__in=ids,
            shipment__warehouse=shipment.warehouse_id,
            shipment__state__in=IN_THE_HOUSE,
        )
        .exclude(shipment=shipment)
        .values_list("order_line")
        .annotate(Sum("quantity"))
    )
    shortages = []
    for line in lines:
        free = promised.get(line.order_line_id, 0) - elsewhere.get(line.order_line_id, 0)
        if free < line.quantity:
            shortages.append(Shortage(line.sku.code, line.quantity, max(free, 0)))
    if shortages:
        raise OutOfStock(shortages)
