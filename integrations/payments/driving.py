"""Driving a refund: one call at a time, the unknown asked about first, never a new number."""

from __future__ import annotations

import structlog
from django.utils.translation import gettext as _

from integrations.channels.base import Answer
from integrations.models import PaymentAccount
from integrations.payments.accounts import active_account, adapter_of, report_refusal
from integrations.payments.alipay import adapter as alipay
from integrations.payments.base import Outcome, PaymentAdapter, Told, Wanted
from integrations.payments.wechatpay import adapter as wechatpay
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError
from rma.actions import TooSoon, fail_refund, start_refund, succeed_refund, wait_for_refund
from rma.models import Refund
from rma.models.refunds import BY_MACHINE, OPEN_REFUND

log = structlog.get_logger(__name__)

PAYER = Actor.system("payments", door="channel")
_TOP_UP = wechatpay.NEEDS_FINANCE | alipay.NEEDS_FINANCE


class NoAccount(DomainError):
    """No account of this payment system is switched on."""

    code = "no_payment_account"


def drive_refund(refund_id: int) -> Outcome | None:
    """Take the refund one step on, with one or two calls; None when it was not its turn.

    A first turn asks for the money. Every later one asks what became of the number, and only
    where the other side knows no such number asks for the money again, under the same one.
    Raises `NoAccount`, `TooSoon`.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if not refund.is_by_machine or not refund.is_open:
        return None
    account, adapter = _account_for(refund)
    turn = start_refund(refund_id, pause=adapter.pause, actor=PAYER)
    if turn is None:
        return None
    wanted = wanted_of(refund)
    told = _first(adapter, wanted) if turn.is_first else _later(adapter, wanted)
    take_word(refund, told, account)
    return told.outcome


def _account_for(refund: Refund) -> tuple[PaymentAccount, PaymentAdapter]:
    account = active_account(refund.method)
    if account is None:
        raise NoAccount(_("No account for %(system)s.") % {"system": refund.get_method_display()})
    try:
        return account, adapter_of(account)
    except BadInput as error:
        raise NoAccount(str(error)) from error


def wanted_of(refund: Refund) -> Wanted:
    """The refund as adapters see it."""
    assert refund.payment is not None, "a machine's refund names its payment"
    return Wanted(
        number=refund.number,
        transaction_id=refund.payment.transaction_id,
        amount=refund.amount,
        total=refund.payment.amount,
        reason=refund.reason,
    )


def _first(adapter: PaymentAdapter, wanted: Wanted) -> Told:
    """Ask for the money; a doubtful or refusing answer is held against what they know."""
    told = adapter.refund(wanted)
    if told.verdict.answer not in (Answer.UNKNOWN_OUTCOME, Answer.REFUSED):
        return told
    known = adapter.query(wanted)
    return told if known.outcome in (Outcome.NOT_FOUND, Outcome.NONE) else known


def _later(adapter: PaymentAdapter, wanted: Wanted) -> Told:
    known = adapter.query(wanted)
    return _first(adapter, wanted) if known.outcome == Outcome.NOT_FOUND else known


def take_word(refund: Refund, told: Told, account: PaymentAccount) -> None:
    """Do what the payment system's word means for the refund. Safe to come twice."""
    doubt = find_doubt(refund, told)
    if doubt:
        log.error("refund_doubtful", refund=refund.number, doubt=doubt)
        wait_for_refund(refund.pk, trouble=doubt, ask=_ask(refund, doubt), actor=PAYER)
    elif told.outcome == Outcome.SUCCEEDED:
        succeed_refund(refund.pk, reference=told.reference, at=told.at, actor=PAYER)
    elif told.outcome == Outcome.CLOSED:
        fail_refund(refund.pk, why=_("closed by the payment system"), actor=PAYER)
    elif told.outcome == Outcome.PROCESSING:
        wait_for_refund(refund.pk, trouble="", actor=PAYER)
    elif told.outcome == Outcome.STUCK:
        text = _("the buyer's account takes no money; handle it in the merchant platform")
        wait_for_refund(refund.pk, trouble=text, ask=_ask(refund, text), actor=PAYER)
    else:
        _take_trouble(refund, told, account)


def _take_trouble(refund: Refund, told: Told, account: PaymentAccount) -> None:
    """The call brought no word about the money itself."""
    verdict, why = told.verdict, str(told.verdict)
    if verdict.answer == Answer.REFUSED:
        fail_refund(refund.pk, why=why, actor=PAYER)
        return
    if verdict.answer == Answer.AUTH:
        report_refusal(account, verdict)
    ask = _ask(refund, why) if verdict.code in _TOP_UP else ""
    wait_for_refund(refund.pk, trouble=why, ask=ask, actor=PAYER)


def find_doubt(refund: Refund, told: Told) -> str:
    """Why this word can't be about this refund; empty when it can."""
    if told.outcome in (Outcome.NONE, Outcome.NOT_FOUND):
        return ""
    if told.number != refund.number:
        return _("they speak of %(number)r") % {"number": told.number[:40]}
    if told.amount is not None and told.amount != refund.amount:
        return _("they speak of %(told)s instead of %(ours)s") % {
            "told": told.amount,
            "ours": refund.amount,
        }
    payment = refund.payment
    if payment is None:
        return _("it has no payment")
    if told.total is not None and not refund.amount <= told.total <= payment.amount:
        return _("they speak of %(told)s in all, of %(paid)s") % {
            "told": told.total,
            "paid": payment.amount,
        }
    if told.transaction_id and told.transaction_id != payment.transaction_id:
        return _("they speak of payment %(number)r") % {"number": told.transaction_id[:40]}
    return ""


def _ask(refund: Refund, why: str) -> str:
    return _("Refund %(number)s: %(why)s") % {"number": refund.number, "why": why}


def check_due(limit: int = 200) -> int:
    """Drive every refund whose turn has come; how many were asked about."""
    due = Refund.objects.filter(
        method__in=BY_MACHINE, state__in=OPEN_REFUND, next_check_at__lte=moments.now()
    ).order_by("next_check_at")
    return sum(_check(pk) for pk in list(due.values_list("pk", flat=True)[:limit]))


def _check(refund_id: int) -> bool:
    try:
        return drive_refund(refund_id) is not None
    except (NoAccount, TooSoon) as reason:
        log.info("refund_waits", refund=refund_id, reason=str(reason))
        return False
