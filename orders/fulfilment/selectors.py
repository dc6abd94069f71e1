"""Reads about parcels that other rooms ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from orders.fulfilment.models import Shipment, ShipmentState
from orders.fulfilment.models.shipments import BEFORE_PACKING
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order's parcels are. Each count includes the ones that are further on."""

    total: int = 0
    packed: int = 0
    left: int = 0
    delivered: int = 0

    def __str__(self) -> str:
        """One line for the order card: the furthest step that any parcel has made."""
        if self.total == 0:
            return str(_("no parcel yet"))
        if self.delivered:
            text, done = _("%(done)d of %(total)d parcels delivered"), self.delivered
        elif self.left:
            text, done = _("%(done)d of %(total)d parcels left"), self.left
        else:
            text, done = _("%(done)d of %(total)d parcels packed"), self.packed
        return str(text) % {"done": done, "total": self.total}


NO_PROGRESS = Progress()


def progress(order: Order) -> Progress:
    """How far the order's live parcels are."""
    return progress_of([order.pk])[order.pk]


def progress_of(order_ids: Iterable[int]) -> dict[int, Progress]:
    """The progress of each of these orders, with one query."""
    ids = list(order_ids)
    rows = (
        Shipment.objects.filter(order__in=ids)
        .exclude(state=ShipmentState.CANCELLED)
        .order_by()
        .values_list("order")
        .annotate(
            total=Count("pk"),
            packed=Count("pk", filter=~Q(state__in=BEFORE_PACKING)),
            left=Count("pk", filter=Q(left_warehouse_at__isnull=False)),
            delivered=Count("pk", filter=Q(delivered_at__isnull=False)),
        )
    )
    found = {order: Progress(*counts) for order, *counts in rows}
    return {pk: found.get(pk, NO_PROGRESS) for pk in ids}
