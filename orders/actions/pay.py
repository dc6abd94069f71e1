"""The buyer has paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from inventory.actions import confirm_reservations, reserve
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.lifecycle import advance
from orders.actions.place import ship_by, stock_request
from orders.actions.work_orders import WorkOrderDraft, open_work_orders, withdraw_work_orders
from orders.errors import PaymentTaken
from orders.models import Order, Payment, PaymentMethod, PaymentState, WorkOrderKind
from orders.selectors import warehouses_of


@dataclass(frozen=True, slots=True)
class PaymentReference:
    """How the money came: the way, and the number it has on the payer's side."""

    method: PaymentMethod
    transaction_id: str = ""


@transaction.atomic
def pay_order(
    order_id: int,
    *,
    seen: int | None,
    amount: Decimal,
    actor: Actor,
    paid_at: datetime | None = None,
    reference: PaymentReference | None = None,
) -> Order:
    """The payment is noted, the promise of stock no longer expires, review may begin.

    With a `reference` money can go back the way it came. Where the hold had expired, stock is
    promised anew; where none is left, a work order tells a supervisor. It leaves by the shop's
    promise, or by when it is wanted where that is sooner. Raises `WrongState` when
    the order does not wait for a payment, `PaymentTaken` for a transaction that paid another one.
    """
    actor.require("orders.pay_order")
    if amount < 0:
        raise BadInput(_("An amount can't be negative."), fields={"amount": ["min"]})
    order = Order.objects.locked(order_id, seen=seen)
    order.payment_state = PaymentState.PAID
    order.paid_amount = amount
    order.paid_at = paid_at or moments.now()
    order.ship_by = ship_by(order.shop, order.paid_at)
    if order.wanted_by is not None:
        order.ship_by = min(order.ship_by, order.wanted_by)
    advance(
        order,
        "pay",
        actor=actor,
        event="order.paid",
        fields=["payment_state", "paid_amount", "paid_at", "ship_by"],
        data={"amount": amount, **_told(reference)},
    )
    if reference is not None:
        _note_payment(order, reference, amount, order.paid_at)
    keep_promises(order, actor=actor)
    return order


def _told(reference: PaymentReference | None) -> dict[str, str]:
    if reference is None:
        return {}
    return {"method": str(reference.method), "transaction": reference.transaction_id}


def _note_payment(order: Order, reference: PaymentReference, amount: Decimal, at: datetime) -> None:
    try:
        with transaction.atomic():
            Payment.objects.create(
                order=order,
                method=reference.method,
                transaction_id=reference.transaction_id,
                amount=amount,
                at=at,
            )
    except IntegrityError as error:
        if "payment_once_per_transaction" not in str(error):
            raise
        raise PaymentTaken(transaction=reference.transaction_id) from error


def keep_promises(order: Order, *, actor: Actor) -> None:
    """Confirm the order's held stock, or promise it anew; the order is locked and paid."""
    lines = list(order.lines.all())
    wanted = {line.pk for line in lines if line.sku_id is not None}
    confirmed = confirm_reservations(sorted(wanted))
    if confirmed or not wanted:
        return
    request = stock_request(order, lines, warehouses_of(order.shop))
    promise = reserve([request])[0]
    if promise.shortages:
        open_work_orders(
            [
                WorkOrderDraft(
                    order=order,
                    kind=WorkOrderKind.PAID_AFTER_EXPIRY,
                    title=_("Paid after its stock was given away: find stock or refund"),
                    detail={
                        "shortages": [[s.sku, s.wanted, s.available] for s in promise.shortages]
                    },
                    owner_role="supervisor",
                    blocks=("confirm_funds",),
                )
            ],
            actor=actor,
        )
        return
    withdraw_work_orders(
        order, [WorkOrderKind.SHORTAGE], reason=str(_("Stock was found.")), actor=actor
    )
