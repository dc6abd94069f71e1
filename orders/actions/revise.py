"""What was ordered is changed by who brought the order in (A9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.lifecycle import ask_guards
from ordercenter.core.timeline import record
from orders.actions.allocate import end_shortage, promise_anew
from orders.cleaning import OF_LINES, without
from orders.errors import NotTheOwner, TooLate
from orders.models import Order, OrderLine
from orders.models.orders import BEFORE_PACKING
from orders.selectors import known_skus


@dataclass(frozen=True, slots=True)
class LineRevision:
    """How one line shall look from now on. `unit_price` in the currency of the order."""

    line: int
    sku_code: str
    quantity: int
    unit_price: Decimal


@transaction.atomic
def revise_order(
    order_id: int,
    *,
    seen: int | None,
    revisions: Sequence[LineRevision],
    reason: str,
    actor: Actor,
) -> Order:
    """Lines have their new SKU, quantity and price, totals and promised stock follow.

    Before and after stand on the timeline. Raises `NotTheOwner`, `TooLate`, `BadInput` for a
    line that is not the order's, an unknown SKU or a quantity below 1, `OutOfStock` when the
    new quantities can't be promised.
    """
    actor.require("orders.revise_order")
    order = Order.objects.locked(order_id, seen=seen)
    require_owner(order, actor)
    if order.state not in BEFORE_PACKING:
        raise TooLate(_("The goods are packed already. Unpack the parcel first."))
    ask_guards(order, "revise", actor)
    lines = {line.pk: line for line in order.lines.all()}
    changes = _apply(lines, revisions)
    if not changes:
        return order
    OrderLine.objects.bulk_update(
        lines.values(), ["sku", "sku_code", "quantity", "unit_price", "amount"]
    )
    _sum_up(order, list(lines.values()), changes)
    # Every SKU is known now, and a person has meant each quantity.
    order.tags = without(order.tags, OF_LINES)
    order.save(update_fields=["goods_amount", "total", "tags", "version"])
    record(order, "order.revised", actor=actor, changes=changes, data={"reason": reason})
    promise_anew(order, list(lines.values()))
    end_shortage(order, actor=actor)
    return order


def require_owner(order: Order, actor: Actor) -> None:
    """Return when the actor brought the order in or is an administrator (A9)."""
    is_owner = actor.kind == "person" and order.brought_in_by_id == actor.id
    if not (is_owner or actor.may("orders.revise_others_order")):
        raise NotTheOwner(owner=order.brought_in_label)


def _apply(
    lines: dict[int, OrderLine], revisions: Sequence[LineRevision]
) -> dict[str, list[object]]:
    skus = known_skus(revision.sku_code for revision in revisions)
    changes: dict[str, list[object]] = {}
    for revision in revisions:
        line = lines.get(revision.line)
        if line is None or not _makes_sense(revision) or revision.sku_code not in skus:
            raise BadInput(
                _(
                    "A line is not of this order, its SKU is unknown, "
                    "its quantity is below 1 or its price is negative."
                ),
                fields={"lines": [str(revision.line)]},
            )
        before = _in_words(line)
        line.sku_id, line.sku_code = skus[revision.sku_code].id, revision.sku_code
        line.quantity, line.unit_price = revision.quantity, revision.unit_price
        after = _in_words(line)
        if before != after:
            line.amount = revision.unit_price * revision.quantity
            changes[f"line {line.channel_line}"] = [before, after]
    return changes


def _makes_sense(revision: LineRevision) -> bool:
    return revision.quantity >= 1 and revision.unit_price >= 0


def _in_words(line: OrderLine) -> str:
    return f"{line.sku_code} × {line.quantity} @ {line.unit_price:.2f}"


def _sum_up(order: Order, lines: Sequence[OrderLine], changes: dict[str, list[object]]) -> None:
    before = order.total
    order.goods_amount = sum((line.amount for line in lines), Decimal("0.00"))
    order.total = max(order.goods_amount + order.freight - order.discount, Decimal("0.00"))
    if order.total != before:
        changes["total"] = [str(before), str(order.total)]
