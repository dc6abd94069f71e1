"""Stock is corrected by people, with a reason."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from inventory.actions.consume import take_first_expiring
from inventory.actions.receive import lock_batches, locked_level, put_away
from inventory.models import Batch, Movement, Placement, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError
from ordercenter.core.timeline import record


class Promised(DomainError):
    """The pieces that were to be taken away are promised to orders."""

    code = "promised_to_orders"
    title = _("These pieces are promised to orders. Release or ship them first.")


@transaction.atomic
def adjust_stock(
    *,
    sku: int,
    warehouse: int,
    quantity: int,
    reason: Movement.Reason,
    note: str,
    actor: Actor,
    defective: int = 0,
) -> StockLevel:
    """Add or take away pieces (`quantity` is signed), and move `defective` ones apart.

    Raises `BadInput` without a note or when nothing moves, and `Promised` when fewer free
    pieces are there than were to be taken.
    """
    actor.require("inventory.adjust_stock")
    if not note.strip():
        raise BadInput(_("Say why the stock is adjusted."), fields={"note": ["empty"]})
    if quantity == 0 and defective == 0:
        raise BadInput(_("The quantity must not be 0."), fields={"quantity": ["zero"]})
    level = locked_level(sku, warehouse)
    if level.available + quantity < 0:
        raise Promised(available=level.available)
    if level.defective + defective < 0:
        raise BadInput(
            _("There are fewer defective pieces than that."), fields={"defective": ["max"]}
        )
    before = {"on_hand": level.on_hand, "defective": level.defective}
    _move_pieces(level, quantity, defective, reason, note, actor)
    level.on_hand += quantity
    level.defective += defective
    level.save(update_fields=["on_hand", "defective"])
    record(
        level,
        "stock.adjusted",
        actor=actor,
        data={"reason": reason, "note": note},
        changes={
            "on_hand": [before["on_hand"], level.on_hand],
            "defective": [before["defective"], level.defective],
        },
    )
    return level


def _move_pieces(
    level: StockLevel,
    quantity: int,
    defective: int,
    reason: Movement.Reason,
    note: str,
    actor: Actor,
) -> None:
    parts: list[tuple[int | None, int | None, int]] = [(None, None, quantity)]
    if quantity > 0:
        put_away([(level.pk, None, None, quantity)])
    elif quantity < 0:
        taken = take_first_expiring(level, -quantity)
        parts = [(place.bin_id, place.batch_id, -piece) for place, piece in taken]
    Movement.objects.bulk_create(
        Movement(
            level=level,
            bin_id=bin_id,
            batch_id=batch_id,
            quantity=piece,
            defective=defective if number == 0 else 0,
            reason=reason,
            document=f"adjustment:{level.pk}",
            note=note[:200],
            actor_label=actor.label,
            at=moments.now(),
        )
        for number, (bin_id, batch_id, piece) in enumerate(parts)
    )


@transaction.atomic
def hold_batch(batch_id: int, *, note: str, actor: Actor) -> None:
    """No piece of the batch can be promised until it is released. Raises `Promised`."""
    _set_quality(batch_id, Batch.Quality.HOLD, note, actor)


@transaction.atomic
def release_batch(batch_id: int, *, note: str, actor: Actor) -> None:
    """The pieces of the batch can be promised again."""
    _set_quality(batch_id, Batch.Quality.PASSED, note, actor)


def _set_quality(batch_id: int, quality: Batch.Quality, note: str, actor: Actor) -> None:
    actor.require("inventory.hold_batch")
    batch = Batch.objects.get(pk=batch_id)
    lock_batches([batch.sku_id])
    levels = list(StockLevel.objects.select_for_update().filter(sku_id=batch.sku_id).order_by("pk"))
    batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.quality == quality:
        return
    batch.quality = quality
    batch.save(update_fields=["quality"])
    sign = 1 if quality == Batch.Quality.HOLD else -1
    lying = dict(
        Placement.objects.filter(batch=batch, level__in=levels)
        .values_list("level")
        .annotate(pieces=Sum("quantity"))
    )
    for level in levels:
        pieces = lying.get(level.pk, 0)
        if sign * pieces > level.available:
            raise Promised(available=level.available)
        level.held += sign * pieces
        level.save(update_fields=["held"])
        if pieces:
            record(
                level,
                f"stock.batch_{quality}",
                actor=actor,
                data={"batch": batch.code, "note": note},
            )


@transaction.atomic
def set_safety_stock(*, sku: int, warehouse: int, safety: int, actor: Actor) -> StockLevel:
    """Below this number the watch reports low stock. Raises `BadInput` for a negative number."""
    actor.require("inventory.adjust_stock")
    if safety < 0:
        raise BadInput(_("The safety stock can't be negative."), fields={"safety": ["min"]})
    level = locked_level(sku, warehouse)
    before, level.safety = level.safety, safety
    level.save(update_fields=["safety"])
    record(level, "stock.safety_set", actor=actor, changes={"safety": [before, safety]})
    return level
