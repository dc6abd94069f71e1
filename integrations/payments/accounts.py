"""The payment account in use, and what happens when it is no good any more."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.channels.base import Verdict
from integrations.models import PaymentAccount
from integrations.payments.alipay.adapter import Alipay
from integrations.payments.base import PaymentAdapter
from integrations.payments.wechatpay.adapter import WeChatPay
from integrations.refusals import shut_off

_ADAPTERS: dict[str, type[PaymentAdapter]] = {cls.key: cls for cls in (WeChatPay, Alipay)}


def active_account(system: str) -> PaymentAccount | None:
    """The account we use at this system; None while none is switched on."""
    return PaymentAccount.objects.filter(system=system, is_active=True).first()


def adapter_of(account: PaymentAccount) -> PaymentAdapter:
    """An adapter that speaks for this account; notices are asked to our own address.

    Raises `BadInput` for an account that lacks a credential.
    """
    notify_url = settings.PUBLIC_BASE_URL.rstrip("/") + reverse("wechatpay_refund")
    credentials = {"notify_url": notify_url, **account.credentials}
    adapter = _ADAPTERS[account.system](account.base_url, credentials)
    adapter.check()
    return adapter


def report_refusal(account: PaymentAccount, verdict: Verdict) -> None:
    """Switch the account off and raise the alarm; nobody is asked with dead keys again."""
    reason = _("%(account)s is refused: %(why)s") % {"account": account, "why": verdict}
    shut_off(account, verdict, kind="payments.account", reason=reason)


def switch_on(account_id: int) -> None:
    """The account is used again; refunds that wait for it follow with the next look."""
    PaymentAccount.objects.filter(pk=account_id).update(is_active=True, trouble="")
