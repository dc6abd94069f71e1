"""Money that is promised back to the buyer, booked on the order before anybody is paid."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.timeline import Entry, record_all
from orders.errors import RefundTooHigh
from orders.models import Order, Payment, PaymentState


def book_refund(order: Order, amount: Decimal, *, payment: Payment | None = None) -> Entry:
    """`amount` of what was paid is spoken for; the caller holds the order's lock.

    Answers the event that tells of it, to be recorded along with the refund's own. Raises
    `RefundTooHigh` when less than that is left of the order's money or of the payment's. The
    database refuses it too (`refunds_never_exceed_paid`, `refunds_never_exceed_payment`).
    """
    require_refundable(order, amount, payment=payment)
    return _shift(order, amount, payment)


def require_refundable(order: Order, amount: Decimal, *, payment: Payment | None = None) -> None:
    """Return when so much is left to be paid back; raises `RefundTooHigh`."""
    left = order.paid_amount - order.refunded_amount
    if payment is not None:
        left = min(left, payment.amount - payment.refunded)
    if not 0 < amount <= left:
        raise RefundTooHigh(
            _("%(left)s can still be paid back, not %(amount)s.")
            % {"left": left, "amount": amount},
            left=str(left),
            amount=str(amount),
        )


def release_refund(
    order: Order, amount: Decimal, *, actor: Actor, payment: Payment | None = None
) -> None:
    """A refund has come to nothing: its amount can be promised again. The order is locked."""
    record_all([_shift(order, -amount, payment)], actor=actor)


def mark_refunded(order: Order, *, actor: Actor) -> None:
    """Everything that was paid went back for good; the caller knows it and holds the lock."""
    if order.payment_state == PaymentState.REFUNDED:
        return
    before, order.payment_state = order.payment_state, PaymentState.REFUNDED
    order.save(update_fields=["payment_state", "version"])
    changes = {"payment_state": [before, order.payment_state]}
    record_all([_entry(order, "order.refunded", changes)], actor=actor)


def _shift(order: Order, by: Decimal, payment: Payment | None) -> Entry:
    # Sums are made by the database, so that its constraints judge the true one.
    before, after = order.refunded_amount, order.refunded_amount + by
    order.refunded_amount = F("refunded_amount") + by
    order.save(update_fields=["refunded_amount", "version"])
    order.refunded_amount = after
    if payment is not None:
        Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + by)
        payment.refunded += by
    kind = "order.refund_booked" if by > 0 else "order.refund_released"
    return _entry(order, kind, {"refunded_amount": [before, after]})


def _entry(order: Order, kind: str, changes: Mapping[str, Any]) -> Entry:
    return Entry(
        stream=order.stream,
        subject_kind=Order.KIND,
        subject_id=order.pk,
        kind=kind,
        changes=changes,
    )
