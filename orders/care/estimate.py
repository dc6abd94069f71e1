"""When it will probably be there: said plainly, from what we know, and no more than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ordercenter.core import moments
from orders.fulfilment.models import Shipment, ShipmentState, TrackingState
from orders.models import Order, OrderState

# How long parcels are on the road as a rule, from our door.
SOONEST = timedelta(days=2)
LATEST = timedelta(days=4)
_NEVER = (OrderState.CANCELLED, OrderState.CLOSED, OrderState.PENDING_PAYMENT)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A span of days, or why there is none. `kind` picks the words.

    none: it will not come (or is not paid); arrived: `latest` is when; today: the courier is on
    the way; late: the usual days are over; road, house: the span from `soonest` to `latest`.
    """

    kind: str
    soonest: datetime | None = None
    latest: datetime | None = None


def estimate_for(order: Order, parcels: Sequence[Shipment]) -> Estimate:
    """The estimate for the whole order: its slowest parcel counts."""
    if order.state in _NEVER:
        return Estimate("none")
    if order.state in (OrderState.DELIVERED, OrderState.COMPLETED):
        return Estimate("arrived", latest=order.delivered_at)
    coming = [p for p in parcels if p.is_live and p.delivered_at is None]
    if any(p.state == ShipmentState.EXCEPTION for p in coming):
        return Estimate("late")
    left = [p.left_warehouse_at for p in coming if p.left_warehouse_at]
    if not coming or len(left) < len(coming):
        return _from_the_house(order)
    if all(p.tracking_state == TrackingState.OUT_FOR_DELIVERY for p in coming):
        return Estimate("today", latest=moments.now())
    if max(left) + LATEST < moments.now():
        return Estimate("late")
    return Estimate("road", max(left) + SOONEST, max(left) + LATEST)


def _from_the_house(order: Order) -> Estimate:
    leaves = max(order.ship_by or moments.now(), moments.now())
    return Estimate("house", leaves + SOONEST, leaves + LATEST)
