"""What must always be true of orders."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law

law(
    "orders.begin_on_the_timeline",
    _("Every order's story begins with its placing."),
    """
    SELECT o.id, o.number FROM orders_order o
     WHERE NOT EXISTS (SELECT 1 FROM core_event e
                        WHERE e.stream = 'order:' || o.id AND e.sequence = 1
                          AND e.kind = 'order.placed')
    """,
)
law(
    "orders.state_is_last_told",
    _("The state of an order is the one its timeline tells last."),
    """
    SELECT o.id, o.number, o.state, told.to_state
      FROM orders_order o
      JOIN LATERAL (SELECT e.to_state FROM core_event e
                     WHERE e.stream = 'order:' || o.id AND e.subject_kind = 'order'
                       AND e.to_state <> '' ORDER BY e.sequence DESC LIMIT 1) told ON true
     WHERE told.to_state <> o.state
    """,
)
law(
    "orders.promises_end_with_the_order",
    _("No cancelled or closed order holds stock."),
    """
    SELECT o.id, o.number, r.id AS reservation
      FROM inventory_reservation r
      JOIN orders_orderline l ON l.id = r.line
      JOIN orders_order o ON o.id = l.order_id
     WHERE r.state IN ('held', 'confirmed') AND o.state IN ('cancelled', 'closed', 'completed')
    """,
)
law(
    "orders.promises_have_lines",
    _("Every reservation belongs to an order line; no more is promised or sent than ordered."),
    """
    SELECT p.line, p.promised, l.quantity AS ordered
      FROM (SELECT line, sum(CASE WHEN state = 'released' THEN consumed ELSE quantity END)
                   AS promised
              FROM inventory_reservation GROUP BY line) p
      LEFT JOIN orders_orderline l ON l.id = p.line
     WHERE l.id IS NULL OR p.promised > l.quantity
    """,
)
