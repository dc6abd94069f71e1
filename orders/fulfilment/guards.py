"""What parcels hold against changes of their order."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.lifecycle import Lifecycle, guard
from orders.errors import TooLate
from orders.fulfilment.models import Shipment, ShipmentState
from orders.fulfilment.models.shipments import BEFORE_PACKING
from orders.models import Order

# What was promised about the goods or the place can't change under a closed or labelled parcel.
_SETTLED_BY_LABEL = frozenset({"change_address", "revise", "allocate"})
_SETTLED_BY_PACKING = _SETTLED_BY_LABEL | {"send_back"}


@guard(Order.KIND)
def refuse_once_parcels_are_settled(subject: Lifecycle, verb: str, actor: Actor) -> None:
    """A printed label fixes goods and address, a packed parcel the whole order."""
    if verb not in _SETTLED_BY_PACKING:
        return
    settled = ~Q(state__in=BEFORE_PACKING)
    if verb in _SETTLED_BY_LABEL:
        settled |= Q(label_printed_at__isnull=False)
    parcel = (
        Shipment.objects.filter(settled, order=subject.pk)
        .exclude(state=ShipmentState.CANCELLED)
        .order_by("-left_warehouse_at", "pk")
        .first()
    )
    if parcel is not None:
        raise TooLate(_what_to_do(parcel), shipment=parcel.number)


def _what_to_do(parcel: Shipment) -> str:
    if parcel.left_warehouse_at:
        text = _("Parcel %(number)s has left already. Ask the carrier, or open a return.")
    elif parcel.state in BEFORE_PACKING:
        text = _("The label of parcel %(number)s is printed. Void the label first.")
    elif parcel.label_printed_at:
        text = _("Parcel %(number)s is packed and labelled. Void the label and unpack it first.")
    else:
        text = _("Parcel %(number)s is packed. Unpack it first.")
    return text % {"number": parcel.number}
