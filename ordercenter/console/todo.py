"""What waits for somebody: one list for navigation badges and for the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.models import RawMessage, RawState
from inventory.models import StockLevel
from ordercenter.core.adminkit.counts import kept_counts
from ordercenter.core.models import Delivery
from ordercenter.core.visitors import may
from orders.admin.order import in_trouble, overdue
from orders.admin.work_order import for_my_roles
from orders.finance.admin.differences import open_ones
from orders.finance.admin.invoices import to_issue, too_high
from orders.finance.models import Difference, Invoice
from orders.fulfilment.models import Shipment, ShipmentState
from orders.models import Order, OrderState, WorkOrder
from rma.admin.refunds import in_trouble as refunds_in_trouble
from rma.admin.refunds import payout_list
from rma.models import Refund, Return, ReturnState, UnknownParcel, UnknownParcelState


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that waits. `permission` is what a person needs to do something about it."""

    key: str
    title: str | Promise
    page: str
    permission: str
    rows: Callable[[HttpRequest], QuerySet[Any]]
    query: str = ""
    urgent: bool = False
    personal: bool = False

    def url(self) -> str:
        return reverse(f"admin:{self.page}_changelist") + self.query

    def count_key(self, request: HttpRequest) -> str:
        who = f":{request.user.pk}" if self.personal else ""
        return f"todo:{self.key}{who}"


def _orders(state: OrderState) -> Callable[[HttpRequest], QuerySet[Any]]:
    return lambda request: Order.objects.filter(state=state)


def _shipments(*states: ShipmentState) -> Callable[[HttpRequest], QuerySet[Any]]:
    return lambda request: Shipment.objects.filter(state__in=states)


def _returns(state: ReturnState) -> Callable[[HttpRequest], QuerySet[Any]]:
    return lambda request: Return.objects.filter(state=state)


TODOS: tuple[Todo, ...] = (
    Todo(
        "returns_requested",
        _("Returns to be answered"),
        "rma_return",
        "rma.authorise_return",
        _returns(ReturnState.REQUESTED),
        "?tab=requested",
    ),
    Todo(
        "returns_received",
        _("Returned goods to be inspected"),
        "rma_return",
        "rma.inspect_return",
        _returns(ReturnState.RECEIVED),
        "?tab=received",
    ),
    Todo(
        "returns_inspected",
        _("Returns to be settled"),
        "rma_return",
        "rma.approve_refund",
        _returns(ReturnState.INSPECTED),
        "?tab=inspected",
        urgent=True,
    ),
    Todo(
        "payouts",
        _("Refunds to be paid by hand"),
        "rma_refund",
        "rma.pay_out_refund",
        lambda request: payout_list(Refund.objects.all()),
        "?tab=payout",
        urgent=True,
    ),
    Todo(
        "refunds_trouble",
        _("Refunds in trouble"),
        "rma_refund",
        "rma.approve_refund",
        lambda request: refunds_in_trouble(Refund.objects.all()),
        "?tab=trouble",
        urgent=True,
    ),
    Todo(
        "invoices_to_issue",
        _("Invoices to be issued"),
        "finance_invoice",
        "finance.issue_invoice",
        lambda request: to_issue(Invoice.objects.all()),
        "?tab=to_issue",
    ),
    Todo(
        "invoices_too_high",
        _("Invoices to be taken back"),
        "finance_invoice",
        "finance.take_back_invoice",
        lambda request: too_high(Invoice.objects.all()),
        "?tab=too_high",
        urgent=True,
    ),
    Todo(
        "differences_open",
        _("Open differences"),
        "finance_difference",
        "finance.accept_difference",
        lambda request: open_ones(Difference.objects.all()),
        "?tab=open",
        urgent=True,
    ),
    Todo(
        "unknown_parcels",
        _("Parcels without RMA"),
        "rma_unknownparcel",
        "rma.assign_unknownparcel",
        lambda request: UnknownParcel.objects.filter(state=UnknownParcelState.WAITING),
        "?tab=waiting",
    ),
    Todo(
        "review",
        _("To be reviewed"),
        "orders_order",
        "orders.approve_order",
        _orders(OrderState.PENDING_REVIEW),
        "?tab=review",
    ),
    Todo(
        "finance",
        _("Payment to be checked"),
        "orders_order",
        "orders.confirm_funds_order",
        _orders(OrderState.PENDING_FINANCE),
        "?tab=finance",
    ),
    Todo(
        "preparing",
        _("Preparing"),
        "orders_order",
        "orders.allocate_order",
        _orders(OrderState.PREPARING),
        "?tab=preparing",
    ),
    Todo(
        "delivered",
        _("Delivered, to be completed"),
        "orders_order",
        "orders.complete_order",
        _orders(OrderState.DELIVERED),
        "?state__exact=delivered",
    ),
    Todo(
        "plan",
        _("Parcels to be released"),
        "fulfilment_shipment",
        "fulfilment.release_shipment",
        _shipments(ShipmentState.PLANNED),
        "?tab=planned",
    ),
    Todo(
        "packing",
        _("Packing area"),
        "fulfilment_shipment",
        "fulfilment.pack_shipment",
        _shipments(ShipmentState.RELEASED, ShipmentState.PICKING),
        "?tab=packing",
    ),
    Todo(
        "labelling",
        _("Labelling area"),
        "fulfilment_shipment",
        "fulfilment.print_label_shipment",
        lambda request: Shipment.objects.filter(
            state=ShipmentState.PACKED, label_printed_at__isnull=True
        ),
        "?tab=labelling",
    ),
    Todo(
        "pickup",
        _("Waiting for pickup"),
        "fulfilment_shipment",
        "fulfilment.dispatch_shipment",
        lambda request: Shipment.objects.filter(
            state=ShipmentState.PACKED, label_printed_at__isnull=False
        ),
        "?tab=pickup",
    ),
    Todo(
        "work",
        _("Work orders for me"),
        "orders_workorder",
        "orders.claim_workorder",
        lambda request: for_my_roles(WorkOrder.objects.all(), request),
        "?tab=role",
        urgent=True,
        personal=True,
    ),
    Todo(
        "overdue",
        _("Overdue"),
        "orders_order",
        "orders.view_order",
        lambda request: overdue(Order.objects.all()),
        "?tab=overdue",
        urgent=True,
    ),
    Todo(
        "trouble",
        _("In trouble"),
        "orders_order",
        "orders.view_order",
        lambda request: in_trouble(Order.objects.all()),
        "?tab=trouble",
        urgent=True,
    ),
    Todo(
        "low_stock",
        _("Below safety stock"),
        "inventory_stocklevel",
        "inventory.receive_stock",
        lambda request: StockLevel.objects.filter(low_since__isnull=False),
        "?tab=low",
        urgent=True,
    ),
    Todo(
        "quarantine",
        _("Messages that need a person"),
        "integrations_rawmessage",
        "integrations.view_rawmessage",
        lambda request: RawMessage.objects.filter(state=RawState.QUARANTINED),
        "?tab=quarantined",
        urgent=True,
    ),
    Todo(
        "dead",
        _("Dead letters"),
        "core_delivery",
        "core.resend_delivery",
        lambda request: Delivery.objects.filter(state=Delivery.State.DEAD),
        "?tab=dead",
        urgent=True,
    ),
)
BY_KEY = {todo.key: todo for todo in TODOS}


def todos_for(request: HttpRequest) -> list[Todo]:
    """What this person can do something about."""
    return [todo for todo in TODOS if may(request, todo.permission)]


def counts_for(request: HttpRequest) -> dict[str, int]:
    """How many wait of each, at most half a minute old; by one statement."""
    keys = {todo.count_key(request): todo for todo in todos_for(request)}
    found = kept_counts({key: partial(todo.rows, request) for key, todo in keys.items()})
    return {keys[key].key: count for key, count in found.items()}
