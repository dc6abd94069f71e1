"""What the order card says about invoices, and how the timeline speaks of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ordercenter.core.adminkit.story import (
    name_details,
    name_events,
    name_machines,
    name_states,
    name_subjects,
    name_values,
)
from orders.admin.card import FINDINGS, Dimension, add_section
from orders.finance.actions.common import INVOICED, WANTED
from orders.finance.events import WORDS
from orders.finance.models import (
    Cause,
    Difference,
    DifferenceState,
    Invoice,
    InvoiceKind,
    InvoiceState,
    SettlementFile,
)
from orders.models import Order

name_events(WORDS)
FINDINGS.update({INVOICED: _("invoice issued"), WANTED: _("wants an invoice")})
name_states(Invoice.KIND, InvoiceState.choices)
name_states(Difference.KIND, DifferenceState.choices)
name_subjects(Invoice.KIND, _("Invoice"), "finance_invoice")
name_subjects(Difference.KIND, _("difference"), "finance_difference")
name_subjects(SettlementFile.KIND, _("settlement file"), "finance_settlementfile")
name_values("kind", InvoiceKind.choices)
name_values("cause", Cause.choices)
name_details(
    {
        "red_number": _("number of the red invoice"),
        "cause": _("cause"),
        "gap": _("gap"),
        "settlement": _("settlement file"),
    }
)
name_machines(
    {
        "rule:packed orders are invoiced": _("Rule: packed orders are invoiced"),
        "rule:cancelled orders need no invoice": _("Rule: cancelled orders need no invoice"),
        "timer:daily sheets": _("Daily sheets"),
    }
)


def invoice_section(order: Order, request: HttpRequest) -> dict[str, Any] | None:
    """The order's invoices, newest first."""
    invoices = list(order.invoices.order_by("-pk"))
    return {"invoices": invoices} if invoices else None


add_section(Dimension.PROCESS, "finance/on_order.html", invoice_section)
