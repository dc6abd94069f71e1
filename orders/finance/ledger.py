"""The rows behind a reconciliation sheet, and what they must add up to, straight from the books.

Which day something belongs to (midnight to midnight in Shanghai):

- an order to the day on which it was placed, once it is paid;
- a payment to the day on which the buyer paid;
- a refund to the day on which the money arrived at the buyer;
- a settlement line to the day that the channel gives it.

So an order placed on one day and paid on the next one stands in two days. `totals` asks for the
sums by statements of their own: the rows are not asked to vouch for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from orders.finance.figures import bounds

_DAY = "({} AT TIME ZONE 'Asia/Shanghai')::date"
_NO_GIFTS = "AND o.kind <> 'gift'"
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Span:
    """Some business days, both included, and whether gift orders are shown."""

    first: date
    last: date
    with_gifts: bool = False

    def parameters(self) -> dict[str, Any]:
        begins, ends = bounds(self.first, self.last)
        return {"begins": begins, "ends": ends, "first": self.first, "last": self.last}

    @property
    def kinds(self) -> str:
        """The condition on order `o` that leaves gifts out."""
        return "" if self.with_gifts else _NO_GIFTS


# What a channel took through itself comes without a payment of its own: the rest of the order's
# paid amount stands as one row then, so that the rows are all of the money.
_PAYMENTS = """
SELECT p.order_id, p.method, p.transaction_id, p.amount, p.at FROM orders_payment p
 WHERE p.at >= %(begins)s AND p.at < %(ends)s
UNION ALL
SELECT q.id, '', '', q.paid_amount - coalesce(n.noted, 0), q.paid_at
  FROM orders_order q
  LEFT JOIN LATERAL (SELECT sum(amount) AS noted FROM orders_payment
                      WHERE order_id = q.id) n ON true
 WHERE q.paid_at >= %(begins)s AND q.paid_at < %(ends)s
   AND q.paid_amount <> coalesce(n.noted, 0)
"""

# Each begins with day, channel, shop; the columns after them are what the sheet shows.
ROWS: Mapping[str, str] = {
    "orders": f"""
SELECT {_DAY.format("o.placed_at")}, s.channel, s.name, o.number, o.external_number, o.kind,
       coalesce(g.number, ''), o.state, o.goods_amount, o.discount, o.freight, o.total,
       o.paid_amount, o.placed_at, o.paid_at
  FROM orders_order o JOIN orders_shop s ON s.id = o.shop_id
  LEFT JOIN orders_order g ON g.id = o.main_order_id
 WHERE o.placed_at >= %(begins)s AND o.placed_at < %(ends)s AND o.paid_at IS NOT NULL {{kinds}}
 ORDER BY 1, 2, 3, o.id
""",
    "payments": f"""
SELECT {_DAY.format("p.at")}, s.channel, s.name, o.number, o.external_number, p.method,
       p.transaction_id, p.amount, p.at
  FROM ({_PAYMENTS}) p JOIN orders_order o ON o.id = p.order_id
  JOIN orders_shop s ON s.id = o.shop_id
 WHERE true {{kinds}}
 ORDER BY 1, 2, 3, o.id, p.transaction_id
""",
    "refunds": f"""
SELECT {_DAY.format("f.done_at")}, s.channel, s.name, o.number, o.external_number, f.number,
       f.method, f.reference, f.reason, f.amount, f.done_at
  FROM rma_refund f JOIN orders_order o ON o.id = f.order_id
  JOIN orders_shop s ON s.id = o.shop_id
 WHERE f.state = 'succeeded' AND f.done_at >= %(begins)s AND f.done_at < %(ends)s {{kinds}}
 ORDER BY 1, 2, 3, f.id
""",
    "settlements": f"""
SELECT {_DAY.format("l.at")}, s.channel, s.name, c.name, l.row, l.number, l.transaction, l.kind,
       l.outcome, coalesce(o.number, ''), l.amount, l.fee, l.at
  FROM finance_settlementline l JOIN finance_settlementfile c ON c.id = l.settlement_id
  JOIN orders_shop s ON s.id = c.shop_id LEFT JOIN orders_order o ON o.id = l.order_id
 WHERE l.at >= %(begins)s AND l.at < %(ends)s AND l.outcome <> 'duplicate'
 ORDER BY 1, 2, 3, c.id, l.row
""",
    "differences": """
SELECT c.first_day, s.channel, s.name, c.name, coalesce(o.number, d.number), d.cause, d.state,
       d.ours, d.theirs, d.theirs - d.ours, d.accepted_by, d.accepted_at, d.reason
  FROM finance_difference d JOIN finance_settlementfile c ON c.id = d.settlement_id
  JOIN orders_shop s ON s.id = c.shop_id LEFT JOIN orders_order o ON o.id = d.order_id
 WHERE c.first_day <= %(last)s AND c.last_day >= %(first)s
 ORDER BY 1, 2, 3, d.id
""",
}

_TOTALS: Mapping[str, str] = {
    "orders": f"""
SELECT {_DAY.format("o.placed_at")}, s.channel, s.name, count(*), sum(o.goods_amount),
       sum(o.discount), sum(o.freight), sum(o.total)
  FROM orders_order o JOIN orders_shop s ON s.id = o.shop_id
 WHERE o.placed_at >= %(begins)s AND o.placed_at < %(ends)s AND o.paid_at IS NOT NULL {{kinds}}
 GROUP BY 1, 2, 3
""",
    # By the orders' own amounts, not by their payments: that is what the rows are held to.
    "payments": f"""
SELECT {_DAY.format("o.paid_at")}, s.channel, s.name, sum(o.paid_amount)
  FROM orders_order o JOIN orders_shop s ON s.id = o.shop_id
 WHERE o.paid_at >= %(begins)s AND o.paid_at < %(ends)s {{kinds}}
 GROUP BY 1, 2, 3
""",
    "refunds": f"""
SELECT {_DAY.format("f.done_at")}, s.channel, s.name, sum(f.amount)
  FROM rma_refund f JOIN orders_order o ON o.id = f.order_id
  JOIN orders_shop s ON s.id = o.shop_id
 WHERE f.state = 'succeeded' AND f.done_at >= %(begins)s AND f.done_at < %(ends)s {{kinds}}
 GROUP BY 1, 2, 3
""",
    "settlements": f"""
SELECT {_DAY.format("l.at")}, s.channel, s.name, sum(l.amount)
  FROM finance_settlementline l JOIN finance_settlementfile c ON c.id = l.settlement_id
  JOIN orders_shop s ON s.id = c.shop_id
 WHERE l.at >= %(begins)s AND l.at < %(ends)s AND l.outcome <> 'duplicate'
 GROUP BY 1, 2, 3
""",
}

_LEFT_OUT = """
SELECT count(*), coalesce(sum(o.total), 0) FROM orders_order o
 WHERE o.placed_at >= %(begins)s AND o.placed_at < %(ends)s AND o.paid_at IS NOT NULL
   AND o.kind = 'gift'
"""

Key = tuple[date, str, str]


@contextmanager
def one_moment() -> Iterator[None]:
    """All reads in the block see the books as they stood at its beginning.

    Within somebody else's transaction that can't be promised any more; sums are checked all the
    same.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def rows(kind: str, span: Span) -> Iterator[tuple[Any, ...]]:
    """The rows of one kind (`ROWS`), by day, channel and shop; read as a stream.

    Needs an open transaction: the cursor lives on the server.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(ROWS[kind].format(kinds=span.kinds), span.parameters())
        while batch := cursor.fetchmany(BATCH):
            yield from batch


def totals(kind: str, span: Span) -> dict[Key, tuple[Decimal, ...]]:
    """The sums of one kind by day, channel and shop, by an aggregate over the books."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS[kind].format(kinds=span.kinds), span.parameters())
        return {(row[0], row[1], row[2]): row[3:] for row in cursor.fetchall()}


def gifts_left_out(span: Span) -> tuple[int, Decimal]:
    """How many gift orders the days have, and what they come to."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT, span.parameters())
        count, total = cursor.fetchone()
        return count, total
