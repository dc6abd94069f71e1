"""The label goes onto the parcel: from now on it says where the parcel goes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import WrongState, require_reason
from ordercenter.core.timeline import record
from orders.fulfilment.actions.carrier import save_waybill
from orders.fulfilment.actions.common import locked, require_in_warehouse
from orders.fulfilment.errors import NoWaybill
from orders.fulfilment.labels import draw_label
from orders.fulfilment.models import Shipment, ShipmentState
from orders.fulfilment.models.shipments import IN_THE_HOUSE
from orders.models import OrderState
from orders.receiver import COLUMNS, Receiver

_PRINTABLE = (ShipmentState.RELEASED, ShipmentState.PICKING, ShipmentState.PACKED)
_FIELDS = [*COLUMNS, "waybill", "label_printed_at", "version"]


@dataclass(frozen=True, slots=True)
class Label:
    """A label as a PDF of 100 × 150 mm, and the name to save it under."""

    name: str
    content: bytes


@transaction.atomic
def print_label(shipment_id: int, *, seen: int | None, actor: Actor) -> Label:
    """The parcel has its label; the address can't be changed under it any more.

    The first print keeps the receiver as it is now, a repeated print shows the same. A carrier
    whose numbers are ours gets a new number. Raises `NoWaybill` without carrier or number,
    `WrongState` before the release and after the parcel has left.
    """
    actor.require("fulfilment.print_label_shipment")
    order, shipment = locked(shipment_id, seen=seen)
    require_in_warehouse(order, OrderState.PREPARING, OrderState.PACKED)
    if shipment.state not in _PRINTABLE:
        raise WrongState(
            _("Parcel %(number)s is %(state)s; no label is printed for it now.")
            % {"number": shipment.number, "state": shipment.get_state_display()},
            state=shipment.state,
        )
    is_first = shipment.label_printed_at is None
    if is_first:
        _fill_in(shipment, order.receiver)
    save_waybill(shipment, _FIELDS)
    record(
        shipment,
        "shipment.label_printed",
        actor=actor,
        data={
            "number": shipment.number,
            "carrier": shipment.carrier.code if shipment.carrier else "",
            "waybill": shipment.waybill,
            "is_first": is_first,
        },
    )
    return Label(f"{shipment.number}.pdf", draw_label(shipment))


def _fill_in(shipment: Shipment, receiver: Receiver) -> None:
    if shipment.carrier is None:
        raise NoWaybill()
    if not shipment.waybill and shipment.carrier.numbers_are_ours:
        shipment.waybill = _next_own_number()
    if not shipment.waybill:
        raise NoWaybill()
    for name, value in receiver.as_columns().items():
        setattr(shipment, name, value)
    shipment.label_printed_at = moments.now()


def _next_own_number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('fulfilment_own_waybill')")
        return f"OC{cursor.fetchone()[0]:010d}"


@transaction.atomic
def void_label(shipment_id: int, *, seen: int | None, reason: str, actor: Actor) -> Shipment:
    """The printed label counts for nothing: no number, no receiver; the address may change again.

    Raises `WrongState` when there is no label or the parcel has left, `BadInput` without a reason.
    """
    actor.require("fulfilment.void_label_shipment")
    require_reason(reason)
    _order, shipment = locked(shipment_id, seen=seen)
    if shipment.state not in IN_THE_HOUSE or shipment.label_printed_at is None:
        raise WrongState(
            _("%(number)s has no label that could be voided.") % {"number": shipment.number},
            state=shipment.state,
        )
    old = shipment.waybill
    for name, value in Receiver().as_columns().items():
        setattr(shipment, name, value)
    shipment.waybill, shipment.label_printed_at = "", None
    shipment.save(update_fields=_FIELDS)
    record(
        shipment,
        "shipment.label_voided",
        actor=actor,
        data={"number": shipment.number, "waybill": old, "reason": reason},
    )
    return shipment
