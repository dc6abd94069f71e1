"""Which goods go together: one parcel per warehouse that promised them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from inventory.models import Reservation
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import ClockStart, start_clocks
from ordercenter.core.timeline import record
from orders.fulfilment.actions.cancel import call_off
from orders.fulfilment.actions.common import (
    follow_order,
    lines_of,
    require_in_warehouse,
    told_lines,
)
from orders.fulfilment.models import Shipment, ShipmentLine, ShipmentState
from orders.fulfilment.models.shipments import BEFORE_PACKING
from orders.models import Order, OrderLine

# Pieces by (order line, warehouse).
Pieces = Counter[tuple[int, int]]


@transaction.atomic
def plan_shipments(order_id: int, *, actor: Actor) -> list[Shipment]:
    """Every promised piece that has not left is in a parcel of its warehouse; the new parcels.

    A second call plans nothing. Parcels that are not packed yet and hold more than is promised
    now (the order was revised or allocated elsewhere) are called off and planned anew. Raises
    `OrderNotInWarehouse` unless the order is being prepared.
    """
    actor.require("fulfilment.plan_shipment")
    order: Order = Order.objects.locked(order_id, seen=None)
    require_in_warehouse(order)
    promised = _promised(order)
    promised.subtract(_in_parcels(order, [ShipmentState.PACKED]))
    _call_off_what_no_longer_fits(order, promised, actor)
    promised.subtract(_in_parcels(order, BEFORE_PACKING))
    made = _make(order, promised, actor)
    follow_order(order, actor=actor)
    return made


def _promised(order: Order) -> Pieces:
    rows = (
        Reservation.objects.filter(
            line__in=list(order.lines.values_list("pk", flat=True)),
            state=Reservation.State.CONFIRMED,
        )
        .values_list("line", "level__warehouse")
        .annotate(pieces=Sum(F("quantity") - F("consumed")))
    )
    return Counter({(line, house): pieces for line, house, pieces in rows})


def _in_parcels(order: Order, states: Iterable[str]) -> Pieces:
    rows = (
        ShipmentLine.objects.filter(order_line__order=order, shipment__state__in=list(states))
        .values_list("order_line", "shipment__warehouse")
        .annotate(pieces=Sum("quantity"))
    )
    return Counter({(line, house): pieces for line, house, pieces in rows})


def _call_off_what_no_longer_fits(order: Order, promised: Pieces, actor: Actor) -> None:
    planned = _in_parcels(order, BEFORE_PACKING)
    houses = {house for (line, house), n in planned.items() if n > promised[line, house]}
    if not houses:
        return
    parcels = Shipment.objects.select_for_update(of=("self",)).filter(
        order=order, warehouse__in=houses, state__in=BEFORE_PACKING
    )
    for parcel in parcels.order_by("pk"):
        call_off(parcel, reason=str(_("The promised stock has changed.")), actor=actor)


def _make(order: Order, missing: Pieces, actor: Actor) -> list[Shipment]:
    per_house: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for (line, house), pieces in sorted(missing.items()):
        if pieces > 0:
            per_house[house][line] = pieces
    lines = {line.pk: line for line in order.lines.all()}
    return [
        _make_one(order, house, {lines[pk]: n for pk, n in pieces.items()}, actor)
        for house, pieces in per_house.items()
    ]


def _make_one(order: Order, warehouse: int, pieces: dict[OrderLine, int], actor: Actor) -> Shipment:
    shipment = Shipment.objects.create(
        order=order, warehouse_id=warehouse, planned_at=moments.now()
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line=line, sku_id=line.sku_id, quantity=quantity)
        for line, quantity in pieces.items()
        if line.sku_id is not None  # only known SKUs are ever promised
    )
    tell_planned(shipment, actor)
    return shipment


def tell_planned(shipment: Shipment, actor: Actor) -> None:
    """The new shipment is clocked and on its order's timeline."""
    key = shipment.clock_key()
    start_clocks([ClockStart(Shipment.KIND, shipment.pk, shipment.stream, shipment.state, key)])
    record(
        shipment,
        "shipment.planned",
        actor=actor,
        to_state=shipment.state,
        data={
            "number": shipment.number,
            "warehouse": shipment.warehouse_id,
            "lines": told_lines(lines_of(shipment)),
        },
    )
