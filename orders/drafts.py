"""An order as it comes through a door, before it is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orders.models.orders import OrderKind, Urgency
from orders.receiver import Receiver

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One thing the buyer wants. Amounts are CNY (or the order's currency), per line."""

    channel_line: str
    sku_code: str
    quantity: int
    title: str = ""
    unit_price: Decimal = ZERO
    amount: Decimal = ZERO
    is_gift: bool = False
    refund_open: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What a door has read. Texts are tidied, amounts are yuan, moments are aware.

    `buyer_key` is what the channel calls the buyer; the clear phone is used where there is none.
    """

    external_number: str
    placed_at: datetime
    lines: tuple[DraftLine, ...]
    receiver: Receiver = field(default_factory=Receiver)
    buyer_name: str = ""
    buyer_key: str = ""
    customer_kind: str = ""
    paid_at: datetime | None = None
    paid_amount: Decimal = ZERO
    goods_amount: Decimal = ZERO
    freight: Decimal = ZERO
    discount: Decimal = ZERO
    total: Decimal = ZERO
    currency: str = "CNY"
    buyer_message: str = ""
    seller_memo: str = ""
    referrer_code: str = ""
    kind: OrderKind = OrderKind.NORMAL
    main_order_id: int | None = None
    urgency: Urgency = Urgency.NORMAL
    channel_status: str = ""
    channel_modified_at: datetime | None = None
