"""The order follows its parcels."""

from __future__ import annotations

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.lifecycle import advance
from orders.models import Order, OrderState

# Each step: the state it leads to, the move, the fact it notes.
_STEPS = (
    (OrderState.PREPARING, "", None),
    (OrderState.PACKED, "pack", None),
    (OrderState.DISPATCHED, "dispatch", "dispatched_at"),
    (OrderState.IN_TRANSIT, "start_transit", None),
    (OrderState.DELIVERED, "deliver", "delivered_at"),
)
_RANK = {state: rank for rank, (state, _, _) in enumerate(_STEPS)}


def follow_shipments(order: Order, *, reached: OrderState, actor: Actor) -> None:
    """Move the order, one step after the other, to the state its last parcel has reached.

    The caller holds the order's lock. An order never goes back, except from packed to preparing
    when a parcel was opened again. Orders outside the warehouse's part of the road stay.
    """
    if order.state not in _RANK:
        return
    if order.state == OrderState.PACKED and reached == OrderState.PREPARING:
        advance(order, "unpack", actor=actor, event="order.unpacked")
        return
    for state, verb, fact in _STEPS[_RANK[OrderState(order.state)] + 1 : _RANK[reached] + 1]:
        fields = []
        if fact:
            setattr(order, fact, moments.now())
            fields.append(fact)
        advance(order, verb, actor=actor, event=f"order.{state}", fields=fields)
