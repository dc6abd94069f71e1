"""Who takes the parcel, under which number."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, WrongState
from ordercenter.core.timeline import changed, record
from orders.fulfilment.actions.common import locked
from orders.fulfilment.errors import WaybillTaken
from orders.fulfilment.models import Carrier, Shipment
from orders.fulfilment.models.shipments import IN_THE_HOUSE

# Letters, digits and dashes; every carrier's numbers fit and barcode 128 can print them.
_WAYBILL = re.compile(r"[A-Z0-9-]{4,35}")


@transaction.atomic
def set_carrier(
    shipment_id: int, *, seen: int | None, carrier: int, actor: Actor, waybill: str = ""
) -> Shipment:
    """The parcel goes by this carrier and, where given, under this waybill number.

    Raises `WrongState` once the label is printed (void it first) or the parcel has left,
    `BadInput` for an unknown carrier or a number no carrier gives, `WaybillTaken`.
    """
    actor.require("fulfilment.set_carrier_shipment")
    number = tidy_waybill(waybill)
    _order, shipment = locked(shipment_id, seen=seen)
    if shipment.state not in IN_THE_HOUSE or shipment.label_printed_at:
        raise WrongState(
            _("%(number)s has its label or has left. Void the label to choose another carrier.")
            % {"number": shipment.number},
            state=shipment.state,
        )
    chosen = Carrier.objects.filter(pk=carrier, is_active=True).first()
    if chosen is None:
        raise BadInput(_("Choose a carrier."), fields={"carrier": ["unknown"]})
    before = _told(shipment)
    shipment.carrier, shipment.waybill = chosen, number
    changes = changed(before, _told(shipment))
    if changes:
        save_waybill(shipment, ["carrier", "waybill", "version"])
        record(shipment, "shipment.carrier_set", actor=actor, changes=changes)
    return shipment


def tidy_waybill(text: str) -> str:
    """The number in capitals without blanks, "" for none. Raises `BadInput` for nonsense."""
    number = "".join(text.split()).upper()
    if number and not _WAYBILL.fullmatch(number):
        raise BadInput(
            _("A waybill number has 4 to 35 letters, digits or dashes."),
            fields={"waybill": ["format"]},
        )
    return number


def save_waybill(shipment: Shipment, fields: list[str]) -> None:
    """Save these fields; raises `WaybillTaken` when another parcel has the number."""
    try:
        with transaction.atomic():
            shipment.save(update_fields=fields)
    except IntegrityError as error:
        if "waybill_once_per_carrier" not in str(error):
            raise
        raise WaybillTaken(
            _("Another parcel of %(carrier)s has the number %(waybill)s. Look at the label again.")
            % {"carrier": shipment.carrier, "waybill": shipment.waybill},
            waybill=shipment.waybill,
        ) from error


def _told(shipment: Shipment) -> dict[str, str]:
    code = shipment.carrier.code if shipment.carrier else ""
    return {"carrier": code, "waybill": shipment.waybill}
