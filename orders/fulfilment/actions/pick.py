"""Goods are collected and checked piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.models import Sku
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, WrongState
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import record
from orders.fulfilment.actions.common import lines_of, locked, require_in_warehouse
from orders.fulfilment.errors import WrongItem
from orders.fulfilment.models import Shipment, ShipmentLine, ShipmentState


@transaction.atomic
def start_picking(shipment_id: int, *, seen: int | None, actor: Actor) -> Shipment:
    """Somebody collects the goods; the parcel can't be split or joined any more."""
    actor.require("fulfilment.start_picking_shipment")
    order, shipment = locked(shipment_id, seen=seen)
    require_in_warehouse(order)
    advance(shipment, "start_picking", actor=actor, data={"number": shipment.number})
    return shipment


@transaction.atomic
def scan_item(
    shipment_id: int, *, seen: int | None, code: str, actor: Actor, quantity: int = 1
) -> ShipmentLine:
    """`quantity` more pieces of this SKU code or barcode are checked; the line they count for.

    The first scan starts the picking. The version moves with every scan, so a scan that is sent
    twice counts once. Raises `WrongItem`, which says what the thing is and what to do with it.
    """
    actor.require("fulfilment.pack_shipment")
    if quantity < 1:
        raise BadInput(_("The quantity must be at least 1."), fields={"quantity": ["min"]})
    order, shipment = locked(shipment_id, seen=seen)
    require_in_warehouse(order)
    if shipment.state == ShipmentState.RELEASED:
        advance(shipment, "start_picking", actor=actor, data={"number": shipment.number})
    require_picking(shipment)
    line = _line_for(code, quantity, lines_of(shipment))
    line.packed += quantity
    line.save(update_fields=["packed"])
    shipment.save(update_fields=["version"])
    record(
        shipment,
        "shipment.item_scanned",
        actor=actor,
        data={"sku": line.sku.code, "checked": line.packed, "of": line.quantity},
    )
    return line


def require_picking(shipment: Shipment) -> None:
    """Return when pieces may be counted; raises `WrongState` otherwise."""
    if shipment.state != ShipmentState.PICKING:
        raise WrongState(
            _("Parcel %(number)s is %(state)s; nothing can be checked into it now.")
            % {"number": shipment.number, "state": shipment.get_state_display()},
            state=shipment.state,
        )


def _line_for(code: str, quantity: int, lines: Sequence[ShipmentLine]) -> ShipmentLine:
    """The line that still wants this many of what was scanned."""
    fitting = matching_lines(code, lines)
    if not fitting:
        raise _wrong_item(code, lines)
    for line in fitting:
        if line.packed + quantity <= line.quantity:
            return line
    first = fitting[0]
    raise WrongItem(
        _("Too many: %(sku)s %(name)s is complete with %(wanted)d. Put this one back.")
        % {
            "sku": first.sku.code,
            "name": first.sku.name,
            "wanted": sum(line.quantity for line in fitting),
        },
        sku=first.sku.code,
    )


def matching_lines(code: str, lines: Sequence[ShipmentLine]) -> list[ShipmentLine]:
    """The lines whose SKU has this code or barcode, whatever the case."""
    wanted = code.strip().casefold()
    return [
        line
        for line in lines
        if wanted and wanted in (line.sku.code.casefold(), line.sku.barcode.casefold())
    ]


def _wrong_item(code: str, lines: Sequence[ShipmentLine]) -> WrongItem:
    code = code.strip()
    missing = "、".join(
        f"{line.sku.code} {line.sku.name}" for line in lines if line.packed < line.quantity
    )
    known = (
        Sku.objects.filter(code__iexact=code).first()
        or Sku.objects.filter(barcode=code).exclude(barcode="").first()
    )
    if known is None:
        return WrongItem(
            _("Nobody knows “%(code)s”: neither a SKU nor a barcode. Still missing: %(missing)s.")
            % {"code": code[:64], "missing": missing or _("nothing")},
            code=code[:64],
        )
    return WrongItem(
        _("Wrong goods: this is %(sku)s %(name)s. Put it back. Still missing: %(missing)s.")
        % {"sku": known.code, "name": known.name, "missing": missing or _("nothing")},
        sku=known.code,
    )
