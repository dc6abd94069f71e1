"""Money is promised back: booked on the order, numbered, told; nobody is asked for it yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import ClockStart, start_clocks
from ordercenter.core.errors import BadInput, WrongState, require_reason
from ordercenter.core.timeline import Entry, record_all
from orders.actions import book_refund, require_refundable
from orders.models import Order, Payment, PaymentMethod
from rma.actions.common import locked_refund
from rma.models import Refund, RefundState, Return
from rma.models.refunds import BY_MACHINE

# The relay asks at once; where it could not, the schedule looks again after so long.
FIRST_LOOK = timedelta(minutes=5)


@transaction.atomic
def plan_refund(
    order_id: int,
    *,
    seen: int | None,
    amount: Decimal,
    reason: str,
    actor: Actor,
    method: PaymentMethod | None = None,
    payee: Mapping[str, str] | None = None,
) -> list[Refund]:
    """Pay back part of an order's money without a return (compensation, cancelled order).

    Raises `RefundTooHigh`, `BadInput` without a reason.
    """
    actor.require("rma.approve_refund")
    require_reason(reason)
    order = Order.objects.locked(order_id, seen=seen)
    return plan_refunds(order, amount, actor=actor, method=method, payee=payee, reason=reason)


def plan_refunds(
    order: Order,
    amount: Decimal,
    *,
    actor: Actor,
    rma: Return | None = None,
    method: PaymentMethod | None = None,
    payee: Mapping[str, str] | None = None,
    reason: str = "",
) -> list[Refund]:
    """The amount as refunds by the ways the money came, the first payment first.

    Where it is not known how the money came: through the channel for a channel's order, else from
    finance's list. `method` of bank, channel or other takes all of it out of the machines' hands.
    The order is locked; the amounts are booked on it. Raises `RefundTooHigh`.
    """
    require_refundable(order, amount)
    if method in BY_MACHINE:
        raise BadInput(
            _("Money goes back by machine only the way it came. Leave the method empty."),
            fields={"method": ["machine"]},
        )
    shares = [(None, method, amount)] if method else list(_shares(order, amount))
    at = moments.now()
    account: Any = dict(payee or {})
    refunds, booked = [], []
    for payment, way, share in shares:
        booked.append(book_refund(order, share, payment=payment))
        refunds.append(
            Refund(
                order=order,
                rma=rma,
                payment=payment,
                method=way,
                amount=share,
                reason=(reason.strip() or _reason(rma))[:200],
                payee=account,
                planned_by=actor.label[:80],
                planned_at=at,
                state_since=at,
                next_check_at=at + FIRST_LOOK if way in BY_MACHINE else None,
            )
        )
    made = Refund.objects.bulk_create(refunds)
    start_clocks(ClockStart(Refund.KIND, r.pk, r.stream, r.state, {}) for r in made)
    record_all([*booked, *(_entry(refund) for refund in made)], actor=actor)
    return made


def _shares(
    order: Order, amount: Decimal
) -> Iterator[tuple[Payment | None, PaymentMethod, Decimal]]:
    """Spread the amount over what is left of the order's payments; the rest by hand."""
    payments = list(order.payments.order_by("at", "pk"))
    for payment in payments:
        share = min(amount, payment.amount - payment.refunded)
        if share > 0:
            amount -= share
            yield payment, _way_back(payment), share
    if amount > 0:
        by_channel = order.source == "channel" and not payments
        yield None, PaymentMethod.CHANNEL if by_channel else PaymentMethod.BANK, amount


def _way_back(payment: Payment) -> PaymentMethod:
    """The way the money came; a machine needs the transaction's number, else finance pays."""
    method = PaymentMethod(payment.method)
    return PaymentMethod.BANK if method in BY_MACHINE and not payment.transaction_id else method


def _reason(rma: Return | None) -> str:
    if rma is None:
        return ""
    return f"{rma.number} {rma.get_reason_display()}"


def _entry(refund: Refund) -> Entry:
    return Entry(
        stream=refund.stream,
        subject_kind=Refund.KIND,
        subject_id=refund.pk,
        kind="refund.planned",
        to_state=refund.state,
        data={
            "number": refund.number,
            "method": refund.method,
            "amount": refund.amount,
            "return": refund.rma.number if refund.rma else "",
            "reason": refund.reason,
        },
    )


@transaction.atomic
def replace_refund(
    refund_id: int,
    *,
    seen: int | None,
    actor: Actor,
    method: PaymentMethod | None = None,
    payee: Mapping[str, str] | None = None,
) -> list[Refund]:
    """Promise a failed refund's amount again, under new numbers; finance may choose another way.

    Only what has failed for good is replaced: a number whose outcome is unknown never is.
    """
    actor.require("rma.approve_refund")
    order, refund = locked_refund(refund_id, seen=seen)
    if refund.state != RefundState.FAILED or refund.replaced_at:
        raise WrongState(
            _("Refund %(number)s is %(state)s; only a failed one is replaced, once.")
            % {"number": refund.number, "state": refund.get_state_display()},
            state=refund.state,
        )
    refund.replaced_at = moments.now()
    refund.save(update_fields=["replaced_at", "version"])
    return plan_refunds(
        order,
        refund.amount,
        rma=refund.rma,
        actor=actor,
        method=method,
        payee=payee,
        reason=refund.reason,
    )
