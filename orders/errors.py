from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import Blocked, DomainError


class DuplicateOrder(DomainError):
    """The shop has an order with this number already."""

    code = "duplicate_order"
    title = _("This shop already has an order with this number.")


class TooLate(Blocked):
    """The stage for this change is over; the message says what can be done instead."""

    code = "too_late"


class OnHold(Blocked):
    """An open work order blocks the move."""

    code = "on_hold"


class EmptyCard(Blocked):
    """Nothing stands on the card yet, so nothing can be paid for."""

    code = "empty_card"
    title = _("Nothing is ordered on this card yet. Fill it in first.")


class NotTheOwner(DomainError):
    """Only who brought the order in, or an administrator, may revise it (A9)."""

    code = "not_the_owner"
    status = 403
    title = _("Only who brought this order in, or an administrator, can revise it.")


class PaymentTaken(DomainError):
    """The transaction has paid for another order."""

    code = "payment_taken"
    title = _("This payment belongs to another order already. Look at the number again.")


class RefundTooHigh(DomainError):
    """More was to be paid back than was paid and is not promised back yet; `left` says how much."""

    code = "refund_too_high"
