"""How the timeline speaks of orders."""

from __future__ import annotations

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
from orders.models import (
    Order,
    OrderState,
    PaymentState,
    Urgency,
    UrgentReason,
    WorkOrder,
    WorkOrderState,
)
from orders.receiver import COLUMNS

name_states(Order.KIND, OrderState.choices)
name_states(WorkOrder.KIND, WorkOrderState.choices)
name_subjects(Order.KIND, _("Order"), "orders_order")
name_subjects(WorkOrder.KIND, _("Work order"), "orders_workorder")
name_events(
    {
        "order.placed": _("Order came in"),
        "order.gift_joined": _("Gift of an order that was there before"),
        "order.paid": _("Payment noted"),
        "order.approved": _("Review passed"),
        "order.sent_back": _("Sent back to review"),
        "order.released_to_warehouse": _("Payment checked, given to the warehouse"),
        "order.packed": _("Packed"),
        "order.unpacked": _("Opened again"),
        "order.dispatched": _("Left the warehouse"),
        "order.in_transit": _("Carrier has it"),
        "order.delivered": _("Delivered"),
        "order.completed": _("Completed"),
        "order.cancelled": _("Cancelled"),
        "order.closed": _("Closed"),
        "order.address_changed": _("Address changed"),
        "order.card_filled": _("Card filled in"),
        "order.revised": _("Content revised"),
        "order.allocated": _("Stock allocated"),
        "order.hold_expired": _("Stock hold expired"),
        "order.note_added": _("Note written"),
        "order.memo_set": _("Seller's memo changed"),
        "order.file_attached": _("File attached"),
        "order.urgency_set": _("Urgency set"),
        "order.channel_updated": _("Channel changed the order"),
        "order.refund_flagged": _("Refund flags changed"),
        "order.refund_booked": _("Money promised back"),
        "order.refund_released": _("Promise of money taken back"),
        "order.refunded": _("Paid back in full"),
        "work_order.opened": _("Work order opened"),
        "work_order.extended": _("Work order has more to decide"),
        "work_order.claimed": _("Work order claimed"),
        "work_order.resolved": _("Work order resolved"),
        "work_order.withdrawn": _("Work order withdrawn"),
        "api_key.issued": _("API key issued"),
        "api_key.revoked": _("API key revoked"),
    }
)
name_fields(
    {
        field.name: field.verbose_name
        for field in Order._meta.concrete_fields
        if hasattr(field, "verbose_name")
    },
    hidden=(*COLUMNS, "buyer_name"),
)
name_fields(
    {
        "line": _("order line"),
        "shortages": _("short of stock (SKU, wanted, there)"),
        "fields": _("fields"),
        "reason": _("Reason"),
        "note": _("Note"),
    }
)
name_details(
    {
        "text": _("text"),
        "title": _("title"),
        "resolution": _("resolution"),
        "amount": _("amount"),
        "name": _("file name"),
        "external_number": _("channel's number"),
    }
)
name_machines(
    {
        "timer:stock holds": _("Stock hold timer"),
        "rule:gifts follow their order": _("Rule: gifts follow their order"),
    }
)
name_values("urgency", Urgency.choices)
name_values("urgent_reason", UrgentReason.choices)
name_values("payment_state", PaymentState.choices)
