"""Customers' questions among the numbers: care and insight stand side by side, this joins them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orders.care.cpd import PROMISED_MINUTES
from orders.insight.facts import Fact, add_fact

ASKED = "asked"

add_fact(
    Fact(
        ASKED,
        _("“Where is it” asked"),
        "care_inquiry",
        f"""
        SELECT i.id AS row_id, i.order_id, i.asked_at AS at, o.shop_id,
               CASE WHEN i.answered_at IS NULL THEN 'waiting'
                    WHEN i.answered_at - i.asked_at < make_interval(mins => {PROMISED_MINUTES})
                    THEN 'in_time' ELSE 'late' END AS label,
               0::numeric AS amount,
               floor(coalesce(extract(epoch FROM i.answered_at - i.asked_at), 0) / 60)::bigint
                 AS minutes
          FROM care_inquiry i JOIN orders_order o ON o.id = i.order_id
        """,
        ("inquiry.asked", "inquiry.answered"),
        {
            "in_time": _("answered in time"),
            "late": _("answered late"),
            "waiting": _("waiting for an answer"),
        },
    )
)
