"""What our books say of the orders that a settlement file should speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, F, Sum, When

from orders.finance.figures import bounds, business_day
from orders.finance.matched import ZERO, Line, Paid
from orders.finance.models import (
    CLEAN,
    LineKind,
    LineOutcome,
    OrderOutcome,
    SettledOrder,
    SettlementLine,
)
from orders.models import Payment, Shop
from rma.models import Refund, RefundState

_WANTED = """
SELECT o.id, o.number, o.external_number, o.paid_amount, o.paid_at FROM orders_order o
 WHERE o.id IN (
   SELECT id FROM orders_order
    WHERE shop_id = %(shop)s AND paid_at >= %(begins)s AND paid_at < %(ends)s AND paid_amount > 0
   UNION
   SELECT id FROM orders_order WHERE shop_id = %(shop)s AND external_number = ANY(%(numbers)s)
   UNION
   SELECT id FROM orders_order WHERE shop_id = %(shop)s AND number = ANY(%(numbers)s)
   UNION
   SELECT p.order_id FROM orders_payment p JOIN orders_order o ON o.id = p.order_id
    WHERE o.shop_id = %(shop)s AND p.transaction_id = ANY(%(transactions)s)
   UNION
   SELECT f.order_id FROM rma_refund f JOIN orders_order o ON o.id = f.order_id
    WHERE o.shop_id = %(shop)s AND f.state = 'succeeded'
      AND f.done_at >= %(begins)s AND f.done_at < %(ends)s)
 ORDER BY o.id
"""


def paid_orders(shop: Shop, lines: Collection[Line], first: date, last: date) -> list[Paid]:
    """The orders paid on these days, those with a refund on them, and all that the lines name.

    What other files have told of an order, payout or refund, is not expected again. An order of
    other days that only had a refund is expected to bring no payout either.
    """
    begins, ends = bounds(first, last)
    names: dict[str, Any] = {
        "shop": shop.pk,
        "begins": begins,
        "ends": ends,
        "numbers": sorted({number for line in lines for number in line.numbers}),
        "transactions": sorted({line.transaction for line in lines if line.transaction}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WANTED, names)
        rows = cursor.fetchall()
    ids = [row[0] for row in rows]
    payments, settled = _payments(ids), _settled(ids)
    refunds = _refunds(ids, ends)
    named = _named_by_payouts(lines)
    found = []
    for pk, number, external, paid, paid_at in rows:
        in_period = paid_at is not None and first <= business_day(paid_at) <= last
        mentions = {number, external, *(transaction for transaction, _amount in payments[pk])}
        is_expected = in_period or bool(mentions & named)
        found.append(
            Paid(
                id=pk,
                numbers=(external, number),
                paid=paid,
                in_period=in_period or not is_expected,
                settled=settled.get(pk, ZERO) if is_expected else paid,
                payments=tuple(payments[pk]),
                refunds=tuple(refunds[pk]),
            )
        )
    return found


def _named_by_payouts(lines: Iterable[Line]) -> set[str]:
    return {
        name
        for line in lines
        if line.kind == LineKind.PAYOUT
        for name in (*line.numbers, line.transaction)
        if name
    }


def _payments(ids: Collection[int]) -> defaultdict[int, list[tuple[str, Decimal]]]:
    found: defaultdict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    rows = Payment.objects.filter(order__in=ids).exclude(transaction_id="")
    for order, transaction, amount in rows.values_list("order_id", "transaction_id", "amount"):
        found[order].append((transaction, amount))
    return found


def _settled(ids: Collection[int]) -> dict[int, Decimal]:
    """What other files have settled: all that was expected where it was right."""
    rows = SettledOrder.objects.filter(order__in=ids).values_list("order_id")
    came = Case(When(outcome__in=CLEAN, then=F("ours")), default=F("theirs"))
    return dict(rows.annotate(came=Sum(came)).order_by())


def _refunds(ids: Collection[int], ends: object) -> defaultdict[int, list[Decimal]]:
    """The refunds that arrived before the period's end, without those told by other files."""
    told = _told_refunds(ids)
    found: defaultdict[int, list[Decimal]] = defaultdict(list)
    rows = Refund.objects.filter(
        order__in=ids, state=RefundState.SUCCEEDED, done_at__lt=ends
    ).order_by("done_at", "pk")
    for order, amount in rows.values_list("order_id", "amount"):
        if told[order] >= amount:
            told[order] -= amount
        else:
            found[order].append(amount)
    return found


def _told_refunds(ids: Collection[int]) -> defaultdict[int, Decimal]:
    told: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    lines = SettlementLine.objects.filter(order__in=ids, outcome=LineOutcome.REFUND_AGREES)
    for order, amount in lines.values_list("order_id", "amount"):
        told[order] -= amount
    netted = SettledOrder.objects.filter(
        order__in=ids, outcome__in=[OrderOutcome.AFTER_REFUND, OrderOutcome.REFUNDED]
    )
    for order, ours, theirs in netted.values_list("order_id", "ours", "theirs"):
        told[order] += ours - theirs
    return told
