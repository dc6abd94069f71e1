"""What the workers run for payments. Thin: each can run twice, at once or again."""

from __future__ import annotations

from datetime import timedelta

from integrations.inbound import process_call
from integrations.models import NoticeNonce
from integrations.payments.driving import check_due
from ordercenter.core import moments
from ordercenter.core.tasks import remove_in_batches

# A notice older than five minutes is refused for its age; its nonce need not be kept for long.
KEEP_NONCES = timedelta(hours=1)


def process_one(call_id: int) -> bool:
    """Read one notice; whether it still waited."""
    return process_call(call_id)


def check_refunds() -> int:
    """Ask about every refund whose outcome is open and whose turn has come; how many."""
    return check_due()


def purge_old() -> int:
    """Forget nonces that nobody could use any more; how many."""
    return remove_in_batches(NoticeNonce.objects.filter(at__lt=moments.now() - KEEP_NONCES))
