"""Parcels that come back without an RMA number: noted, matched, assigned."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import ClockStart, start_clocks
from ordercenter.core.errors import BadInput, NotFound, WrongState, require_reason
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import record
from orders.actions.notes import check_file
from orders.fulfilment.actions.carrier import tidy_waybill
from orders.models import Order
from rma.actions.authorise import authorise_return
from rma.actions.common import locked
from rma.actions.request import request_return
from rma.models import Return, ReturnKind, ReturnReason, UnknownParcel
from rma.models.returns import BEFORE_ARRIVAL, ReturnState
from rma.selectors import pieces_of

_RECEIVABLE = (*BEFORE_ARRIVAL, ReturnState.RECEIVED)


@transaction.atomic
def note_unknown_parcel(
    *,
    actor: Actor,
    tracking_number: str = "",
    phone_tail: str = "",
    sender: str = "",
    sku_codes: Sequence[str] = (),
    note: str = "",
    warehouse: int | None = None,
    photo: tuple[str, bytes] | None = None,
) -> UnknownParcel:
    """The parcel waits in the inbox until somebody knows whose it is.

    Raises `BadInput` when nothing at all is said that could tell, for a warehouse that is not
    there, and for a file that is no photo.
    """
    actor.require("rma.note_unknownparcel")
    number = tidy_waybill(tracking_number)
    if not (number or phone_tail or sku_codes or sender.strip()):
        raise BadInput(
            _("Enter the tracking number, the phone's last four digits, or what is in it."),
            fields={"tracking_number": ["empty"]},
        )
    if warehouse is not None and not Warehouse.objects.filter(pk=warehouse).exists():
        raise BadInput(_("There is no such warehouse."), fields={"warehouse": ["unknown"]})
    parcel = UnknownParcel(
        tracking_number=number,
        phone_tail=phone_tail[-4:],
        sender=sender.strip()[:100],
        sku_codes=[code[:64] for code in sku_codes],
        note=note.strip()[:500],
        warehouse_id=warehouse,
        found_by=actor.label[:80],
        arrived_at=moments.now(),
        state_since=moments.now(),
    )
    if photo is not None:
        name, content = photo
        check_file(name, content)
        parcel.photo.save(name, ContentFile(content), save=False)
    parcel.save()
    start_clocks([ClockStart(parcel.KIND, parcel.pk, parcel.stream, parcel.state, {})])
    record(
        parcel,
        "unknown_parcel.waiting",
        actor=actor,
        to_state=parcel.state,
        data={
            "tracking_number": number,
            "phone_tail": parcel.phone_tail,
            "skus": parcel.sku_codes,
            "note": parcel.note,
        },
    )
    return parcel


@transaction.atomic
def assign_parcel(
    parcel_id: int, *, seen: int | None, return_id: int, actor: Actor
) -> UnknownParcel:
    """The parcel belongs to this return, which may be received now; both stories say so.

    Raises `WrongState` for a return that waits for no parcel.
    """
    actor.require("rma.assign_unknownparcel")
    _order, rma = locked(return_id, seen=None)
    parcel: UnknownParcel = UnknownParcel.objects.locked(parcel_id, seen=seen)
    if rma.state not in _RECEIVABLE or not rma.has_parcel:
        raise WrongState(
            _("%(number)s is %(state)s; it waits for no parcel.")
            % {"number": rma.number, "state": rma.get_state_display()},
            state=rma.state,
        )
    _assign(parcel, rma, actor)
    return parcel


@transaction.atomic
def open_return_for_parcel(
    parcel_id: int, *, seen: int | None, order_id: int, actor: Actor
) -> Return:
    """The parcel belongs to an order nobody announced a return for: a return is opened for it.

    All of its pieces that were sent, or those of the SKUs found in the parcel, may come back.
    What the rules say stands on the return; money waits for finance.
    """
    actor.require("rma.assign_unknownparcel")
    found = UnknownParcel.objects.filter(pk=parcel_id).first()
    if found is None:
        raise NotFound(id=parcel_id)
    rma = request_return(
        order_id,
        seen=None,
        kind=ReturnKind.RETURN,
        reason=ReturnReason.UNANNOUNCED,
        quantities=_pieces(order_id, found.sku_codes),
        note=found.note,
        override=str(_("The parcel is here already.")),
        actor=actor,
    )
    rma = authorise_return(rma.pk, seen=None, warehouse=found.warehouse_id, actor=actor)
    parcel: UnknownParcel = UnknownParcel.objects.locked(parcel_id, seen=seen)
    _assign(parcel, rma, actor)
    return rma


def _pieces(order_id: int, sku_codes: Sequence[str]) -> dict[int, int]:
    order = Order.objects.get(pk=order_id)
    left = pieces_of(order)
    lines = order.lines.filter(sku__isnull=False)
    wanted = {
        line.pk: left[line.pk].returnable
        for line in lines
        if not sku_codes or line.sku_code in sku_codes
    }
    return {pk: quantity for pk, quantity in wanted.items() if quantity}


def _assign(parcel: UnknownParcel, rma: Return, actor: Actor) -> None:
    parcel.rma = rma
    advance(
        parcel,
        "assign",
        actor=actor,
        fields=["rma"],
        data={"return": rma.number, "order": rma.order.number},
    )
    record(
        rma,
        "return.parcel_found",
        actor=actor,
        data={
            "number": rma.number,
            "parcel": parcel.pk,
            "tracking_number": parcel.tracking_number,
        },
    )


@transaction.atomic
def close_parcel(parcel_id: int, *, seen: int | None, reason: str, actor: Actor) -> UnknownParcel:
    """The parcel is not ours or was given back; the reason says which."""
    actor.require("rma.assign_unknownparcel")
    require_reason(reason)
    parcel: UnknownParcel = UnknownParcel.objects.locked(parcel_id, seen=seen)
    parcel.note = f"{parcel.note} {reason.strip()}".strip()[:500]
    advance(parcel, "close", actor=actor, fields=["note"], data={"reason": reason.strip()[:300]})
    return parcel
