"""The ERP account in use, and what happens when it is no good any more."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from integrations.channels.base import Verdict
from integrations.erp.registry import open_adapter
from integrations.models import ErpAccount
from integrations.refusals import shut_off
from ordercenter.core.errors import DomainError


class NoErp(DomainError):
    """No ERP account is switched on."""

    code = "no_erp_account"


def active_account() -> ErpAccount | None:
    """The account we use; None while none is switched on."""
    return ErpAccount.objects.filter(is_active=True).first()


def account_in_use() -> ErpAccount | None:
    """The account we use, or the one that trouble has switched off: what comes waits for it."""
    accounts = list(ErpAccount.objects.filter(Q(is_active=True) | ~Q(trouble="")).order_by("pk"))
    return next((found for found in accounts if found.is_active), next(iter(accounts), None))


def report_refusal(account: ErpAccount, verdict: Verdict) -> None:
    """Switch the account off and raise the alarm; nobody is asked with dead credentials again."""
    reason = _("%(account)s is refused: %(why)s") % {"account": account, "why": verdict}
    shut_off(account, verdict, kind="erp.account", reason=reason)


@transaction.atomic
def switch_on(account_id: int) -> None:
    """The account is used from now on; documents that wait for it follow with their next turn.

    Raises `BadInput` for an account that lacks something.
    """
    account = ErpAccount.objects.select_for_update().get(pk=account_id)
    open_adapter(account).close()
    ErpAccount.objects.filter(is_active=True).exclude(pk=account_id).update(is_active=False)
    ErpAccount.objects.filter(pk=account_id).update(is_active=True, trouble="")


def switch_off(account_id: int) -> None:
    """The account is no longer used; what was on its way waits for it, nothing new is pushed."""
    ErpAccount.objects.filter(pk=account_id).update(is_active=False, trouble="")
