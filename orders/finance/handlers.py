"""What finance does when it hears of packed and of cancelled orders."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ordercenter.core.actor import Actor
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles
from orders.finance.actions import (
    ask_wanted_invoice,
    queue_invoices,
    refuse_waiting_invoices,
)

CANCELLED = Actor.system("rule:cancelled orders need no invoice")
PACKED = Actor.system("rule:packed orders are invoiced")


@handles("order.packed", name="finance.invoice_list_grows")
def grow_invoice_list(event: Event) -> None:
    """Invoices of a packed order are to be issued; one that is only tagged gets its invoice."""
    ask_wanted_invoice(event.subject_id, actor=PACKED)
    queue_invoices(event.subject_id, actor=PACKED)


@handles("order.cancelled", name="finance.cancelled_orders_need_none")
def drop_invoices(event: Event) -> None:
    """Nobody writes an invoice for a cancelled order."""
    refuse_waiting_invoices(event.subject_id, reason=_("The order was cancelled."), actor=CANCELLED)
