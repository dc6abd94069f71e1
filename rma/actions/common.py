"""What every action on a return begins with: the order first, then the return, then the refund."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import BadInput, NotFound
from orders.models import Order
from rma.models import Refund, Return, ReturnLine


def locked(return_id: int, *, seen: int | None) -> tuple[Order, Return]:
    """The order and its return, locked in this order, the return in the version seen."""
    order = _locked_order(Return.objects.filter(pk=return_id), return_id)
    rma: Return = Return.objects.locked(return_id, seen=seen)
    rma.order = order
    return order, rma


def locked_refund(refund_id: int, *, seen: int | None) -> tuple[Order, Refund]:
    """The order and its refund, locked in this order, the refund in the version seen."""
    order = _locked_order(Refund.objects.filter(pk=refund_id), refund_id)
    refund: Refund = Refund.objects.locked(refund_id, seen=seen)
    refund.order = order
    return order, refund


def _locked_order(rows: object, pk: int) -> Order:
    order_id = rows.values_list("order_id", flat=True).first()  # type: ignore[attr-defined]
    if order_id is None:
        raise NotFound(id=pk)
    order: Order = Order.objects.locked(order_id, seen=None)
    return order


def lines_of(rma: Return) -> list[ReturnLine]:
    """The return's lines with SKU and order line, in a fixed order."""
    return list(rma.lines.select_related("sku", "order_line").order_by("pk"))


def require_reason(reason: str) -> None:
    """Return when there are words; raises `BadInput` otherwise."""
    if not reason.strip():
        raise BadInput(_("Say why."), fields={"reason": ["empty"]})


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
