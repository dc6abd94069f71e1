"""Whose parcel is it? Suggestions by tracking number, phone tail and goods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Q

from ordercenter.core import moments
from orders.fulfilment.models import Shipment
from orders.models import Order
from rma.models import Return, UnknownParcel
from rma.models.returns import BEFORE_ARRIVAL, ReturnState

# A number names one parcel; a phone's tail and a SKU only narrow it down.
_POINTS = {"tracking_number": 100, "waybill": 80, "phone_tail": 20, "sku": 15}
_MOST = 10
# How long after it left a parcel is thought to come back.
_LOOK_BACK = timedelta(days=90)


@dataclass(slots=True)
class Match:
    """A return that waits for a parcel, or an order without one. `because` says what fits."""

    order: Order
    rma: Return | None = None
    because: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        """What people call it."""
        return self.rma.number if self.rma else self.order.number

    @property
    def points(self) -> int:
        """More is likelier."""
        return sum(_POINTS[reason] for reason in self.because)


def suggest_for(parcel: UnknownParcel) -> list[Match]:
    """Where the parcel may belong, the likeliest first; with a few queries, at most ten."""
    found = [*_returns(parcel), *_orders(parcel)]
    best: dict[str, Match] = {}
    with_return = {match.order.pk for match in found if match.rma}
    for match in sorted(found, key=lambda match: -match.points):
        if match.rma or match.order.pk not in with_return:
            best.setdefault(match.number, match)
    return list(best.values())[:_MOST]


def _returns(parcel: UnknownParcel) -> Iterable[Match]:
    fits = Q(pk__in=[])
    if parcel.tracking_number:
        fits |= Q(tracking_number=parcel.tracking_number)
    if parcel.phone_tail:
        fits |= Q(order__receiver_phone_tail=parcel.phone_tail)
    if parcel.sku_codes:
        fits |= Q(lines__sku__code__in=parcel.sku_codes)
    rows = (
        Return.objects.filter(fits, state__in=[*BEFORE_ARRIVAL, ReturnState.RECEIVED])
        .select_related("order")
        .prefetch_related("lines__sku")
        .distinct()
        .order_by("-pk")[: 5 * _MOST]
    )
    for rma in rows:
        match = Match(rma.order, rma)
        if parcel.tracking_number and rma.tracking_number == parcel.tracking_number:
            match.because.append("tracking_number")
        _add_common(match, parcel, {line.sku.code for line in rma.lines.all()})
        yield match


def _orders(parcel: UnknownParcel) -> Iterable[Match]:
    """Orders whose parcels left lately; goods alone would fit too many."""
    fits = Q(pk__in=[])
    if parcel.tracking_number:
        fits |= Q(waybill=parcel.tracking_number)
    if parcel.phone_tail:
        fits |= Q(order__receiver_phone_tail=parcel.phone_tail)
    rows = (
        Shipment.objects.filter(fits, left_warehouse_at__gt=moments.now() - _LOOK_BACK)
        .select_related("order")
        .prefetch_related("lines__sku")
        .order_by("-pk")[: 5 * _MOST]
    )
    for shipment in rows:
        match = Match(shipment.order)
        if parcel.tracking_number and shipment.waybill == parcel.tracking_number:
            match.because.append("waybill")
        _add_common(match, parcel, {line.sku.code for line in shipment.lines.all()})
        yield match


def _add_common(match: Match, parcel: UnknownParcel, codes: set[str]) -> None:
    if parcel.phone_tail and match.order.receiver_phone_tail == parcel.phone_tail:
        match.because.append("phone_tail")
    if codes.intersection(parcel.sku_codes):
        match.because.append("sku")
