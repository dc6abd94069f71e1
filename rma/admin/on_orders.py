"""What the order card says about returns and refunds, and how the timeline speaks of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ordercenter.core.adminkit.story import (
    name_details,
    name_events,
    name_fields,
    name_machines,
    name_states,
    name_subjects,
    name_values,
)
from orders.admin.card import Dimension, add_section
from orders.models import Order, PaymentMethod
from rma.events import WORDS
from rma.models import (
    Refund,
    RefundState,
    Return,
    ReturnKind,
    ReturnReason,
    ReturnState,
    UnknownParcel,
    UnknownParcelState,
)

name_events(WORDS)
name_states(Return.KIND, ReturnState.choices)
name_states(Refund.KIND, RefundState.choices)
name_states(UnknownParcel.KIND, UnknownParcelState.choices)
name_subjects(Return.KIND, _("return"), "rma_return")
name_subjects(Refund.KIND, _("refund"), "rma_refund")
name_subjects(UnknownParcel.KIND, _("Parcel without RMA"), "rma_unknownparcel")
name_fields(
    {
        "trouble": _("trouble"),
        "refund": _("refund"),
        "return": _("return"),
        "findings": _("findings on arrival"),
    }
)
name_values("kind", ReturnKind.choices)
name_values("reason", ReturnReason.choices)
name_values("method", PaymentMethod.choices)
name_details(
    {
        "amount": _("amount"),
        "method": _("paid back by"),
        "why": _("why"),
        "reference": _("their number"),
        "minutes_to_money": _("minutes from arrival to money"),
        "tracking_number": _("tracking number"),
        "replacement": _("replacement order"),
    }
)
name_machines({"rule:returns": _("Rule: returns"), "payments": _("Payment systems")})


def money_section(order: Order, request: HttpRequest) -> dict[str, Any] | None:
    """The order's returns with their refunds, its payments and what is left of them."""
    returns = list(order.returns.prefetch_related("lines__sku").order_by("pk"))
    refunds = list(order.refunds.select_related("rma").order_by("pk"))
    payments = list(order.payments.all())
    if not (returns or refunds or payments):
        return None
    return {"order": order, "returns": returns, "refunds": refunds, "payments": payments}


add_section(Dimension.PROCESS, "rma/on_order.html", money_section)
