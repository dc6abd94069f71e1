"""When channels are told."""

from __future__ import annotations

from integrations.write_back.telling import tell_shipment
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles

# With back-off and the channels' own waits this goes on for hours; a person knows long before.
ATTEMPTS = 60


@handles(
    "shipment.dispatched",
    "order.channel_told_again",
    name="write_back.tell_channel",
    lane="outside",
    max_attempts=ATTEMPTS,
)
def tell_channel(event: Event) -> None:
    """The channel knows of the parcel, or a work order says why not."""
    tell_shipment(event.data["shipment"])
