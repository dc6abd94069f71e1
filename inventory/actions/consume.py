"""Goods leave the building."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from inventory.models import Batch, Movement, Placement, Reservation, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError


class NotReserved(DomainError):
    """More pieces were to leave than were promised to the line in this warehouse."""

    code = "not_reserved"
    title = _("These goods are not reserved for the order in this warehouse. Allocate stock first.")


@dataclass(frozen=True, slots=True)
class Departure:
    """Pieces of one order line that leave now."""

    line: int
    quantity: int


@transaction.atomic
def consume_reservations(
    departures: Sequence[Departure], *, warehouse: int, document: str, actor: Actor
) -> None:
    """Take the pieces out of stock and out of their promises, first expiring batch first.

    Afterwards on_hand and reserved are smaller by the same number and the ledger has a row for
    each bin and batch they were taken from. Raises `NotReserved`; then nothing has changed.
    """
    wanted = Counter({d.line: 0 for d in departures})
    for departure in departures:
        wanted[departure.line] += departure.quantity
    reservations = list(
        Reservation.objects.filter(
            line__in=wanted, level__warehouse=warehouse, state=Reservation.State.CONFIRMED
        ).order_by("level_id", "id")
    )
    levels = {
        level.pk: level
        for level in StockLevel.objects.select_for_update()
        .filter(pk__in={r.level_id for r in reservations})
        .order_by("pk")
    }
    per_level = _take_from(reservations, wanted)
    Reservation.objects.bulk_update(reservations, ["consumed", "state", "closed_at"])
    for level_id, quantity in sorted(per_level.items()):
        _leave(levels[level_id], quantity, document, actor)


def _take_from(reservations: Sequence[Reservation], wanted: Counter[int]) -> Counter[int]:
    """Move the wanted pieces from promised to consumed; pieces per level."""
    per_level: Counter[int] = Counter()
    for reservation in reservations:
        take = min(wanted[reservation.line], reservation.open_quantity)
        if take == 0:
            continue
        wanted[reservation.line] -= take
        per_level[reservation.level_id] += take
        reservation.consumed += take
        if reservation.open_quantity == 0:
            reservation.state = Reservation.State.CONSUMED
            reservation.closed_at = moments.now()
    missing = {line: quantity for line, quantity in wanted.items() if quantity}
    if missing:
        raise NotReserved(missing=missing)
    return per_level


def _leave(level: StockLevel, quantity: int, document: str, actor: Actor) -> None:
    StockLevel.objects.filter(pk=level.pk).update(
        on_hand=F("on_hand") - quantity, reserved=F("reserved") - quantity
    )
    Movement.objects.bulk_create(
        Movement(
            level=level,
            bin_id=placement.bin_id,
            batch_id=placement.batch_id,
            quantity=-taken,
            reason=Movement.Reason.DISPATCHED,
            document=document,
            actor_label=actor.label,
            at=moments.now(),
        )
        for placement, taken in take_first_expiring(level, quantity)
    )


def take_first_expiring(level: StockLevel, quantity: int) -> list[tuple[Placement, int]]:
    """Take pieces off their bins, first expiring batch first; what was taken from where.

    Batches on QC hold are not touched. The caller holds the level's lock.
    """
    placements = (
        Placement.objects.filter(level=level, quantity__gt=0)
        .exclude(batch__quality=Batch.Quality.HOLD)
        .order_by(F("batch__expires_on").asc(nulls_last=True), "batch__inbound_at", "pk")
    )
    taken: list[tuple[Placement, int]] = []
    for placement in placements:
        piece = min(quantity, placement.quantity)
        placement.quantity -= piece
        placement.save(update_fields=["quantity"])
        taken.append((placement, piece))
        quantity -= piece
        if quantity == 0:
            return taken
    raise DomainError(
        _("The bins of %(level)s hold fewer pieces than the stock level says. Count the bins.")
        % {"level": level}
    )
