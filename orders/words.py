"""One dictionary of states: the same state in each reader's words (B2).

Two departments may say it differently, but never read two states: every word below hangs on
the one state of the order.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models.orders import OrderState


class Reader(StrEnum):
    STAFF = "staff"
    CUSTOMER = "customer"
    WAREHOUSE = "warehouse"
    FINANCE = "finance"


Words = dict[Reader, str | Promise]

WORDS: dict[OrderState, Words] = {
    OrderState.PENDING_PAYMENT: {
        Reader.CUSTOMER: _("To be paid"),
        Reader.WAREHOUSE: _("Not ours yet"),
        Reader.FINANCE: _("No money yet"),
    },
    OrderState.PENDING_REVIEW: {
        Reader.CUSTOMER: _("Paid"),
        Reader.WAREHOUSE: _("Not ours yet"),
        Reader.FINANCE: _("Paid, under review"),
    },
    OrderState.PENDING_FINANCE: {
        Reader.CUSTOMER: _("Paid"),
        Reader.WAREHOUSE: _("Not ours yet"),
        Reader.FINANCE: _("Payment to be checked"),
    },
    OrderState.PREPARING: {
        Reader.CUSTOMER: _("Being prepared"),
        Reader.WAREHOUSE: _("To be picked and packed"),
        Reader.FINANCE: _("Payment checked"),
    },
    OrderState.PACKED: {
        Reader.CUSTOMER: _("Being prepared"),
        Reader.WAREHOUSE: _("Packed, to be handed over"),
        Reader.FINANCE: _("Payment checked"),
    },
    OrderState.DISPATCHED: {
        Reader.CUSTOMER: _("Left the warehouse"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("To be invoiced"),
    },
    OrderState.IN_TRANSIT: {
        Reader.CUSTOMER: _("On its way"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("To be invoiced"),
    },
    OrderState.DELIVERED: {
        Reader.CUSTOMER: _("Delivered"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("Revenue due"),
    },
    OrderState.COMPLETED: {
        Reader.CUSTOMER: _("Completed"),
        Reader.WAREHOUSE: _("Handed over"),
        Reader.FINANCE: _("Revenue booked"),
    },
    OrderState.CANCELLED: {
        Reader.CUSTOMER: _("Cancelled"),
        Reader.WAREHOUSE: _("Nothing to do"),
        Reader.FINANCE: _("Cancelled, refund if paid"),
    },
    OrderState.CLOSED: {
        Reader.CUSTOMER: _("Closed"),
        Reader.WAREHOUSE: _("Nothing to do"),
        Reader.FINANCE: _("Closed, to be settled"),
    },
}


def word(state: str, reader: Reader = Reader.STAFF) -> str:
    """The state in the reader's words; staff read the state's own name."""
    known = OrderState(state)
    return str(WORDS[known].get(reader, known.label))
