"""What the workers run for tracking. Thin: each can run twice, at once or again."""

from __future__ import annotations

from datetime import timedelta

from integrations.inbound import process_call, process_new
from integrations.models import InboundCall
from integrations.tracking.polling import poll_due
from integrations.tracking.subscriptions import subscribe_planned
from ordercenter.core import moments
from ordercenter.core.tasks import remove_in_batches

KEEP_CALLS = timedelta(days=180)
KEEP_REFUSED = timedelta(days=14)


def process_one(call_id: int) -> bool:
    """Read one incoming call; whether it still waited."""
    return process_call(call_id)


def process_inbound() -> int:
    """Read every incoming call that waits; how many."""
    return process_new()


def poll_tracking() -> int:
    """Subscribe what waits for it and ask about parcels nothing is heard of; how many calls."""
    return subscribe_planned() + poll_due()


def purge_old() -> int:
    """Remove calls that were read long ago and forged ones sooner; failed ones stay."""
    at = moments.now()
    done = InboundCall.objects.filter(state=InboundCall.State.DONE, received_at__lt=at - KEEP_CALLS)
    refused = InboundCall.objects.filter(
        state=InboundCall.State.REFUSED, received_at__lt=at - KEEP_REFUSED
    )
    return remove_in_batches(done) + remove_in_batches(refused)
