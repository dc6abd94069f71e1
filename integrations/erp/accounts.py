"""The ERP account in use, and what happens when it is no good any more."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from integrations.channels.base import Verdict
from integrations.erp.registry import open_adapter
from integrations.messaging.notices import ADMIN_ROLE, notify
from integrations.models import ErpAccount, NoticeLevel
from ordercenter.core.errors import DomainError

log = structlog.get_logger(__name__)


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
    switched = ErpAccount.objects.filter(pk=account.pk, is_active=True).update(
        is_active=False, trouble=reason[:300]
    )
    log.error("erp_account_refused", account=account.pk, code=verdict.code)
    if switched:
        notify(
            role=ADMIN_ROLE,
            kind="erp.account",
            level=NoticeLevel.ALARM,
            title=reason,
            link=f"/admin/integrations/erpaccount/{account.pk}/change/",
        )


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
