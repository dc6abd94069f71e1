"""What must always be true of money that was looked at."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law, state_law

state_law(
    "invoices.state_is_last_told",
    _("The state of an invoice is the one its timeline tells last."),
    kind="invoice",
    table="finance_invoice",
)
law(
    "invoices.are_covered_by_payments",
    _("The living invoices of an order come to no more than was paid for it."),
    """
    SELECT o.id, o.number, o.paid_amount, sum(i.amount) AS invoiced
      FROM finance_invoice i JOIN orders_order o ON o.id = i.order_id
     WHERE i.state IN ('asked', 'to_issue', 'issued')
     GROUP BY o.id, o.number, o.paid_amount HAVING sum(i.amount) > o.paid_amount
    """,
)
law(
    "invoices.order_knows_of_them",
    _("An order with invoices is tagged as invoiced exactly when one of them is issued."),
    """
    SELECT o.id, o.number, o.tags, found.issued
      FROM (SELECT order_id, bool_or(state = 'issued') AS issued
              FROM finance_invoice GROUP BY order_id) found
      JOIN orders_order o ON o.id = found.order_id
     WHERE ('invoiced' = ANY (o.tags)) <> found.issued
    """,
)
law(
    "settlements.money_is_explained",
    _("What a settlement file says and what we expected differ by its differences."),
    """
    SELECT f.id, f.name, lines.told, orders.ours, refunds.agreed, gaps.gap
      FROM finance_settlementfile f
      CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS told FROM finance_settlementline
                           WHERE settlement_id = f.id AND outcome <> 'aside') lines
      CROSS JOIN LATERAL (SELECT coalesce(sum(ours), 0) AS ours FROM finance_settledorder
                           WHERE settlement_id = f.id) orders
      CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS agreed FROM finance_settlementline
                           WHERE settlement_id = f.id AND outcome = 'refund_agrees') refunds
      CROSS JOIN LATERAL (SELECT coalesce(sum(theirs - ours), 0) AS gap,
                                 coalesce(sum(ours) FILTER (WHERE cause = 'refund_missing'), 0)
                                   AS missed
                            FROM finance_difference WHERE settlement_id = f.id) gaps
     WHERE lines.told - orders.ours - refunds.agreed - gaps.missed <> gaps.gap
    """,
)
