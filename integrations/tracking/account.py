"""The tracking account in use, and what happens when it is no good any more."""

from __future__ import annotations

from django.utils.translation import gettext as _

from integrations.channels.base import Verdict
from integrations.models import TrackingAccount
from integrations.refusals import shut_off
from integrations.tracking.kuaidi100.adapter import Kuaidi100


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
    shut_off(account, verdict, kind="tracking.account", reason=reason)


def switch_on(account_id: int) -> None:
    """The account is asked again; parcels that wait for it follow with the next look."""
    TrackingAccount.objects.filter(pk=account_id).update(is_active=True, trouble="")
