"""Facts after the door: the carrier has it, the receiver has it, something went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, require_reason
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import record
from orders.actions import withdraw_work_orders
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.fulfilment.actions.common import follow_order, locked
from orders.fulfilment.models import Shipment, ShipmentState, TrackingState
from orders.fulfilment.models.shipments import ON_THE_ROAD
from orders.models import Order, WorkOrderKind

# What the carrier says while the parcel goes on its way.
MOVING = (
    TrackingState.COLLECTED,
    TrackingState.IN_TRANSIT,
    TrackingState.OUT_FOR_DELIVERY,
    TrackingState.AWAITING_PICKUP,
    TrackingState.CUSTOMS,
)
TROUBLE = (
    TrackingState.EXCEPTION,
    TrackingState.RETURNING,
    TrackingState.RETURNED,
    TrackingState.CANCELLED,
)


@transaction.atomic
def collect_shipment(
    shipment_id: int, *, seen: int | None, actor: Actor, at: datetime | None = None
) -> Shipment:
    """The carrier has the parcel since `at` (now when not given); it is in transit."""
    actor.require("fulfilment.collect_shipment")
    order, shipment = locked(shipment_id, seen=seen)
    shipment.carrier_picked_up_at = _past(at)
    advance(shipment, "start_transit", actor=actor, fields=["carrier_picked_up_at"])
    follow_order(order, actor=actor)
    return shipment


@transaction.atomic
def deliver_shipment(
    shipment_id: int,
    *,
    seen: int | None,
    reason: str,
    actor: Actor,
    at: datetime | None = None,
) -> Shipment:
    """A person says that the receiver has the parcel, and how they know."""
    actor.require("fulfilment.deliver_shipment")
    require_reason(reason)
    order, shipment = locked(shipment_id, seen=seen)
    shipment.delivered_at = _past(at)
    advance(shipment, "deliver", actor=actor, fields=["delivered_at"], data={"reason": reason})
    end_trouble(order, reason=reason, actor=actor)
    follow_order(order, actor=actor)
    return shipment


@transaction.atomic
def recover_shipment(shipment_id: int, *, seen: int | None, reason: str, actor: Actor) -> Shipment:
    """A person has settled the trouble: the parcel goes on to its receiver."""
    actor.require("fulfilment.recover_shipment")
    require_reason(reason)
    order, shipment = locked(shipment_id, seen=seen)
    shipment.carrier_picked_up_at = shipment.carrier_picked_up_at or moments.now()
    shipment.delivered_at = None
    advance(
        shipment,
        "recover",
        actor=actor,
        event="shipment.recovered",
        fields=["carrier_picked_up_at", "delivered_at"],
        data={"reason": reason},
    )
    end_trouble(order, reason=reason, actor=actor)
    follow_order(order, actor=actor)
    return shipment


def _past(at: datetime | None) -> datetime:
    moment = at or moments.now()
    if moment > moments.now():
        raise BadInput(_("This moment is still to come."), fields={"at": ["future"]})
    return moment


def follow_trace(shipment: Shipment, *, actor: Actor) -> None:
    """Move a shipment that has left to where its trace says it is; order and row are locked.

    The facts of the trace (pickup, delivery) stand on the row already.
    """
    said = shipment.tracking_state
    if said in MOVING:
        _go_on(shipment, actor)
    elif said == TrackingState.DELIVERED and shipment.state in (
        *ON_THE_ROAD,
        ShipmentState.EXCEPTION,
    ):
        advance(shipment, "deliver", actor=actor)
        end_trouble(shipment.order, reason=str(_("The parcel was delivered.")), actor=actor)
    elif said in TROUBLE and shipment.state in (*ON_THE_ROAD, ShipmentState.DELIVERED):
        advance(shipment, "fail", actor=actor, data={"tracking": said})
        ask_about(shipment, actor=actor)


def _go_on(shipment: Shipment, actor: Actor) -> None:
    if shipment.state == ShipmentState.DISPATCHED:
        advance(shipment, "start_transit", actor=actor)
    elif shipment.state == ShipmentState.EXCEPTION:
        advance(shipment, "recover", actor=actor, event="shipment.recovered")
        end_trouble(shipment.order, reason=str(_("The parcel goes on.")), actor=actor)


def ask_about(shipment: Shipment, *, actor: Actor) -> None:
    """A work order tells logistics of the trouble; one per order, however many parcels."""
    open_work_orders(
        [
            WorkOrderDraft(
                order=shipment.order,
                kind=WorkOrderKind.TRACKING,
                title=_("Parcel %(number)s: %(state)s. Ask the carrier, tell the customer.")
                % {
                    "number": shipment.number,
                    "state": shipment.get_tracking_state_display(),
                },
                detail={
                    "shipment": shipment.pk,
                    "waybill": shipment.waybill,
                    "tracking": shipment.tracking_state,
                },
                owner_role="logistics",
            )
        ],
        actor=actor,
    )


def end_trouble(order: Order, *, reason: str, actor: Actor) -> None:
    """Withdraw the work order about parcels in trouble when none is left; the order is locked."""
    if not order.shipments.filter(state=ShipmentState.EXCEPTION).exists():
        withdraw_work_orders(order, [WorkOrderKind.TRACKING], reason=reason, actor=actor)


def tell_tracking(
    shipment: Shipment, before: str, text: str, changes: Mapping[str, Any], *, actor: Actor
) -> None:
    """The timeline says that the parcel is somewhere else now."""
    record(
        shipment,
        "shipment.tracked",
        actor=actor,
        data={
            "number": shipment.number,
            "waybill": shipment.waybill,
            "from": before,
            "to": shipment.tracking_state,
            "text": text,
        },
        changes=changes,
    )
