"""The ground floor's tables. None of them knows what an order is."""

from ordercenter.core.models.clocks import ClockPolicy, Escalation, Holiday, Timer, WorkingHours
from ordercenter.core.models.guards import Heartbeat, IdempotencyClaim, Intent, LawRun
from ordercenter.core.models.timeline import Delivery, Event, FieldChange
from ordercenter.core.models.users import User

__all__ = [
    "ClockPolicy",
    "Delivery",
    "Escalation",
    "Event",
    "FieldChange",
    "Heartbeat",
    "Holiday",
    "IdempotencyClaim",
    "Intent",
    "LawRun",
    "Timer",
    "User",
    "WorkingHours",
]
