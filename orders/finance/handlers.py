"""What finance does when it hears of packed orders."""

from __future__ import annotations

from ordercenter.core.actor import Actor
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles
from orders.finance.actions import ask_wanted_invoice, queue_invoices

PACKED = Actor.system("rule:packed orders are invoiced")


@handles("order.packed", name="finance.invoice_list_grows")
def grow_invoice_list(event: Event) -> None:
    """Invoices of a packed order are to be issued; one that is only tagged gets its invoice."""
    ask_wanted_invoice(event.subject_id, actor=PACKED)
    queue_invoices(event.subject_id, actor=PACKED)
