"""A card that was opened with a phone and nothing else becomes an order (A8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.actions import reserve
from inventory.errors import OutOfStock
from inventory.models import Sku
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError
from ordercenter.core.lifecycle import ask_guards
from ordercenter.core.timeline import changed, record, snapshot
from orders.actions.address import refuse_useless
from orders.actions.place import stock_request
from orders.actions.work_orders import withdraw_work_orders
from orders.cleaning import OF_LINES, OF_RECEIVER, Finding, without
from orders.errors import TooLate
from orders.models import Order, OrderLine, OrderState, WorkOrderKind
from orders.receiver import COLUMNS, Receiver
from orders.selectors import warehouses_of

_TOTALS = ("goods_amount", "freight", "total")


@dataclass(frozen=True, slots=True)
class CardLine:
    """One thing the customer wants. `unit_price` in CNY; the catalogue's price when None."""

    sku_code: str
    quantity: int
    unit_price: Decimal | None = None


def can_fill(order: Order) -> DomainError | None:
    """Why the card can't be filled in; None when it can."""
    if order.state == OrderState.PENDING_PAYMENT and Finding.NO_LINES in order.tags:
        return None
    return TooLate(_("This order has its content already. Revise it instead."))


@transaction.atomic
def fill_card(
    order_id: int,
    *,
    seen: int | None,
    lines: Sequence[CardLine],
    receiver: Receiver,
    freight: Decimal = Decimal("0.00"),
    actor: Actor,
) -> Order:
    """The card has lines, a receiver and a sum to be paid; its stock is held as for any order
    that waits for its payment, and its data is in order.

    Raises `TooLate` for an order that has content, `BadInput` for unknown SKUs, quantities below
    1, negative prices or an address nobody finds, `OutOfStock` with all shortages.
    """
    actor.require("orders.fill_card_order")
    order = Order.objects.locked(order_id, seen=seen)
    if refusal := can_fill(order):
        raise refusal
    ask_guards(order, "fill_card", actor)
    refuse_useless(receiver)
    if freight < 0:
        raise BadInput(_("An amount can't be negative."), fields={"freight": ["min"]})
    made = OrderLine.objects.bulk_create(_lines(order, lines))
    changes = _fill(order, made, receiver, freight)
    record(order, "order.card_filled", actor=actor, changes=changes, data={"lines": len(made)})
    promise = reserve([stock_request(order, made, warehouses_of(order.shop))])[0]
    if promise.shortages:
        raise OutOfStock(promise.shortages)
    withdraw_work_orders(
        order, [WorkOrderKind.BAD_DATA], reason=str(_("The card was filled in.")), actor=actor
    )
    return order


def _lines(order: Order, wanted: Sequence[CardLine]) -> list[OrderLine]:
    skus = _known(line.sku_code for line in wanted)
    wrong = [
        line.sku_code for line in wanted if not _makes_sense(line) or line.sku_code not in skus
    ]
    if wrong or not wanted:
        raise BadInput(
            _("Each line needs a SKU that we sell, a quantity of 1 or more and no negative price."),
            fields={"lines": wrong or ["empty"]},
        )
    return [
        _line(order, place, skus[line.sku_code], line) for place, line in enumerate(wanted, start=1)
    ]


def _known(codes: Iterable[str]) -> Mapping[str, Sku]:
    return {sku.code: sku for sku in Sku.objects.filter(code__in=set(codes), is_active=True)}


def _makes_sense(line: CardLine) -> bool:
    return line.quantity >= 1 and (line.unit_price is None or line.unit_price >= 0)


def _line(order: Order, place: int, sku: Sku, wanted: CardLine) -> OrderLine:
    price = sku.price if wanted.unit_price is None else wanted.unit_price
    return OrderLine(
        order=order,
        channel_line=str(place),
        sku=sku,
        sku_code=sku.code,
        title=sku.name,
        quantity=wanted.quantity,
        unit_price=price,
        amount=price * wanted.quantity,
    )


def _fill(
    order: Order, lines: Sequence[OrderLine], receiver: Receiver, freight: Decimal
) -> dict[str, list[object]]:
    """Write receiver and totals; before and after of all of it."""
    before = snapshot(order, (*COLUMNS, *_TOTALS))
    for name, value in receiver.as_columns().items():
        setattr(order, name, value)
    order.goods_amount = sum((line.amount for line in lines), Decimal("0.00"))
    order.freight = freight
    order.total = order.goods_amount + freight
    # A person has meant each quantity, and the address was looked at above.
    order.tags = without(order.tags, (*OF_LINES, *OF_RECEIVER))
    order.save(update_fields=[*COLUMNS, *_TOTALS, "tags", "version"])
    changes: dict[str, list[object]] = {
        f"line {line.channel_line}": [
            "",
            f"{line.sku_code} × {line.quantity} @ {line.unit_price:.2f}",
        ]
        for line in lines
    }
    return changes | changed(before, snapshot(order, (*COLUMNS, *_TOTALS)))
