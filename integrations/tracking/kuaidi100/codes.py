"""Kuaidi100's words for where a parcel is (execution.md 8)."""

from __future__ import annotations

from orders.fulfilment.models import TrackingState

_CODES: dict[TrackingState, tuple[str, ...]] = {
    TrackingState.REGISTERED: ("101", "102"),
    TrackingState.COLLECTED: ("1", "103"),
    TrackingState.IN_TRANSIT: ("0", "1001", "1002", "1003", "7"),
    TrackingState.OUT_FOR_DELIVERY: ("5",),
    TrackingState.AWAITING_PICKUP: ("501",),
    TrackingState.DELIVERED: ("3", "301", "302", "303", "304"),
    TrackingState.EXCEPTION: ("2", *(str(code) for code in range(201, 210)), "14"),
    TrackingState.RETURNING: ("6",),
    TrackingState.RETURNED: ("4",),
    TrackingState.CUSTOMS: ("8", "10", "11", "12", "13"),
    TrackingState.CANCELLED: ("401", "210"),
}
STATES = {code: state for state, codes in _CODES.items() for code in codes}


def state_of(code: str) -> TrackingState | None:
    """Our word for their code; None for a code nobody has told us of. We never guess."""
    return STATES.get(code)
