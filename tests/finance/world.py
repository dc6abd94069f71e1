"""Orders with money, at any moment, by the same actions that staff use."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.moments import SHANGHAI
from orders.actions import PaymentReference, pay_order, place_order
from orders.drafts import Draft, DraftLine
from orders.models import Order, PaymentMethod, Shop
from rma.actions import pay_out_refund, plan_refund
from rma.models import Refund
from tests.fulfilment import world as warehouse
from tests.rma.world import person as person

_numbers = count(1)


def shanghai(text: str) -> datetime:
    """`2026-11-20 23:59:59.999` as a moment of Shanghai's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def make_order(
    total: str | Decimal = "100.00",
    *,
    placed: datetime,
    paid: datetime | None = None,
    amount: str | Decimal | None = None,
    shop: Shop | None = None,
    method: PaymentMethod | None = PaymentMethod.BANK,
    transaction: str = "",
    freight: Decimal = Decimal("0.00"),
    discount: Decimal = Decimal("0.00"),
    **fields: Any,
) -> Order:
    """An order placed then, paid (its total, or `amount`) when `paid` is given."""
    number = f"F{next(_numbers):08d}"
    due = Decimal(total)
    goods = due - freight + discount
    draft = Draft(
        **{
            "external_number": number,
            "placed_at": placed,
            "receiver": warehouse.RECEIVER,
            "goods_amount": goods,
            "freight": freight,
            "discount": discount,
            "total": due,
            "lines": (DraftLine("1", "NO-SUCH-SKU", 1, "货品", goods, goods),),
            **fields,
        }
    )
    with moments.pretend(placed):
        order = place_order(shop or warehouse.make_shop(), draft, actor=SYSTEM).order
    if paid is not None:
        reference = PaymentReference(method, transaction or f"T{number}") if method else None
        with moments.pretend(paid):
            pay_order(
                order.pk,
                seen=None,
                amount=due if amount is None else Decimal(amount),
                actor=SYSTEM,
                paid_at=paid,
                reference=reference,
            )
    return Order.objects.select_related("shop").get(pk=order.pk)


def broken_laws() -> list[str]:
    """The laws that do not hold; stories told in the past leave clocks that nobody has swept."""
    return [law for law in warehouse.broken_laws() if not law.startswith("clocks.")]


def pay_back(order: Order, amount: str | Decimal, *, at: datetime) -> list[Refund]:
    """A refund that finance paid by hand at that moment."""
    with moments.pretend(at - timedelta(minutes=1)):
        refunds = plan_refund(
            order.pk,
            seen=None,
            amount=Decimal(amount),
            reason="补偿",
            method=PaymentMethod.BANK,
            payee={"name": "王小明", "account": "6222020200112233445", "bank": "工商银行"},
            actor=SYSTEM,
        )
    with moments.pretend(at):
        return [
            pay_out_refund(refund.pk, seen=None, reference=f"B{refund.pk}", actor=SYSTEM)
            for refund in refunds
        ]
