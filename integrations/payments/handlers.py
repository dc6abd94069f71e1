"""What payments do when they hear of events."""

from __future__ import annotations

from integrations.payments.driving import NoAccount, drive_refund
from ordercenter.core.models import Event
from ordercenter.core.outbox import RetryLater, handles
from rma.actions import TooSoon

NO_ACCOUNT_SECONDS = 300.0


@handles("refund.planned", name="payments.refund", lane="outside", max_attempts=60)
def pay_back(event: Event) -> None:
    """A planned refund is asked for; what stays open is asked about by the schedule."""
    try:
        drive_refund(event.subject_id)
    except TooSoon as reason:
        raise RetryLater(str(reason), after=reason.after) from reason
    except NoAccount as reason:
        raise RetryLater(str(reason), after=NO_ACCOUNT_SECONDS) from reason
