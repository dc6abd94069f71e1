"""The fields of an order that a channel keeps telling us about, in a form that can be stored.

A channel's repeated message is merged with what people did meanwhile; the base of that merge is
what the channel said last time, kept by who talks to the channel.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.drafts import Draft
from orders.models import Order

TEXTS = ("buyer_name", "buyer_message", "seller_memo", "referrer_code")
AMOUNTS = ("goods_amount", "freight", "discount", "total")
RECEIVER = (
    "receiver_name",
    "receiver_phone",
    "receiver_province",
    "receiver_city",
    "receiver_district",
    "receiver_street",
    "receiver_token",
)
FIELDS = (*TEXTS, *AMOUNTS, *RECEIVER)


def of_draft(draft: Draft) -> dict[str, str]:
    """What the channel says now."""
    columns: dict[str, Any] = {name: getattr(draft, name) for name in (*TEXTS, *AMOUNTS)}
    columns["buyer_message"] = draft.buyer_message[:500]
    columns["seller_memo"] = draft.seller_memo[:1000]
    columns |= {name: draft.receiver.as_columns()[name] for name in RECEIVER}
    columns |= {
        line_name(line.channel_line): line_text(line.sku_code, line.quantity)
        for line in draft.lines
    }
    return {name: as_text(value) for name, value in columns.items()}


def line_name(channel_line: str) -> str:
    """The name of a line among the fields. Lines are compared, never taken over by themselves."""
    return f"line {channel_line}"


def line_text(sku_code: str, quantity: int) -> str:
    """What a line orders."""
    return f"{sku_code} × {quantity}"


def of_order(order: Order) -> dict[str, str]:
    """What stands on the order."""
    return {name: as_text(getattr(order, name)) for name in FIELDS}


def as_text(value: Any) -> str:
    """Amounts with two decimals, everything else as it is."""
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)
