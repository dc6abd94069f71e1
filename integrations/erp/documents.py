"""What we want in the books: an order's sale, a refund. The amounts tie to the cent.

The day of a sale is the day its order was placed and that of a refund the day the money arrived,
as in our own figures (orders/finance/figures.py): a document counts on the same day on both
sides, however late it is pushed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integrations.erp.base import Document, DocumentKind, Item
from integrations.models import ErpDocument
from orders.finance.figures import business_day
from orders.models import Order, OrderLine
from rma.models import Refund

CENT = Decimal("0.01")
# The line under which freight stands in the books.
FREIGHT = "FREIGHT"


def is_of_the_books(order: Order) -> bool:
    """Whether our figures count it: it was paid, and is no gift."""
    return order.paid_at is not None and order.kind != "gift"


def sale_of(order: Order) -> Document:
    """The order as a sale; its items add up to what the order comes to."""
    return Document(
        kind=DocumentKind.SALE,
        number=order.number,
        about=_about(order),
        day=business_day(order.placed_at),
        shop=order.shop.code,
        warehouse=order.warehouse.code if order.warehouse else "",
        amount=order.total,
        items=_items(order, sorted(order.lines.all(), key=lambda line: line.pk)),
    )


def refund_of(refund: Refund) -> Document:
    """A refund whose money has arrived."""
    assert refund.done_at is not None, "a succeeded refund says when"
    order = refund.order
    return Document(
        kind=DocumentKind.REFUND,
        number=refund.number,
        about=_about(order),
        day=business_day(refund.done_at),
        shop=order.shop.code,
        warehouse="",
        amount=refund.amount,
    )


def document_of(row: ErpDocument) -> Document:
    """The document of this row, as our books stand now."""
    return refund_of(row.refund) if row.refund is not None else sale_of(row.order)


def _about(order: Order) -> str:
    return f"{order.number} {order.shop.name} {order.external_number}"


def _items(order: Order, lines: Sequence[OrderLine]) -> list[Item]:
    """Freight by itself; discounts taken off the goods in proportion to their prices."""
    freight = min(order.freight, order.total)
    shares = share_out(
        order.total - freight,
        [line.amount for line in lines]
        if any(line.amount for line in lines)
        else [Decimal(line.quantity) for line in lines],
    )
    items = [
        Item(line.sku_code, line.quantity, share) for line, share in zip(lines, shares, strict=True)
    ]
    return [*items, Item(FREIGHT, 1, freight)] if freight else items


def share_out(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """The total in parts as large as the weights, in whole cents that add up to it."""
    whole = sum(weights, Decimal(0))
    if not whole:
        return [total, *[Decimal("0.00")] * (len(weights) - 1)] if weights else []
    shares, given, weighed = [], Decimal("0.00"), Decimal(0)
    for weight in weights:
        # Rounding what was given so far keeps the last part from taking all the cents.
        weighed += weight
        share = (total * weighed / whole).quantize(CENT) - given
        given += share
        shares.append(share)
    return shares
