"""What the order's list and card say about parcels, and how the timeline speaks of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ordercenter.core.adminkit.story import (
    name_details,
    name_events,
    name_fields,
    name_machines,
    name_states,
    name_subjects,
    name_values,
)
from orders.admin.card import Dimension, add_section
from orders.admin.order import add_row_facts
from orders.fulfilment.events import WORDS
from orders.fulfilment.models import Shipment, ShipmentState, TrackingState
from orders.fulfilment.selectors import progress_of
from orders.models import Order

name_events(WORDS)
name_states(Shipment.KIND, [*ShipmentState.choices, ("packing", _("packing"))])
name_states(Order.KIND, [("packing", _("packing"))])
name_subjects(Shipment.KIND, _("Parcel"), "fulfilment_shipment")
name_fields({field.name: field.verbose_name for field in Shipment._meta.concrete_fields})
name_fields({"shipment": _("shipment id"), "tracking": _("tracking")})
name_values("tracking", TrackingState.choices)
name_details({"number": _("number"), "waybill": _("waybill number"), "sku": _("SKU")})

name_machines({"rule:parcels follow their order": _("Rule: parcels follow their order")})


def parcels_of(orders: list[Order]) -> Mapping[int, Any]:
    """How far the parcels of each order are, as words; nothing for orders without parcels."""
    found = progress_of(order.pk for order in orders)
    return {pk: str(progress) for pk, progress in found.items() if progress.total}


def parcels_section(order: Order, request: HttpRequest) -> dict[str, Any] | None:
    """The order's parcels with their three facts and the latest trace."""
    rows = (
        order.shipments.select_related("warehouse", "carrier")
        .prefetch_related("lines__sku", "points")
        .order_by("pk")
    )
    shipments = list(rows)
    return {"shipments": shipments} if shipments else None


add_row_facts("parcels", parcels_of)
add_section(Dimension.PROCESS, "console/parcels.html", parcels_section)
