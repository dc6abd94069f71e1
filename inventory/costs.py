"""What goods had cost: the weighted average of the last three purchases (REQUIREMENTS C4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection

# Goods that came without a cost, returns and corrections are no purchases.
PURCHASES = 3
_CENT = Decimal("0.01")

_LAST = """
SELECT sku_id, at, pieces, unit_cost, document
  FROM (SELECT l.sku_id, m.at, m.quantity + m.defective AS pieces, m.unit_cost, m.document, m.id,
               row_number() OVER (PARTITION BY l.sku_id ORDER BY m.at DESC, m.id DESC) AS place
          FROM inventory_movement m JOIN inventory_stocklevel l ON l.id = m.level_id
         WHERE l.sku_id = ANY(%s) AND m.unit_cost IS NOT NULL) purchases
 WHERE place <= %s
 ORDER BY sku_id, place
"""


@dataclass(frozen=True, slots=True)
class Purchase:
    """Pieces that were bought at once, in one warehouse, at this cost each (CNY)."""

    at: datetime
    pieces: int
    unit_cost: Decimal
    document: str


@dataclass(frozen=True, slots=True)
class AverageCost:
    """The last purchases, newest first, over all warehouses."""

    purchases: tuple[Purchase, ...]

    @property
    def each(self) -> Decimal:
        """What a piece had cost: the sum of pieces times cost by the sum of pieces, in cents."""
        pieces = sum(purchase.pieces for purchase in self.purchases)
        money = sum((p.pieces * p.unit_cost for p in self.purchases), Decimal(0))
        return (money / pieces).quantize(_CENT, ROUND_HALF_UP)


def average_costs(skus: Collection[int]) -> dict[int, AverageCost]:
    """The average of each SKU that was ever bought at a known cost; one statement."""
    found: dict[int, list[Purchase]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [sorted(skus), PURCHASES])
        for sku, at, pieces, unit_cost, document in cursor.fetchall():
            found.setdefault(sku, []).append(Purchase(at, pieces, unit_cost, document))
    return {sku: AverageCost(tuple(purchases)) for sku, purchases in found.items()}
