"""Locking what belongs to an order: the order first, then the part."""

from __future__ import annotations

from typing import Any

from ordercenter.core.errors import NotFound
from orders.models import Order


def lock_with_order(model: Any, pk: int, *, seen: int | None) -> tuple[Order, Any]:
    """The order and its part of this model, locked in this order, the part in the version seen.

    Raises `NotFound`, and `ChangedMeanwhile` for another version of the part.
    """
    order_id = model.objects.filter(pk=pk).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound(id=pk)
    order: Order = Order.objects.locked(order_id, seen=None)
    part = model.objects.locked(pk, seen=seen)
    part.order = order
    return order, part
