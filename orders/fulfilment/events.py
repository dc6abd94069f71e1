"""What this room tells: the kinds of its events and the words people read for them.

Every event stands on the story of the shipment's order. `shipment.dispatched` carries shipment
(id), number, order (number), carrier (code), waybill and lines: [{line, channel_line, sku,
quantity}]; `shipment.tracked` carries number, waybill, from, to (tracking states) and text.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "shipment.planned": _("parcel planned"),
    "shipment.released": _("parcel released to the warehouse"),
    "shipment.picking": _("picking begun"),
    "shipment.item_scanned": _("piece checked"),
    "shipment.packed": _("parcel packed"),
    "shipment.unpacked": _("parcel opened again"),
    "shipment.split": _("parcel split"),
    "shipment.rejoined": _("parcels put together"),
    "shipment.carrier_set": _("carrier chosen"),
    "shipment.label_printed": _("waybill label printed"),
    "shipment.label_voided": _("label voided"),
    "shipment.receiver_followed": _("address taken over"),
    "shipment.dispatched": _("parcel left the warehouse"),
    "shipment.tracked": _("carrier's news"),
    "shipment.in_transit": _("carrier has the parcel"),
    "shipment.delivered": _("parcel delivered"),
    "shipment.exception": _("parcel in trouble"),
    "shipment.recovered": _("parcel goes on"),
    "shipment.cancelled": _("parcel cancelled"),
}
