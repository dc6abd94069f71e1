"""The facts of orders, returns, refunds, work orders and wishes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.models import Escalation
from orders.insight.facts import Fact, add_fact
from orders.models import OrderKind, OrderState, PaymentMethod, WorkOrderKind
from rma.models import ReturnReason

# What is summed is yuan; an order in another currency counts without its amount.
_YUAN = "CASE WHEN o.currency = 'CNY' THEN o.total ELSE 0 END"

add_fact(
    Fact(
        "placed",
        _("Orders placed"),
        "orders_order",
        f"""
        SELECT o.id AS row_id, o.id AS order_id, o.placed_at AS at, o.shop_id, o.kind AS label,
               {_YUAN} AS amount, 0 AS minutes
          FROM orders_order o
        """,
        ("order.placed", "order.card_filled", "order.revised", "order.channel_updated"),
        dict(OrderKind.choices),
    )
)
# On time is by the strictest promise: ship by, or wanted by where somebody is pressed for time.
# least() leaves out what is null.
add_fact(
    Fact(
        "outbound",
        _("Left the warehouse"),
        "orders_order",
        f"""
        SELECT o.id AS row_id, o.id AS order_id, o.dispatched_at AS at, o.shop_id,
               CASE WHEN least(o.ship_by, o.wanted_by) IS NULL THEN 'no_promise'
                    WHEN o.dispatched_at <= least(o.ship_by, o.wanted_by) THEN 'on_time'
                    ELSE 'late' END AS label,
               {_YUAN} AS amount,
               floor(greatest(extract(epoch FROM o.dispatched_at - o.placed_at), 0) / 60)::bigint
                 AS minutes
          FROM orders_order o WHERE o.dispatched_at IS NOT NULL
        """,
        ("order.dispatched", "order.urgency_set", "order.revised", "order.channel_updated"),
        {"on_time": _("on time"), "late": _("late"), "no_promise": _("without a promise")},
    )
)
add_fact(
    Fact(
        "delivered",
        _("Delivered"),
        "orders_order",
        """
        SELECT o.id AS row_id, o.id AS order_id, o.delivered_at AS at, o.shop_id, '' AS label,
               0::numeric AS amount,
               floor(greatest(extract(epoch FROM o.delivered_at
                                       - coalesce(o.dispatched_at, o.delivered_at)), 0)
                     / 60)::bigint AS minutes
          FROM orders_order o WHERE o.delivered_at IS NOT NULL
        """,
        ("order.delivered",),
    )
)
add_fact(
    Fact(
        "ended",
        _("Ended"),
        "orders_order",
        f"""
        SELECT o.id AS row_id, o.id AS order_id, o.state_since AS at, o.shop_id,
               o.state AS label, {_YUAN} AS amount, 0 AS minutes
          FROM orders_order o WHERE o.state IN ('completed', 'cancelled', 'closed')
        """,
        ("order.completed", "order.cancelled", "order.closed"),
        {
            state: OrderState(state).label
            for state in (OrderState.COMPLETED, OrderState.CANCELLED, OrderState.CLOSED)
        },
    )
)
add_fact(
    Fact(
        "returned",
        _("Returns asked for"),
        "rma_return",
        """
        SELECT r.id AS row_id, r.order_id, r.requested_at AS at, o.shop_id, r.reason AS label,
               0::numeric AS amount, 0 AS minutes
          FROM rma_return r JOIN orders_order o ON o.id = r.order_id
        """,
        ("return.requested",),
        dict(ReturnReason.choices),
    )
)
add_fact(
    Fact(
        "refunded",
        _("Paid back"),
        "rma_refund",
        """
        SELECT r.id AS row_id, r.order_id, r.done_at AS at, o.shop_id, r.method AS label,
               CASE WHEN o.currency = 'CNY' THEN r.amount ELSE 0 END AS amount, 0 AS minutes
          FROM rma_refund r JOIN orders_order o ON o.id = r.order_id
         WHERE r.state = 'succeeded' AND r.done_at IS NOT NULL
        """,
        ("refund.succeeded",),
        dict(PaymentMethod.choices),
    )
)
add_fact(
    Fact(
        "resolved",
        _("Work orders resolved"),
        "orders_workorder",
        """
        SELECT w.id AS row_id, w.order_id, w.closed_at AS at, o.shop_id, w.kind AS label,
               0::numeric AS amount,
               floor(greatest(extract(epoch FROM w.closed_at - w.opened_at), 0) / 60)::bigint
                 AS minutes
          FROM orders_workorder w JOIN orders_order o ON o.id = w.order_id
         WHERE w.state = 'resolved' AND w.closed_at IS NOT NULL
        """,
        ("work_order.resolved",),
        dict(WorkOrderKind.choices),
    )
)

# Events on an order's story; the cast is asked only where the story is an order's.
_OF_ORDER = """
          FROM core_event e JOIN orders_order o
            ON o.id = CASE WHEN split_part(e.stream, ':', 1) = 'order'
                           THEN split_part(e.stream, ':', 2)::bigint END
"""
# A customer's wish that came true: another address, a return asked for, the answer where the
# order is. Nobody of the staff was needed where the customer did it on their own page, or where
# news of the parcel gave the answer.
add_fact(
    Fact(
        "wished",
        _("Customers' wishes"),
        "core_event",
        f"""
        SELECT e.id AS row_id, o.id AS order_id, e.at, o.shop_id,
               CASE WHEN e.actor_kind = 'customer' THEN 'self'
                    WHEN e.kind = 'inquiry.answered' AND e.actor_kind = 'system' THEN 'self'
                    WHEN e.actor_kind = 'person' THEN 'staff'
                    ELSE 'program' END AS label,
               0::numeric AS amount, 0 AS minutes
        {_OF_ORDER}
         WHERE e.kind IN ('order.address_changed', 'return.requested', 'inquiry.answered')
        """,
        ("order.address_changed", "return.requested", "inquiry.answered"),
        {
            "self": _("by the customers themselves"),
            "staff": _("by staff"),
            "program": _("by programs"),
        },
        from_events=True,
    )
)
add_fact(
    Fact(
        "escalated",
        _("Overdue, told"),
        "core_event",
        f"""
        SELECT e.id AS row_id, o.id AS order_id, e.at, o.shop_id,
               split_part(e.kind, '.', 2) AS label, 0::numeric AS amount, 0 AS minutes
        {_OF_ORDER}
         WHERE e.kind IN ('clock.reminder', 'clock.supervisor', 'clock.director')
        """,
        ("clock.reminder", "clock.supervisor", "clock.director"),
        {level.name.lower(): level.label for level in Escalation.Level},
        from_events=True,
    )
)
