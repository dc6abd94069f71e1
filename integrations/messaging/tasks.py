"""What the workers run for notices. Thin: each can run twice, at once or again."""

from __future__ import annotations

from datetime import timedelta

from integrations.messaging.mail import send_due
from integrations.messaging.robots import compose_messages, send_messages
from integrations.models import Mail, Notice, NoticeCause, RobotMessage
from ordercenter.core import moments
from ordercenter.core.tasks import remove_in_batches

KEEP_NOTICES = timedelta(days=90)
# Long after the outbox has given up on an event.
KEEP_CAUSES = timedelta(days=30)


def send_robot_messages() -> int:
    """Let the robots tell what is new; how many calls were made."""
    compose_messages()
    return send_messages()


def send_mails() -> int:
    """Send the e-mails that are due; how many were tried."""
    return send_due()


def purge_old() -> int:
    """Remove notices nobody looks up any more, with their marks; the rows removed."""
    at = moments.now()
    return (
        remove_in_batches(RobotMessage.objects.filter(created_at__lt=at - KEEP_NOTICES))
        + remove_in_batches(Mail.objects.filter(created_at__lt=at - KEEP_NOTICES))
        + remove_in_batches(Notice.objects.filter(created_at__lt=at - KEEP_NOTICES))
        + remove_in_batches(NoticeCause.objects.filter(created_at__lt=at - KEEP_CAUSES))
    )
