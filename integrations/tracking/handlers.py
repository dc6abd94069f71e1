"""What tracking does when it hears of events."""

from __future__ import annotations

from integrations.channels.base import Answer
from integrations.tracking.subscriptions import follow_shipment, subscribe
from ordercenter.core.models import Event
from ordercenter.core.outbox import RetryLater, handles


@handles("shipment.dispatched", name="tracking.subscribe", lane="outside")
def follow_dispatched_parcel(event: Event) -> None:
    """A parcel that has left is followed from now on."""
    subscription = follow_shipment(event.subject_id)
    verdict = subscribe(subscription) if subscription else None
    if verdict is not None and verdict.answer in (Answer.RETRY_LATER, Answer.UNKNOWN_OUTCOME):
        raise RetryLater(str(verdict), after=verdict.wait)
