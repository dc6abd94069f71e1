"""Reads that several rooms ask for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from inventory.models import Warehouse
from orders.models import Order, Shop, Urgency
from orders.models.orders import CAN_HURRY

_CACHE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class KnownSku:
    """What placing an order must know of a SKU; `safety` is summed over the warehouses."""

    id: int
    safety: int


# Safety stock comes along: cleaning compares quantities with it.
_SKUS = """
SELECT k.code, k.id, coalesce((SELECT sum(l.safety) FROM inventory_stocklevel l
                                WHERE l.sku_id = k.id), 0)
  FROM inventory_sku k WHERE k.code = ANY(%s)
"""


def known_skus(codes: Iterable[str]) -> dict[str, KnownSku]:
    """The SKUs that exist among these codes."""
    wanted = sorted(set(codes))
    with connection.cursor() as cursor:
        cursor.execute(_SKUS, [wanted])
        return {code: KnownSku(pk, int(safety)) for code, pk, safety in cursor.fetchall()}


_houses: dict[int, tuple[float, tuple[int, ...]]] = {}


def warehouses_of(shop: Shop) -> tuple[int, ...]:
    """The warehouses that may serve the shop, the preferred one first; read every ten seconds."""
    found = _houses.get(shop.pk)
    if found is None or time.monotonic() - found[0] > _CACHE_SECONDS:
        chosen = list(shop.warehouses.filter(is_active=True).values_list("pk", flat=True))
        if not chosen:
            chosen = list(Warehouse.objects.filter(is_active=True).values_list("pk", flat=True))
        found = (time.monotonic(), tuple(chosen))
        _houses[shop.pk] = found
    return found[1]


def forget_warehouses() -> None:
    """Read the warehouses again at the next question (after an edit, between tests)."""
    _houses.clear()


def urgent_orders() -> QuerySet[Order]:
    """Orders that are urgent and whose goods are still here; a small index finds them."""
    return Order.objects.filter(state__in=CAN_HURRY).exclude(urgency=Urgency.NORMAL)
