"""What happens to an account whose credentials are no good any more, whatever system it is for."""

from __future__ import annotations

import structlog

from integrations.channels.base import Verdict
from integrations.messaging.notices import ADMIN_ROLE, notify
from integrations.models import ErpAccount, NoticeLevel, PaymentAccount, TrackingAccount

log = structlog.get_logger(__name__)

Account = ErpAccount | PaymentAccount | TrackingAccount


def shut_off(account: Account, verdict: Verdict, *, kind: str, reason: str) -> None:
    """Nobody is asked with dead credentials again; the first refusal raises the alarm.

    The account and the alarm, a notice of this kind, say the reason.
    """
    switched = (
        type(account)
        ._default_manager.filter(pk=account.pk, is_active=True)
        .update(is_active=False, trouble=reason[:300])
    )
    log.error("account_refused", kind=kind, account=account.pk, code=verdict.code)
    if switched:
        notify(
            role=ADMIN_ROLE,
            kind=kind,
            level=NoticeLevel.ALARM,
            title=reason,
            link=f"/admin/integrations/{account._meta.model_name}/{account.pk}/change/",
        )
