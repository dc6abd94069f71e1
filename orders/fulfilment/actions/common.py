"""What every action on a shipment begins and ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.clocks import restart_clock
from orders.actions import follow_shipments
from orders.actions.locking import lock_with_order
from orders.fulfilment.errors import OrderNotInWarehouse
from orders.fulfilment.models import Shipment, ShipmentLine, ShipmentState
from orders.models import Order, OrderState

PACKING_STAGE = "packing"

# How far an order is that has this as its slowest parcel; parcels in trouble go by their facts.
_REACHED = {
    ShipmentState.PLANNED: OrderState.PREPARING,
    ShipmentState.RELEASED: OrderState.PREPARING,
    ShipmentState.PICKING: OrderState.PREPARING,
    ShipmentState.PACKED: OrderState.PACKED,
    ShipmentState.DISPATCHED: OrderState.DISPATCHED,
    ShipmentState.IN_TRANSIT: OrderState.IN_TRANSIT,
    ShipmentState.DELIVERED: OrderState.DELIVERED,
}
_ROAD = tuple(dict.fromkeys(_REACHED.values()))


def locked(shipment_id: int, *, seen: int | None) -> tuple[Order, Shipment]:
    """The order and its shipment, locked in this order, the shipment in the version seen."""
    return lock_with_order(Shipment, shipment_id, seen=seen)


def require_in_warehouse(order: Order, *allowed: OrderState) -> None:
    """Return when the order is in one of the states (preparing unless named)."""
    if order.state not in (allowed or (OrderState.PREPARING,)):
        raise OrderNotInWarehouse(
            _(
                "Order %(order)s is %(state)s; the warehouse does not work on it."
                " Put the goods back."
            )
            % {"order": order.number, "state": order.get_state_display()},
            state=order.state,
        )


def follow_order(order: Order, *, actor: Actor) -> None:
    """The order is where its slowest parcel is; it is locked."""
    was_packed = order.state == OrderState.PACKED
    follow_shipments(order, reached=reached_by(order), actor=actor)
    if was_packed and order.state == OrderState.PREPARING:
        restart_clock(order, PACKING_STAGE)


def reached_by(order: Order) -> OrderState:
    """The state that all of the order's goods have reached; preparing while some are unplanned."""
    parcels = list(order.shipments.exclude(state=ShipmentState.CANCELLED))
    if not parcels or unplanned(order):
        return OrderState.PREPARING
    return min((_reached_by_parcel(parcel) for parcel in parcels), key=_ROAD.index)


def _reached_by_parcel(shipment: Shipment) -> OrderState:
    if shipment.state != ShipmentState.EXCEPTION:
        return _REACHED[ShipmentState(shipment.state)]
    if shipment.delivered_at:
        return OrderState.DELIVERED
    return OrderState.IN_TRANSIT if shipment.carrier_picked_up_at else OrderState.DISPATCHED


def unplanned(order: Order) -> Counter[int]:
    """Pieces per order line that no live shipment takes along."""
    planned = planned_quantities(order)
    lines = order.lines.values_list("pk", "quantity")
    return Counter({pk: left for pk, wanted in lines if (left := wanted - planned[pk]) > 0})


def planned_quantities(order: Order) -> Counter[int]:
    """Pieces per order line in live shipments."""
    rows = (
        ShipmentLine.objects.filter(order_line__order=order)
        .exclude(shipment__state=ShipmentState.CANCELLED)
        .values_list("order_line")
        .annotate(Sum("quantity"))
    )
    return Counter(dict(rows))


def told_lines(lines: Iterable[ShipmentLine]) -> list[dict[str, object]]:
    """The lines as events tell them: our line, the channel's, the SKU and the pieces."""
    return [
        {
            "line": line.order_line_id,
            "channel_line": line.order_line.channel_line,
            "sku": line.sku.code,
            "quantity": line.quantity,
        }
        for line in lines
    ]


def lines_of(shipment: Shipment) -> list[ShipmentLine]:
    """The shipment's lines with SKU and order line, in a fixed order."""
    return list(shipment.lines.select_related("sku", "order_line").order_by("pk"))
