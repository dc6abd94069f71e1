"""Watching for stock that runs low (C3)."""

from __future__ import annotations

from django.db import connection, transaction

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.timeline import Entry, record_all

WATCH = Actor.system("timer:stock")

# A level is reported once when it falls below its safety stock, and again only after it rose.
_MARK = """
WITH crossed AS (
  SELECT id FROM inventory_stocklevel
   WHERE (on_hand - reserved - held < safety) <> (low_since IS NOT NULL)
   ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE inventory_stocklevel s
   SET low_since = CASE WHEN low_since IS NULL THEN %s::timestamptz END
  FROM crossed, inventory_sku k, inventory_warehouse w
 WHERE s.id = crossed.id AND k.id = s.sku_id AND w.id = s.warehouse_id
RETURNING s.id, s.low_since IS NOT NULL, k.code, w.code, s.on_hand - s.reserved - s.held, s.safety
"""


@transaction.atomic
def report_low_stock() -> int:
    """Put one event on the story of each level that fell below or rose above its safety stock.

    Returns how many fell below.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [moments.now()])
        rows = cursor.fetchall()
    record_all(
        [
            Entry(
                stream=f"stock:{pk}",
                subject_kind="stock",
                subject_id=pk,
                kind="stock.low" if low else "stock.recovered",
                data={"sku": sku, "warehouse": house, "available": free, "safety": safety},
            )
            for pk, low, sku, house, free, safety in rows
        ],
        actor=WATCH,
    )
    return sum(1 for row in rows if row[1])
