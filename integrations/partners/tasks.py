"""What the workers run for partners' webhooks. Thin: each can run twice, at once or again."""

from __future__ import annotations

from datetime import timedelta

from integrations.models import PartnerDelivery
from ordercenter.core import moments
from ordercenter.core.tasks import remove_in_batches

# Longer back a partner can't replay; the stories of orders stay for ever.
KEEP_MESSAGES = timedelta(days=30)


def purge_old() -> int:
    """Remove messages that ended a month ago, however they ended; the rows removed."""
    old = PartnerDelivery.objects.exclude(state=PartnerDelivery.State.PENDING)
    return remove_in_batches(old.filter(finished_at__lt=moments.now() - KEEP_MESSAGES))
