"""Goods come in."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from inventory.models import Batch, Bin, Movement, Placement, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import record

_PLACE = """
INSERT INTO inventory_placement (level_id, bin_id, batch_id, quantity) VALUES (%s, %s, %s, %s)
ON CONFLICT (level_id, bin_id, batch_id)
DO UPDATE SET quantity = inventory_placement.quantity + excluded.quantity
"""


@transaction.atomic
def receive_stock(
    *,
    sku: int,
    warehouse: int,
    quantity: int,
    document: str,
    actor: Actor,
    bin_code: str = "",
    batch_code: str = "",
    expires_on: date | None = None,
    reason: Movement.Reason = Movement.Reason.RECEIVED,
) -> StockLevel:
    """The pieces lie in the warehouse and can be promised; ledger and timeline say so.

    Raises `BadInput` for a quantity below 1 or a missing document.
    """
    actor.require("inventory.receive_stock")
    if quantity < 1:
        raise BadInput(_("The quantity must be at least 1."), fields={"quantity": ["min"]})
    if not document.strip():
        raise BadInput(_("Name the document the goods came with."), fields={"document": ["empty"]})
    level = locked_level(sku, warehouse)
    batch = _batch(sku, batch_code, expires_on)
    place = _bin(warehouse, bin_code)
    level.on_hand += quantity
    level.held += quantity if batch and batch.quality == Batch.Quality.HOLD else 0
    level.save(update_fields=["on_hand", "held"])
    put_away(level, place, batch, quantity)
    Movement.objects.create(
        level=level,
        bin=place,
        batch=batch,
        quantity=quantity,
        reason=reason,
        document=document,
        actor_label=actor.label,
        at=moments.now(),
    )
    record(
        level,
        "stock.received",
        actor=actor,
        data={"quantity": quantity, "document": document, "batch": batch_code, "bin": bin_code},
        changes={"on_hand": [level.on_hand - quantity, level.on_hand]},
    )
    return level


def locked_level(sku: int, warehouse: int) -> StockLevel:
    """The level, made when missing, locked until the transaction ends."""
    StockLevel.objects.bulk_create(
        [StockLevel(sku_id=sku, warehouse_id=warehouse)], ignore_conflicts=True
    )
    return StockLevel.objects.select_for_update().get(sku=sku, warehouse=warehouse)


def put_away(level: StockLevel, place: Bin | None, batch: Batch | None, quantity: int) -> None:
    """Add pieces to a bin and batch; the caller holds the level's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PLACE, [level.pk, place.pk if place else None, batch.pk if batch else None, quantity]
        )


def _batch(sku: int, code: str, expires_on: date | None) -> Batch | None:
    if not code:
        return None
    batch, _made = Batch.objects.get_or_create(
        sku_id=sku, code=code, defaults={"inbound_at": moments.now(), "expires_on": expires_on}
    )
    return batch


def _bin(warehouse: int, code: str) -> Bin | None:
    if not code:
        return None
    place, _made = Bin.objects.get_or_create(warehouse_id=warehouse, code=code)
    return place
