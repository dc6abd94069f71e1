"""Reading the body of a new order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from ordercenter.core.api.shapes import (
    MOST_MONEY,
    Choice,
    Complaints,
    Flag,
    Integer,
    Moment,
    Money,
    Nested,
    Pattern,
    Several,
    Shape,
    Text,
)
from ordercenter.core.errors import BadInput
from orders.api.reading import NUMBER
from orders.drafts import Draft, DraftLine
from orders.models import OrderKind, Urgency
from orders.models.customers import Customer
from orders.receiver import Receiver, tidy_phone, tidy_text

MOST_LINES = 200
MOST_PIECES = 100_000

RECEIVER = Shape(
    Text("name", 100, tidy=tidy_text),
    Text("phone", 40, tidy=tidy_phone),
    Text("province", 40, tidy=tidy_text),
    Text("city", 40, tidy=tidy_text),
    Text("district", 40, tidy=tidy_text),
    Text("street", 300, tidy=tidy_text),
)
LINE = Shape(
    Text("line", 64, about="The line's number in your system; 1, 2, 3 … when you give none."),
    Text("sku", 64, required=True),
    Integer("quantity", 1, MOST_PIECES, required=True),
    Money("unit_price", default=Decimal("0.00")),
    Money("amount", about="What the line costs. Unit price × quantity when you give none."),
    Text("title", 200, tidy=tidy_text),
    Flag("is_gift"),
)
ORDER = Shape(
    Text("shop", 40, required=True, about="The code of one of your shops."),
    Text("external_number", 64, required=True, about="The order's number in your system."),
    Several("lines", Nested("line", LINE), MOST_LINES, required=True),
    Nested("receiver", RECEIVER, required=True),
    Moment("placed_at", about="Now when you give none."),
    Flag("paid", about="The buyer has paid; then stock is promised for good."),
    Moment("paid_at", about="Only with `paid`; the moment of placing when you give none."),
    Money("paid_amount", about="Only with `paid`; the total when you give none."),
    Money("freight", default=Decimal("0.00")),
    Money("discount", default=Decimal("0.00")),
    Money("total", about="Checked against the lines, freight and discount when you give it."),
    Pattern("currency", "[A-Z]{3}", default="CNY"),
    Text("buyer_name", 100, tidy=tidy_text),
    Text("buyer_key", 80, about="What you call the buyer; finds them again without a phone."),
    Choice("customer_kind", tuple(Customer.Kind.values), default=Customer.Kind.PERSON.value),
    Text("buyer_message", 500),
    Text("seller_memo", 1000),
    Text("referrer_code", 64),
    Choice("urgency", tuple(Urgency.values), default=Urgency.NORMAL.value),
    Choice(
        "kind",
        (OrderKind.NORMAL.value, OrderKind.GIFT.value),
        default=OrderKind.NORMAL.value,
        about="Replacements are made by returns.",
    ),
    Pattern("main_order", NUMBER, about="Only for gifts: the number of the main order."),
)


def receiver_of(values: Mapping[str, str]) -> Receiver:
    """The receiver that was read by `RECEIVER`."""
    return Receiver(**values)


def draft_of(values: Mapping[str, Any], *, at: datetime, main_order_id: int | None) -> Draft:
    """The draft that the values of `ORDER` describe; raises `BadInput` for what does not add up."""
    complaints: Complaints = {}
    lines = _lines(values["lines"], complaints)
    goods = sum((line.amount for line in lines), Decimal("0.00"))
    total = goods + values["freight"] - values["discount"]
    _check_amounts(values, goods, total, complaints)
    paid_at = _paid_at(values, at, complaints)
    if (values["kind"] == OrderKind.GIFT) != bool(values["main_order"]):
        complaints["main_order"] = [str(_("A gift, and only a gift, names its main order."))]
    if complaints:
        raise BadInput(fields=complaints)
    paid_amount = values["paid_amount"]
    if paid_amount is None:
        paid_amount = total if paid_at else Decimal("0.00")
    return Draft(
        external_number=values["external_number"],
        placed_at=values["placed_at"] or at,
        lines=lines,
        receiver=receiver_of(values["receiver"]),
        buyer_name=values["buyer_name"],
        buyer_key=values["buyer_key"],
        customer_kind=values["customer_kind"],
        paid_at=paid_at,
        paid_amount=paid_amount,
        goods_amount=goods,
        freight=values["freight"],
        discount=values["discount"],
        total=total,
        currency=values["currency"],
        buyer_message=values["buyer_message"],
        seller_memo=values["seller_memo"],
        referrer_code=values["referrer_code"],
        kind=OrderKind(values["kind"]),
        main_order_id=main_order_id,
        urgency=Urgency(values["urgency"]),
    )


def _lines(rows: Sequence[Mapping[str, Any]], complaints: Complaints) -> tuple[DraftLine, ...]:
    lines: dict[str, DraftLine] = {}
    for place, row in enumerate(rows):
        number = row["line"] or str(place + 1)
        if number in lines:
            complaints[f"lines.{place}.line"] = [str(_("Two lines have this number."))]
        amount = row["amount"]
        lines[number] = DraftLine(
            channel_line=number,
            sku_code=row["sku"],
            quantity=row["quantity"],
            title=row["title"],
            unit_price=row["unit_price"],
            amount=row["unit_price"] * row["quantity"] if amount is None else amount,
            is_gift=row["is_gift"],
        )
    return tuple(lines.values())


def _check_amounts(
    values: Mapping[str, Any], goods: Decimal, total: Decimal, complaints: Complaints
) -> None:
    if max(goods, total) > MOST_MONEY:
        complaints["total"] = [str(_("The amount is too large."))]
    elif total < 0:
        complaints["discount"] = [str(_("The discount is larger than what is to be paid."))]
    elif values["total"] is not None and values["total"] != total:
        complaints["total"] = [
            str(_("The lines, freight and discount make %(total)s.") % {"total": total})
        ]


def _paid_at(values: Mapping[str, Any], at: datetime, complaints: Complaints) -> datetime | None:
    if values["paid"]:
        return values["paid_at"] or values["placed_at"] or at
    for name in ("paid_at", "paid_amount"):
        if values[name] is not None:
            complaints[name] = [str(_("Only for an order that is paid."))]
    return None
