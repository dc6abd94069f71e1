"""An invoice is written, refused or taken back; finance looks at costs before it writes one."""

from __future__ import annotations

import re
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, ChangedMeanwhile, require_reason
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import record
from orders.finance.actions.common import (
    INVOICED,
    left_to_invoice,
    locked_invoice,
    set_tag,
)
from orders.finance.costs import cost_view, valid_look
from orders.finance.errors import InvoiceTooHigh
from orders.finance.figures import business_day
from orders.finance.models import CostLook, Invoice, InvoiceState
from orders.finance.models.invoices import WAITING
from orders.models import Order, OrderState

# Fully digital invoices have 20 digits; the older ones 8, with a code of 10 or 12 digits.
_NUMBER = re.compile(r"\d{20}|\d{8}")
_CODE = re.compile(r"\d{10}|\d{12}")


@transaction.atomic
def look_at_costs(invoice_id: int, *, fingerprint: str, actor: Actor) -> CostLook:
    """It is on record that this person saw these costs, and which.

    `fingerprint` is that of the view on the page; raises `ChangedMeanwhile` when the costs are
    others by now: nobody has seen those.
    """
    actor.require("finance.see_cost_invoice")
    _order, invoice = locked_invoice(invoice_id, seen=None)
    view = cost_view(invoice)
    if view.fingerprint != fingerprint:
        raise ChangedMeanwhile()
    look = CostLook.objects.create(
        invoice=invoice,
        user_id=actor.id if actor.kind == "person" else None,
        looked_by=actor.label[:80],
        at=moments.now(),
        cost=view.cost if view.is_complete else None,
        shown=view.as_json(),
        fingerprint=view.fingerprint,
    )
    # The costs themselves stay with finance; everybody reads the order's story.
    record(
        invoice,
        "invoice.costs_seen",
        actor=actor,
        data={"number": invoice.request_number, "amount": invoice.amount},
    )
    return look


@transaction.atomic
def issue_invoice(
    invoice_id: int,
    *,
    seen: int | None,
    number: str,
    issued_on: date,
    actor: Actor,
    code: str = "",
) -> Invoice:
    """The invoice is written; the order is known as invoiced, and returns are told so.

    Raises `CostsNotSeen` where the gate stands, `InvoiceTooHigh` when money was promised back
    meanwhile, `BadInput` for a number that can't be one or was used before.
    """
    actor.require("finance.issue_invoice")
    number, code = _checked_number(number, code)
    if issued_on > business_day(moments.now()):
        raise BadInput(
            _("The date lies in the future."), fields={"issued_on": [str(_("Not yet."))]}
        )
    order, invoice = locked_invoice(invoice_id, seen=seen)
    if order.state == OrderState.CANCELLED:
        raise InvoiceTooHigh(_("The order is not paid, or was cancelled."), state=order.state)
    left = left_to_invoice(order, without=invoice)
    if invoice.state == InvoiceState.TO_ISSUE and invoice.amount > left:
        raise InvoiceTooHigh(
            _(
                "Money was paid back since: %(left)s CNY can still be invoiced, not %(amount)s. "
                "Refuse this one and ask anew."
            )
            % {"left": left, "amount": invoice.amount},
            left=str(left),
            amount=str(invoice.amount),
        )
    invoice.number, invoice.code, invoice.issued_on = number, code, issued_on
    invoice.issued_by = actor.label[:80]
    invoice.cost_look = valid_look(invoice, actor)
    try:
        with transaction.atomic():
            advance(
                invoice,
                "issue",
                actor=actor,
                event="invoice.issued",
                fields=["number", "code", "issued_on", "issued_by", "cost_look"],
                data={
                    "number": number,
                    "amount": invoice.amount,
                    "look": invoice.cost_look_id,
                },
            )
            set_tag(order, INVOICED, present=True)
    except IntegrityError as error:
        if "invoice_number_once" not in str(error):
            raise
        said = _("Another invoice has this number.")
        raise BadInput(said, fields={"number": [str(said)]}) from error
    return invoice


def _checked_number(number: str, code: str) -> tuple[str, str]:
    number, code = "".join(number.split()), "".join(code.split())
    fields: dict[str, list[str]] = {}
    if not _NUMBER.fullmatch(number) or not number.isascii():
        fields["number"] = [str(_("An invoice number has 20 digits, or 8 with a code."))]
    elif (len(number) == 8) != bool(code) or (code and not _CODE.fullmatch(code)):
        fields["code"] = [str(_("The code of an 8-digit invoice has 10 or 12 digits."))]
    if fields:
        raise BadInput(fields=fields)
    return number, code


@transaction.atomic
def refuse_invoice(invoice_id: int, *, seen: int | None, reason: str, actor: Actor) -> Invoice:
    """None is written; its amount can be asked for again."""
    actor.require("finance.refuse_invoice")
    _order, invoice = locked_invoice(invoice_id, seen=seen)
    _refuse(invoice, require_reason(reason)[:200], actor)
    return invoice


@transaction.atomic
def refuse_waiting_invoices(order_id: int, *, reason: str, actor: Actor) -> int:
    """The order needs none any more: those not written yet are refused; how many.

    A repeat finds none. One that was issued has to be taken back by a person.
    """
    order = Order.objects.locked(order_id, seen=None)
    waiting = Invoice.objects.select_for_update().filter(order=order, state__in=WAITING)
    invoices = list(waiting.order_by("pk"))
    for invoice in invoices:
        _refuse(invoice, require_reason(reason)[:200], actor)
    return len(invoices)


def _refuse(invoice: Invoice, reason: str, actor: Actor) -> None:
    invoice.end_reason, invoice.ended_at = reason, moments.now()
    advance(
        invoice,
        "refuse",
        actor=actor,
        event="invoice.refused",
        fields=["end_reason", "ended_at"],
        data={"number": invoice.request_number, "why": reason},
    )


@transaction.atomic
def take_back_invoice(
    invoice_id: int, *, seen: int | None, reason: str, actor: Actor, red_number: str = ""
) -> Invoice:
    """The invoice is cancelled, or reversed by a red one; money of its order may go back."""
    actor.require("finance.take_back_invoice")
    order, invoice = locked_invoice(invoice_id, seen=seen)
    invoice.end_reason, invoice.ended_at = require_reason(reason)[:200], moments.now()
    invoice.red_number = "".join(red_number.split())
    if invoice.red_number and not _NUMBER.fullmatch(invoice.red_number):
        said = str(_("An invoice number has 20 digits, or 8 with a code."))
        raise BadInput(said, fields={"red_number": [said]})
    others = order.invoices.filter(state=InvoiceState.ISSUED).exclude(pk=invoice.pk)
    advance(
        invoice,
        "take_back",
        actor=actor,
        event="invoice.taken_back",
        fields=["end_reason", "ended_at", "red_number"],
        data={
            "number": invoice.number,
            "why": invoice.end_reason,
            "red_number": invoice.red_number,
        },
    )
    if not others.exists():
        set_tag(order, INVOICED, present=False)
    return invoice
