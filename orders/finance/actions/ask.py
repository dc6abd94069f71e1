"""Somebody wants an invoice; it joins finance's list once the goods are packed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import restart_clock
from ordercenter.core.errors import BadInput
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import record
from orders.finance.actions.common import WANTED, left_to_invoice
from orders.finance.errors import InvoiceTooHigh
from orders.finance.models import Invoice, InvoiceKind, InvoiceState
from orders.finance.models.invoices import ALIVE
from orders.finance.taxnumbers import is_tax_number, tidy_tax_number
from orders.models import Order, OrderState
from orders.plain import plain

# Before these the goods may still change.
_PACKED = (
    OrderState.PACKED,
    OrderState.DISPATCHED,
    OrderState.IN_TRANSIT,
    OrderState.DELIVERED,
    OrderState.COMPLETED,
    OrderState.CLOSED,
)
# Orders on which nothing was paid, or whose money goes back.
_NEVER = (OrderState.PENDING_PAYMENT, OrderState.CANCELLED)


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """What the buyer wants written. An `amount` of None means all that is left."""

    title: str
    kind: InvoiceKind = InvoiceKind.GENERAL
    tax_number: str = ""
    amount: Decimal | None = None
    email: str = ""
    note: str = ""


@transaction.atomic
def ask_invoice(order_id: int, *, seen: int | None, draft: InvoiceDraft, actor: Actor) -> Invoice:
    """The invoice waits for the goods to be packed, or is to be issued where they are.

    Raises `BadInput` for a title, number or amount that can't be, `InvoiceTooHigh` when less of
    the order's money is left.
    """
    actor.require("finance.ask_invoice")
    tax_number = _checked(draft)
    order = Order.objects.select_related("shop").locked(order_id, seen=seen)
    if order.state in _NEVER:
        raise InvoiceTooHigh(_("The order is not paid, or was cancelled."), state=order.state)
    invoice = _ask(order, draft, tax_number, actor)
    if order.state in _PACKED:
        _queue(invoice, actor)
    return invoice


def _ask(order: Order, draft: InvoiceDraft, tax_number: str, actor: Actor) -> Invoice:
    left = left_to_invoice(order)
    amount = left if draft.amount is None else draft.amount
    if not 0 < amount <= left:
        raise InvoiceTooHigh(
            _("%(left)s CNY can still be invoiced, not %(amount)s.")
            % {"left": max(left, Decimal("0.00")), "amount": amount},
            left=str(left),
            amount=str(amount),
        )
    invoice = Invoice.objects.create(
        order=order,
        kind=draft.kind,
        title=plain(draft.title)[:100],
        tax_number=tax_number,
        amount=amount,
        email=draft.email.strip(),
        note=plain(draft.note)[:200],
        asked_by=actor.label[:80],
        asked_at=moments.now(),
    )
    # The number is given by the database.
    invoice.refresh_from_db(fields=["request_number"])
    restart_clock(invoice, invoice.state)
    record(
        invoice,
        "invoice.asked",
        actor=actor,
        to_state=invoice.state,
        data={
            "number": invoice.request_number,
            "amount": invoice.amount,
            "kind": invoice.kind,
            "title": invoice.title,
        },
    )
    return invoice


def _checked(draft: InvoiceDraft) -> str:
    """The tidied tax number of a draft that makes sense; raises `BadInput` otherwise."""
    fields: dict[str, list[str]] = {}
    tax_number = tidy_tax_number(draft.tax_number)
    if not plain(draft.title):
        fields["title"] = [str(_("Enter the invoice title."))]
    if tax_number and not is_tax_number(tax_number):
        fields["tax_number"] = [
            str(_("This is no taxpayer number: its length or its check sign is wrong."))
        ]
    if draft.kind == InvoiceKind.SPECIAL and not tax_number:
        fields["tax_number"] = [str(_("A special invoice needs the taxpayer number."))]
    if draft.amount is not None and (
        draft.amount <= 0 or draft.amount != draft.amount.quantize(Decimal("0.01"))
    ):
        fields["amount"] = [str(_("Enter an amount above 0 in cents."))]
    if draft.email:
        try:
            validate_email(draft.email.strip())
        except ValidationError as error:
            fields["email"] = [str(error.message)]
    if fields:
        raise BadInput(fields=fields)
    return tax_number


def _queue(invoice: Invoice, actor: Actor) -> None:
    advance(
        invoice,
        "queue",
        actor=actor,
        event="invoice.to_issue",
        data={"number": invoice.request_number, "amount": invoice.amount},
    )


@transaction.atomic
def queue_invoices(order_id: int, *, actor: Actor) -> int:
    """The order is packed: its invoices are to be issued now; how many. A repeat finds none."""
    order = Order.objects.locked(order_id, seen=None)
    waiting = Invoice.objects.select_for_update().filter(order=order, state=InvoiceState.ASKED)
    moved = 0
    for invoice in waiting.order_by("pk"):
        _queue(invoice, actor)
        moved += 1
    return moved


@transaction.atomic
def ask_wanted_invoice(order_id: int, *, actor: Actor) -> Invoice | None:
    """An order tagged as wanting an invoice gets one over all of its money, to a person.

    None where it has no such tag, has an invoice already, or nothing is left.
    """
    order = Order.objects.locked(order_id, seen=None)
    if WANTED not in order.tags or order.state in _NEVER:
        return None
    if order.invoices.filter(state__in=ALIVE).exists() or left_to_invoice(order) <= 0:
        return None
    title = order.buyer_name or order.receiver_name or str(_("Personal"))
    return _ask(order, InvoiceDraft(title=title), "", actor)
