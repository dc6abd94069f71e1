"""One parcel becomes two, or two become one again; before anybody picks."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, WrongState
from ordercenter.core.timeline import record
from orders.fulfilment.actions.cancel import call_off
from orders.fulfilment.actions.common import lines_of, locked, told_lines
from orders.fulfilment.actions.plan import tell_planned
from orders.fulfilment.models import Shipment, ShipmentLine
from orders.fulfilment.models.shipments import BEFORE_PICKING


@transaction.atomic
def split_shipment(
    shipment_id: int, *, seen: int | None, quantities: Mapping[int, int], actor: Actor
) -> Shipment:
    """The pieces in `quantities` (by order line) are in a new planned parcel, which is returned.

    Raises `WrongState` once picking has begun or a label is printed, `BadInput` for lines that
    are not in the parcel, for more pieces than it has, or when one of the two would be empty.
    """
    actor.require("fulfilment.split_shipment")
    _order, shipment = locked(shipment_id, seen=seen)
    _require_untouched(shipment)
    lines = {line.order_line_id: line for line in lines_of(shipment)}
    _check_quantities(lines, quantities)
    other = Shipment.objects.create(
        order_id=shipment.order_id,
        warehouse_id=shipment.warehouse_id,
        carrier_id=shipment.carrier_id,
        planned_at=moments.now(),
    )
    for pk, quantity in sorted(quantities.items()):
        ShipmentLine.objects.create(
            shipment=other, order_line_id=pk, sku_id=lines[pk].sku_id, quantity=quantity
        )
        _take_out(lines[pk], quantity)
    shipment.save(update_fields=["version"])
    record(
        shipment,
        "shipment.split",
        actor=actor,
        data={
            "number": shipment.number,
            "into": other.number,
            "lines": told_lines(lines_of(other)),
        },
    )
    tell_planned(other, actor)
    return other


@transaction.atomic
def rejoin_shipment(shipment_id: int, *, seen: int | None, into: int, actor: Actor) -> Shipment:
    """The parcel's pieces are in the parcel `into`, which is returned; itself it is cancelled.

    Raises `BadInput` unless both are of one order and warehouse, `WrongState` once picking of
    either has begun or a label is printed.
    """
    actor.require("fulfilment.rejoin_shipment")
    order, shipment = locked(shipment_id, seen=seen)
    target = Shipment.objects.select_for_update(of=("self",)).filter(pk=into).first()
    if (
        target is None
        or target.pk == shipment.pk
        or target.order_id != order.pk
        or target.warehouse_id != shipment.warehouse_id
    ):
        raise BadInput(
            _("Only parcels of one order and one warehouse can be put together."),
            fields={"into": ["other"]},
        )
    for parcel in (shipment, target):
        _require_untouched(parcel)
    moved = lines_of(shipment)
    _add_lines(target, moved)
    target.save(update_fields=["version"])
    call_off(
        shipment,
        reason=str(_("Put together with %(number)s.") % {"number": target.number}),
        actor=actor,
    )
    record(
        target,
        "shipment.rejoined",
        actor=actor,
        data={"number": target.number, "from": shipment.number, "lines": told_lines(moved)},
    )
    return target


def _require_untouched(shipment: Shipment) -> None:
    if shipment.state not in BEFORE_PICKING or shipment.label_printed_at:
        raise WrongState(
            _("Picking of %(number)s has begun or its label is printed; it stays as it is.")
            % {"number": shipment.number},
            state=shipment.state,
        )


def _check_quantities(lines: Mapping[int, ShipmentLine], quantities: Mapping[int, int]) -> None:
    is_right = quantities and all(
        pk in lines and 0 < quantity <= lines[pk].quantity for pk, quantity in quantities.items()
    )
    total = sum(line.quantity for line in lines.values())
    if not is_right or sum(quantities.values()) >= total:
        raise BadInput(
            _("Name pieces of this parcel; each of the two must keep at least one."),
            fields={"quantities": ["range"]},
        )


def _take_out(line: ShipmentLine, quantity: int) -> None:
    line.quantity -= quantity
    if line.quantity:
        line.save(update_fields=["quantity"])
    else:
        line.delete()


def _add_lines(target: Shipment, moved: list[ShipmentLine]) -> None:
    present = {line.order_line_id: line for line in lines_of(target)}
    for line in moved:
        own = present.get(line.order_line_id)
        if own is None:
            ShipmentLine.objects.create(
                shipment=target,
                order_line_id=line.order_line_id,
                sku_id=line.sku_id,
                quantity=line.quantity,
            )
        else:
            own.quantity += line.quantity
            own.save(update_fields=["quantity"])
