"""The states of a shipment in each reader's words (B2); orders have theirs in `orders.words`."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.fulfilment.models import ShipmentState
from orders.words import Reader

WORDS: dict[ShipmentState, dict[Reader, str | Promise]] = {
    ShipmentState.PLANNED: {
        Reader.CUSTOMER: _("Being prepared"),
        Reader.WAREHOUSE: _("Waits for release"),
        Reader.FINANCE: _("Not sent yet"),
    },
    ShipmentState.RELEASED: {
        Reader.CUSTOMER: _("Being prepared"),
        Reader.WAREHOUSE: _("To be picked"),
        Reader.FINANCE: _("Not sent yet"),
    },
    ShipmentState.PICKING: {
        Reader.CUSTOMER: _("Being prepared"),
        Reader.WAREHOUSE: _("Being picked and checked"),
        Reader.FINANCE: _("Not sent yet"),
    },
    ShipmentState.PACKED: {
        Reader.CUSTOMER: _("Being prepared"),
        Reader.WAREHOUSE: _("Packed, to be handed over"),
        Reader.FINANCE: _("Not sent yet"),
    },
    ShipmentState.DISPATCHED: {
        Reader.CUSTOMER: _("Left the warehouse"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("Sent"),
    },
    ShipmentState.IN_TRANSIT: {
        Reader.CUSTOMER: _("On its way"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("Sent"),
    },
    ShipmentState.DELIVERED: {
        Reader.CUSTOMER: _("Delivered"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("Received by the customer"),
    },
    ShipmentState.EXCEPTION: {
        Reader.CUSTOMER: _("Delayed, we are looking into it"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("Sent, in dispute with the carrier"),
    },
    ShipmentState.CANCELLED: {
        Reader.CUSTOMER: _("Cancelled"),
        Reader.WAREHOUSE: _("Put the goods back"),
        Reader.FINANCE: _("Not sent"),
    },
}


def word(state: str, reader: Reader = Reader.STAFF) -> str:
    """The shipment's state in the reader's words; staff read the state's own name."""
    known = ShipmentState(state)
    return str(WORDS[known].get(reader, known.label))
