"""The tracking account in use, and what happens when it is no good any more."""

from __future__ import annotations

import structlog
from django.utils.translation import gettext as _

from integrations.channels.base import Verdict
from integrations.messaging.notices import ADMIN_ROLE, notify
from integrations.models import NoticeLevel, TrackingAccount
from integrations.tracking.kuaidi100.adapter import Kuaidi100

log = structlog.get_logger(__name__)


def active_account() -> TrackingAccount | None:
    """The account we ask with; None while none is switched on."""
    return TrackingAccount.objects.filter(is_active=True).first()


def client_of(account: TrackingAccount) -> Kuaidi100:
    """A client that speaks for this account."""
    return Kuaidi100(
        account.base_url,
        key=account.credentials["key"],
        customer=account.credentials["customer"],
    )


def report_refusal(account: TrackingAccount, verdict: Verdict) -> None:
    """Switch the account off and raise the alarm; nobody is asked with a dead key again."""
    reason = _("Kuaidi100 refuses the account: %(why)s") % {"why": verdict}
    switched = TrackingAccount.objects.filter(pk=account.pk, is_active=True).update(
        is_active=False, trouble=reason[:300]
    )
    log.error("tracking_account_refused", account=account.pk, code=verdict.code)
    if switched:
        notify(
            role=ADMIN_ROLE,
            kind="tracking.account",
            level=NoticeLevel.ALARM,
            title=reason,
            link=f"/admin/integrations/trackingaccount/{account.pk}/change/",
        )


def switch_on(account_id: int) -> None:
    """The account is asked again; parcels that wait for it follow with the next look."""
    TrackingAccount.objects.filter(pk=account_id).update(is_active=True, trouble="")
