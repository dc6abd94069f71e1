"""The parcel is closed, or opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, require_reason
from ordercenter.core.lifecycle import advance, ask_guards
from orders.fulfilment.actions.common import (
    follow_order,
    lines_of,
    locked,
    require_in_warehouse,
    told_lines,
)
from orders.fulfilment.actions.pick import matching_lines
from orders.fulfilment.errors import NotComplete, WrongItem
from orders.fulfilment.models import Shipment, ShipmentLine, ShipmentState

HEAVIEST_GRAMS = 1_000_000


@transaction.atomic
def pack_shipment(
    shipment_id: int,
    *,
    seen: int | None,
    actor: Actor,
    quantities: Mapping[str, int] | None = None,
    weight_grams: int | None = None,
) -> Shipment:
    """The parcel is closed with every piece in it; the order is packed with its last parcel.

    What is in it was scanned piece by piece, or is given as `quantities` by SKU code or barcode.
    Raises `WrongItem` for things that don't belong into it, `NotComplete` with all that is
    missing, `BadInput` for an impossible weight.
    """
    actor.require("fulfilment.pack_shipment")
    if weight_grams is not None and not 0 < weight_grams <= HEAVIEST_GRAMS:
        raise BadInput(
            _("The weight must be between 1 g and 1000 kg."), fields={"weight_grams": ["range"]}
        )
    order, shipment = locked(shipment_id, seen=seen)
    require_in_warehouse(order)
    ask_guards(order, "pack", actor)
    lines = lines_of(shipment)
    if quantities is not None:
        _count(lines, quantities)
    _require_complete(lines)
    if shipment.state == ShipmentState.RELEASED:
        advance(shipment, "start_picking", actor=actor, data={"number": shipment.number})
    shipment.weight_grams = weight_grams or shipment.weight_grams
    advance(
        shipment,
        "pack",
        actor=actor,
        fields=["weight_grams"],
        data={
            "number": shipment.number,
            "weight_grams": shipment.weight_grams,
            "lines": told_lines(lines),
        },
    )
    ShipmentLine.objects.bulk_update(lines, ["packed"])
    follow_order(order, actor=actor)
    return shipment


def _count(lines: Sequence[ShipmentLine], quantities: Mapping[str, int]) -> None:
    """Spread the given pieces over the lines; the lines' earlier counts are forgotten."""
    for line in lines:
        line.packed = 0
    for code, quantity in quantities.items():
        fitting = matching_lines(code, lines)
        if not fitting:
            raise WrongItem(
                _("%(code)s does not belong into this parcel.") % {"code": code[:64]}, code=code
            )
        left = quantity
        for line in fitting:
            take = min(left, line.quantity - line.packed)
            line.packed += take
            left -= take
        if left or quantity < 0:
            raise WrongItem(
                _("%(sku)s: %(given)d given, %(wanted)d wanted.")
                % {
                    "sku": fitting[0].sku.code,
                    "given": quantity,
                    "wanted": sum(line.quantity for line in fitting),
                },
                sku=fitting[0].sku.code,
            )


def _require_complete(lines: Sequence[ShipmentLine]) -> None:
    missing = [
        {"sku": line.sku.code, "checked": line.packed, "wanted": line.quantity}
        for line in lines
        if line.packed < line.quantity
    ]
    if missing:
        raise NotComplete(
            _("Not complete yet: %(list)s. Scan the missing pieces.")
            % {"list": "、".join(f"{m['sku']} {m['checked']}/{m['wanted']}" for m in missing)},
            missing=missing,
        )


@transaction.atomic
def unpack_shipment(shipment_id: int, *, seen: int | None, reason: str, actor: Actor) -> Shipment:
    """The parcel is open and its pieces are to be checked anew; the order is not packed any more.

    The label stays; void it where it must not be used. Raises `BadInput` without a reason.
    """
    actor.require("fulfilment.unpack_shipment")
    require_reason(reason)
    order, shipment = locked(shipment_id, seen=seen)
    advance(
        shipment,
        "unpack",
        actor=actor,
        event="shipment.unpacked",
        data={"number": shipment.number, "reason": reason},
    )
    ShipmentLine.objects.filter(shipment=shipment).update(packed=0)
    follow_order(order, actor=actor)
    return shipment
