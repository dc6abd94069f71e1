"""Reading the notices of payment systems that were verified and stored at the door."""

from __future__ import annotations

from django.utils.translation import gettext as _

from integrations.inbound import Unreadable, reads
from integrations.models import InboundCall, PaymentAccount
from integrations.payments.accounts import adapter_of
from integrations.payments.driving import find_doubt, take_word
from rma.models import Refund

WECHATPAY = "wechatpay.refund"
ALIPAY = "alipay.notify"


@reads(WECHATPAY, ALIPAY)
def take_notice(call: InboundCall) -> None:
    """Move the refund that the notice is about; a repeat or an old one changes nothing.

    Raises `Unreadable` where number, amount or payment are not those of a refund of ours.
    """
    account = PaymentAccount.objects.filter(pk=int(call.path_token)).first()
    if account is None:
        raise Unreadable(_("the payment account is gone"))
    told = adapter_of(account).read_notice(bytes(call.body))
    if told is None:
        return
    refund = (
        Refund.objects.select_related("payment")
        .filter(number=told.number, method=account.system)
        .first()
    )
    if refund is None:
        raise Unreadable(
            _("no refund of ours is numbered %(number)r") % {"number": told.number[:40]}
        )
    doubt = find_doubt(refund, told)
    if doubt:
        raise Unreadable(doubt)
    take_word(refund, told, account)
