"""Shipments as JSON: only what their version covers."""

from __future__ import annotations

from typing import Any

from ordercenter.core.actor import Actor
from ordercenter.core.api.parts import (
    MAYBE_MOMENT,
    MAYBE_TEXT,
    NUMBER,
    TEXT,
    a_list,
    a_page,
    an_object,
    moment,
)
from orders.api.answers import SEE_RECEIVER, receiver_as_json
from orders.fulfilment.models import Shipment, ShipmentState


def shipment_as_json(shipment: Shipment, actor: Actor) -> dict[str, Any]:
    """The shipment as this actor may see it; `receiver` is what the label says."""
    printed = shipment.printed_receiver
    return {
        "number": shipment.number,
        "order": shipment.order.number,
        "version": shipment.version,
        "state": str(shipment.state),
        "state_since": moment(shipment.state_since),
        "warehouse": shipment.warehouse.code,
        "carrier": shipment.carrier.code if shipment.carrier else None,
        "waybill": shipment.waybill or None,
        "weight_grams": shipment.weight_grams,
        "receiver": receiver_as_json(printed, sees_all=actor.may(SEE_RECEIVER))
        if printed
        else None,
        "planned_at": moment(shipment.planned_at),
        "label_printed_at": moment(shipment.label_printed_at),
        "left_warehouse_at": moment(shipment.left_warehouse_at),
        "carrier_picked_up_at": moment(shipment.carrier_picked_up_at),
        "delivered_at": moment(shipment.delivered_at),
        "lines": [
            {
                "line": line.order_line.channel_line,
                "sku": line.sku.code,
                "quantity": line.quantity,
                "checked": line.packed,
            }
            for line in shipment.lines.all()
        ],
    }


COMPONENTS: dict[str, Any] = {
    "ShipmentLine": an_object(line=TEXT, sku=TEXT, quantity=NUMBER, checked=NUMBER),
    "Shipment": an_object(
        number={**TEXT, "example": "SH2611220000001"},
        order=TEXT,
        version=NUMBER,
        state={**TEXT, "enum": ShipmentState.values},
        state_since={"type": "string", "format": "date-time"},
        warehouse=TEXT,
        carrier=MAYBE_TEXT,
        waybill=MAYBE_TEXT,
        weight_grams={**NUMBER, "nullable": True},
        receiver={"allOf": [{"$ref": "#/components/schemas/Receiver"}], "nullable": True},
        planned_at={"type": "string", "format": "date-time"},
        label_printed_at=MAYBE_MOMENT,
        left_warehouse_at=MAYBE_MOMENT,
        carrier_picked_up_at=MAYBE_MOMENT,
        delivered_at=MAYBE_MOMENT,
        lines=a_list("ShipmentLine"),
    ),
    "ShipmentPage": a_page("Shipment"),
}
