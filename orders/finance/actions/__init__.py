"""Every change of an invoice, a settlement file or a difference: the order is locked first."""

from orders.finance.actions.ask import InvoiceDraft, ask_invoice, ask_wanted_invoice, queue_invoices
from orders.finance.actions.differences import accept_difference
from orders.finance.actions.issue import (
    issue_invoice,
    look_at_costs,
    refuse_invoice,
    refuse_waiting_invoices,
    take_back_invoice,
)
from orders.finance.actions.load import load_settlement

__all__ = [
    "InvoiceDraft",
    "accept_difference",
    "ask_invoice",
    "ask_wanted_invoice",
    "issue_invoice",
    "load_settlement",
    "look_at_costs",
    "queue_invoices",
    "refuse_invoice",
    "refuse_waiting_invoices",
    "take_back_invoice",
]
