"""What every action on an invoice begins with: the order first, then the invoice."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from orders.actions.locking import lock_with_order
from orders.finance.models import Invoice
from orders.finance.models.invoices import ALIVE
from orders.models import Order
from rma.eligibility import INVOICED

__all__ = ["INVOICED", "WANTED", "left_to_invoice", "locked_invoice", "set_tag"]

# A channel, a form or a person has said that the buyer wants an invoice.
WANTED = "invoice_wanted"


def locked_invoice(invoice_id: int, *, seen: int | None) -> tuple[Order, Invoice]:
    """The order and its invoice, locked in this order, the invoice in the version seen."""
    return lock_with_order(Invoice, invoice_id, seen=seen)


def left_to_invoice(order: Order, *, without: Invoice | None = None) -> Decimal:
    """What was paid, is not promised back, and no living invoice speaks of (CNY)."""
    alive = order.invoices.filter(state__in=ALIVE)
    if without is not None:
        alive = alive.exclude(pk=without.pk)
    taken = alive.aggregate(taken=Sum("amount"))["taken"] or Decimal("0.00")
    left: Decimal = order.paid_amount - order.refunded_amount - taken
    return left


def set_tag(order: Order, tag: str, *, present: bool) -> None:
    """The order carries the tag or doesn't; the event of the invoice tells why.

    The caller holds the order's lock.
    """
    if (tag in order.tags) == present:
        return
    order.tags = [*(name for name in order.tags if name != tag), *([tag] if present else [])]
    order.save(update_fields=["tags", "version"])
