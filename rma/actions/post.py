"""The goods are on their way to us; the paper that goes onto the parcel."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, WrongState
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import record
from orders.fulfilment.actions.carrier import tidy_waybill
from orders.fulfilment.actions.label import Label
from orders.fulfilment.models import Carrier
from rma.actions.common import locked
from rma.labels import draw_return_label
from rma.models import Return
from rma.models.returns import BEFORE_ARRIVAL


@transaction.atomic
def post_return(
    return_id: int,
    *,
    seen: int | None,
    tracking_number: str,
    actor: Actor,
    carrier: int | None = None,
) -> Return:
    """The customer has given the goods to a carrier, under this number.

    Raises `BadInput` for a number that no carrier gives.
    """
    actor.require("rma.post_return")
    number = tidy_waybill(tracking_number)
    if not number:
        raise BadInput(
            _("Enter the tracking number of the parcel."), fields={"tracking_number": ["empty"]}
        )
    if carrier is not None and not Carrier.objects.filter(pk=carrier, is_active=True).exists():
        raise BadInput(_("Choose a carrier."), fields={"carrier": ["unknown"]})
    _order, rma = locked(return_id, seen=seen)
    rma.tracking_number, rma.carrier_id = number, carrier
    rma.posted_at = moments.now()
    advance(
        rma,
        "post",
        actor=actor,
        fields=["tracking_number", "carrier", "posted_at"],
        data={"number": rma.number, "tracking_number": number},
    )
    return rma


@transaction.atomic
def print_return_label(return_id: int, *, seen: int | None, actor: Actor) -> Label:
    """The paper with the RMA barcode and our address, as a PDF; the story notes that it was made.

    Raises `WrongState` before we agreed, after the goods arrived, and where none come back.
    """
    actor.require("rma.print_label_return")
    _order, rma = locked(return_id, seen=seen)
    if rma.state not in BEFORE_ARRIVAL or not rma.has_parcel:
        raise WrongState(
            _("%(number)s is %(state)s; no label is printed for it now.")
            % {"number": rma.number, "state": rma.get_state_display()},
            state=rma.state,
        )
    record(rma, "return.label_printed", actor=actor, data={"number": rma.number})
    return Label(f"{rma.number}.pdf", draw_return_label(rma))
