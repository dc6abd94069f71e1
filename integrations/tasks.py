"""What the scheduler runs. Each can run again, at once or twice at the same time."""

from __future__ import annotations

import structlog

from integrations.intake.accounts import AccountBusy
from integrations.intake.pull import process_waiting, pull_due_accounts
from integrations.models import ChannelAccount, RawMessage, RawState

log = structlog.get_logger(__name__)


def pull_due() -> int:
    """Pull the shops whose time has come; meant for every minute. The number of shops."""
    return pull_due_accounts()


def process_new_raws() -> int:
    """Read messages that were stored and not read (a pull died between); the number of messages.

    A shop that is being pulled right now is left alone: its pull reads them.
    """
    waiting = RawMessage.objects.filter(state=RawState.NEW).values("shop")
    done = 0
    for account_id in ChannelAccount.objects.filter(shop__in=waiting).values_list("pk", flat=True):
        try:
            done += sum(process_waiting(account_id).values())
        except AccountBusy:
            log.info("account_busy", account=account_id)
    return done
