"""When documents are pushed: an order when it is paid, a refund when the money has arrived.

Not at dispatch: our figures count an order on the day it was placed, once it is paid, and the
daily check would miss every order that waits for the warehouse over night.
"""

from __future__ import annotations

from integrations.erp.alarms import tell_of_check
from integrations.erp.pushing import push_document, push_order, push_refund
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles

# With back-off this goes on for most of a day; the daily check shows what is missing.
ATTEMPTS = 60


@handles("order.placed", "order.paid", name="erp.push_order", lane="outside", max_attempts=ATTEMPTS)
def push_sale(event: Event) -> None:
    """A paid order stands in the books; an unpaid one waits for its payment."""
    push_order(event.subject_id)


@handles("refund.succeeded", name="erp.push_refund", lane="outside", max_attempts=ATTEMPTS)
def push_paid_refund(event: Event) -> None:
    """Money that went back stands in the books."""
    push_refund(event.subject_id)


@handles("order.erp_pushed_again", name="erp.push_again", lane="outside", max_attempts=ATTEMPTS)
def push_once_more(event: Event) -> None:
    """A person has mended what the ERP refused."""
    push_document(event.data["document"])


@handles("erp_check.alarmed", name="erp.tell_of_check", max_attempts=150)
def alarm_finance(event: Event) -> None:
    """Finance hears of a day that differs: by the bell, and by e-mail with the lines."""
    tell_of_check(event.subject_id)
