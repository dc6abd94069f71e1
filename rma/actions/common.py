"""What every action on a return begins with: the order first, then the return, then the refund."""

from __future__ import annotations

from collections.abc import Iterable

from orders.actions.locking import lock_with_order
from orders.models import Order
from rma.models import Refund, Return, ReturnLine


def locked(return_id: int, *, seen: int | None) -> tuple[Order, Return]:
    """The order and its return, locked in this order, the return in the version seen."""
    return lock_with_order(Return, return_id, seen=seen)


def locked_refund(refund_id: int, *, seen: int | None) -> tuple[Order, Refund]:
    """The order and its refund, locked in this order, the refund in the version seen."""
    return lock_with_order(Refund, refund_id, seen=seen)


def lines_of(rma: Return) -> list[ReturnLine]:
    """The return's lines with SKU and order line, in a fixed order."""
    return list(rma.lines.select_related("sku", "order_line").order_by("pk"))


def told_lines(lines: Iterable[ReturnLine]) -> list[dict[str, object]]:
    """The lines as events tell them: line, SKU and all quantities."""
    return [
        {
            "line": line.order_line_id,
            "sku": line.sku.code,
            "requested": line.requested,
            "authorised": line.authorised,
            "received": line.received,
            "ok": line.ok,
            "defective": line.defective,
            "settled": line.settled,
        }
        for line in lines
    ]
