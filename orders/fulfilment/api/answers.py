"""Shipments as JSON: only what their version covers."""

from __future__ import annotations

from typing import Any

from ordercenter.core.actor import Actor
from orders.api.answers import (
    SEE_RECEIVER,
    a_list,
    a_page,
    an_object,
    moment,
    receiver_as_json,
)
from orders.fulfilment.models import Shipment, ShipmentState

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE_TEXT: dict[str, Any] = {"type": "string", "nullable": True}
_NUMBER: dict[str, Any] = {"type": "integer"}
_MAYBE_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time", "nullable": True}


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
    "ShipmentLine": an_object(line=_TEXT, sku=_TEXT, quantity=_NUMBER, checked=_NUMBER),
    "Shipment": an_object(
        number={**_TEXT, "example": "SH2611220000001"},
        order=_TEXT,
        version=_NUMBER,
        state={**_TEXT, "enum": ShipmentState.values},
        state_since={"type": "string", "format": "date-time"},
        warehouse=_TEXT,
        carrier=_MAYBE_TEXT,
        waybill=_MAYBE_TEXT,
        weight_grams={**_NUMBER, "nullable": True},
        receiver={"allOf": [{"$ref": "#/components/schemas/Receiver"}], "nullable": True},
        planned_at={"type": "string", "format": "date-time"},
        label_printed_at=_MAYBE_MOMENT,
        left_warehouse_at=_MAYBE_MOMENT,
        carrier_picked_up_at=_MAYBE_MOMENT,
        delivered_at=_MAYBE_MOMENT,
        lines=a_list("ShipmentLine"),
    ),
    "ShipmentPage": a_page("Shipment"),
}
