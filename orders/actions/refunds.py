"""Money that is promised back to the buyer, booked on the order before anybody is paid."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from orders.errors import RefundTooHigh
from orders.models import Order, Payment, PaymentState


def book_refund(order: Order, amount: Decimal, *, payment: Payment | None = None) -> None:
    """`amount` of what was paid is spoken for; the caller holds the order's lock and tells of it.

    Raises `RefundTooHigh` when less than that is left of the order's money or of the payment's.
    The database refuses it too (`refunds_never_exceed_paid`, `refunds_never_exceed_payment`).
    """
    require_refundable(order, amount, payment=payment)
    _shift(order, amount, payment)


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


def release_refund(order: Order, amount: Decimal, *, payment: Payment | None = None) -> None:
    """A refund has come to nothing: its amount can be promised again. The order is locked."""
    _shift(order, -amount, payment)


def mark_refunded(order: Order) -> None:
    """Everything that was paid went back for good; the caller knows it and holds the lock."""
    if order.payment_state != PaymentState.REFUNDED:
        order.payment_state = PaymentState.REFUNDED
        order.save(update_fields=["payment_state", "version"])


def _shift(order: Order, by: Decimal, payment: Payment | None) -> None:
    # Sums are made by the database, so that its constraints judge the true one.
    after = order.refunded_amount + by
    order.refunded_amount = F("refunded_amount") + by
    order.save(update_fields=["refunded_amount", "version"])
    order.refunded_amount = after
    if payment is not None:
        Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + by)
        payment.refunded += by
