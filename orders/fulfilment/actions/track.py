"""What the carrier tells about a parcel, whichever way and in whichever order it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.timeline import changed, snapshot
from orders.fulfilment.actions.common import follow_order, locked
from orders.fulfilment.actions.facts import MOVING, ask_about, follow_trace, tell_tracking
from orders.fulfilment.models import Shipment, TrackingPoint, TrackingState

LONGEST_TEXT = 500
_FACTS = ("carrier_picked_up_at", "delivered_at")


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of a trace. `state` is None where the carrier's `code` means nothing to us."""

    at: datetime
    state: TrackingState | None
    text: str
    place: str = ""
    code: str = ""


@transaction.atomic
def take_tracking(shipment_id: int, points: Iterable[Trace], *, actor: Actor) -> int:
    """Keep the points we don't know yet and move the parcel accordingly; how many were new.

    The whole trace is read in the order of its own times, so the order of arrival does not
    matter and a repeated or older message changes nothing. Delivered is left only for coming
    back. The version that people see moves only when the shipment's state does.
    """
    actor.require("fulfilment.track_shipment")
    order, shipment = locked(shipment_id, seen=None)
    fresh = _keep_new(shipment, points)
    if not fresh:
        return 0
    trace = _whole_trace(shipment)
    before = shipment.tracking_state
    _touch(shipment, where_is_it(trace), trace[-1].at)
    changes = _note_facts(shipment, trace)
    if shipment.tracking_state == before and not changes:
        return fresh
    tell_tracking(shipment, before, trace[-1].text, changes, actor=actor)
    if shipment.tracking_state != before:
        _move(shipment, actor)
        follow_order(order, actor=actor)
    return fresh


def _keep_new(shipment: Shipment, points: Iterable[Trace]) -> int:
    """Store the points of this message that are not stored yet."""
    known = set(shipment.points.values_list("at", "text"))
    heard_at = moments.now()
    fresh: dict[tuple[datetime, str], TrackingPoint] = {}
    for point in points:
        text = point.text[:LONGEST_TEXT]
        if (point.at, text) not in known:
            fresh[point.at, text] = TrackingPoint(
                shipment=shipment,
                at=point.at,
                state=point.state or "",
                text=text,
                place=point.place[:120],
                code=point.code[:40],
                heard_at=heard_at,
            )
    TrackingPoint.objects.bulk_create(fresh.values())
    return len(fresh)


# Lines of one moment are read in this order.
_ORDER = {
    state: rank
    for rank, state in enumerate(
        (
            "",
            TrackingState.CANCELLED,
            TrackingState.REGISTERED,
            TrackingState.COLLECTED,
            TrackingState.CUSTOMS,
            TrackingState.IN_TRANSIT,
            TrackingState.OUT_FOR_DELIVERY,
            TrackingState.AWAITING_PICKUP,
            TrackingState.EXCEPTION,
            TrackingState.DELIVERED,
            TrackingState.RETURNING,
            TrackingState.RETURNED,
        )
    )
}


def _whole_trace(shipment: Shipment) -> list[TrackingPoint]:
    return sorted(shipment.points.all(), key=lambda p: (p.at, _ORDER[p.state], p.pk))


# What may follow upon these; from everywhere else a parcel can go anywhere.
_ONLY_AFTER: dict[str, set[TrackingState]] = {
    TrackingState.DELIVERED: {TrackingState.RETURNING, TrackingState.RETURNED},
    TrackingState.RETURNING: {TrackingState.RETURNED},
    TrackingState.RETURNED: set(),
}


def where_is_it(trace: Sequence[TrackingPoint]) -> str:
    """The tracking state that a trace, oldest line first, ends with; "" when it tells nothing."""
    said = ""
    for point in trace:
        if point.state and (said not in _ONLY_AFTER or point.state in _ONLY_AFTER[said]):
            said = point.state
    return said


def _touch(shipment: Shipment, said: str, at: datetime) -> None:
    """Note where the parcel is and since when we know; outside the version people see."""
    shipment.tracking_state, shipment.last_tracked_at = said, at
    Shipment.objects.filter(pk=shipment.pk).update(tracking_state=said, last_tracked_at=at)


def _note_facts(shipment: Shipment, trace: Sequence[TrackingPoint]) -> dict[str, list[Any]]:
    """Keep when the carrier took the parcel and when it was delivered; what changed of it."""
    before = snapshot(shipment, _FACTS)
    picked_up = [p.at for p in trace if p.state in (*MOVING, TrackingState.DELIVERED)]
    if picked_up:
        known = shipment.carrier_picked_up_at
        shipment.carrier_picked_up_at = min([*picked_up, known] if known else picked_up)
    delivered = [p.at for p in trace if p.state == TrackingState.DELIVERED]
    if delivered and shipment.delivered_at is None:
        shipment.delivered_at = delivered[0]
    changes = changed(before, snapshot(shipment, _FACTS))
    if changes:
        shipment.save(update_fields=[*_FACTS, "version"])
    return changes


def _move(shipment: Shipment, actor: Actor) -> None:
    """The shipment follows its trace once it has left; a trace of one that has not is odd."""
    if shipment.left_warehouse_at:
        follow_trace(shipment, actor=actor)
    elif shipment.tracking_state in (*MOVING, TrackingState.DELIVERED):
        ask_about(shipment, actor=actor)
