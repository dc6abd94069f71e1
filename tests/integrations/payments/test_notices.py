"""Notices at our door: genuine ones count once, all others change nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from structlog.testing import capture_logs

from integrations.models import InboundCall, NoticeNonce, PaymentAccount
from integrations.payments import driving
from integrations.payments.accounts import adapter_of
from integrations.payments.driving import drive_refund
from integrations.payments.tasks import purge_old
from ordercenter.core import moments
from ordercenter.core.models import Event
from orders.models import Order
from rma.models import Refund
from tests.fulfilment.world import broken_laws
from tests.integrations.payments.conftest import Letter, hand_in, read_all, state_of

BOTH = pytest.mark.parametrize("system", ["wechatpay", "alipay"])
TAKEN = {"wechatpay": (204, b""), "alipay": (200, b"success")}


def sent(pay, system: str, kind: str = "normal", to: str = "SUCCESS") -> tuple[Refund, Letter]:
    """A refund whose answer said nothing, and the notice about it."""
    refund = pay.plan(pay.order(system))
    if system == "alipay":
        pay.simulator.fault("alipay", "no_notice", method="notice")
        pay.simulator.fault(
            "alipay", "timeout_after_write", method="alipay.trade.refund", seconds=0.05
        )
        pay.simulator.fault("alipay", "http_502", method="alipay.trade.fastpay.refund.query")
    drive_refund(refund.pk)
    if system == "wechatpay":
        pay.simulator.post("wechatpay/settle", number=refund.number, to=to, notice=kind)
    else:
        pay.simulator.post("alipay/notice", number=refund.number, notice=kind)
    return refund, pay.box.wait_for(1)[-1]


def picture(refund: Refund) -> tuple[object, ...]:
    """All that a refused notice must leave as it was."""
    fresh = Refund.objects.get(pk=refund.pk)
    return (
        fresh.state,
        fresh.version,
        fresh.trouble,
        Order.objects.values_list("version", "refunded_amount").get(pk=fresh.order_id),
        Event.objects.filter(stream=fresh.stream).count(),
    )


@BOTH
def test_a_genuine_notice_is_stored_answered_and_read_later(pay, client: Client, system):
    refund, letter = sent(pay, system)

    answer = hand_in(client, system, letter)

    assert (answer.status_code, answer.content) == TAKEN[system]
    call = InboundCall.objects.get()
    assert (bytes(call.body), call.state) == (letter.body, "new")
    assert state_of(refund) == "sending"
    read_all()
    assert state_of(refund) == "succeeded"
    assert broken_laws() == {}


@BOTH
def test_the_same_notice_again_is_acknowledged_and_counts_once(pay, client: Client, system):
    refund, _letter = sent(pay, system, "notice_twice")
    letters = pay.box.wait_for(2)

    for each in letters[:2]:
        assert hand_in(client, system, each).status_code == TAKEN[system][0]
        read_all()

    assert state_of(refund) == "succeeded"
    assert Event.objects.filter(kind="refund.succeeded").count() == 1
    assert pay.paid(system) == {refund.number: 1}


@BOTH
@pytest.mark.parametrize("kind", ["notice_forged", "notice_wrong_amount"])
def test_a_forged_or_lying_notice_changes_nothing(pay, client: Client, system, kind):
    refund, letter = sent(pay, system, kind)
    before = picture(refund)

    answer = hand_in(client, system, letter)
    read_all()

    # The lying one is signed by the system itself: it is kept, and a person sees that it failed.
    forged = kind == "notice_forged"
    assert answer.status_code == (401 if forged else TAKEN[system][0])
    assert InboundCall.objects.get().state == ("refused" if forged else "failed")
    assert picture(refund) == before


def test_a_stale_notice_of_wechat_pay_is_refused(pay, client: Client):
    refund, letter = sent(pay, "wechatpay", "notice_stale")
    before = picture(refund)

    assert hand_in(client, "wechatpay", letter).status_code == 401

    read_all()
    assert picture(refund) == before


def test_a_replayed_notice_of_wechat_pay_is_refused(pay, client: Client):
    """Byte for byte the same, headers too: nobody but an attacker sends that."""
    refund, letter = sent(pay, "wechatpay")
    assert hand_in(client, "wechatpay", letter).status_code == 204
    read_all()
    before = picture(refund)

    assert hand_in(client, "wechatpay", letter).status_code == 401

    read_all()
    assert picture(refund) == before
    assert InboundCall.objects.get(state="refused").error == "该通知此前已收到过（重放）"


def test_a_forged_copy_does_not_keep_the_genuine_one_out(pay, client: Client):
    refund, letter = sent(pay, "wechatpay")
    stolen = Letter({**letter.headers, "Wechatpay-Nonce": "other"}, letter.body)
    assert hand_in(client, "wechatpay", stolen).status_code == 401

    assert hand_in(client, "wechatpay", letter).status_code == 204

    read_all()
    assert state_of(refund) == "succeeded"


@pytest.mark.parametrize(("to", "state"), [("CLOSED", "failed"), ("ABNORMAL", "sending")])
def test_bad_news_comes_by_notice_too(pay, client: Client, to, state):
    refund, letter = sent(pay, "wechatpay", "normal", to)

    hand_in(client, "wechatpay", letter)
    read_all()

    assert state_of(refund) == state
    assert broken_laws() == {}


def test_a_notice_that_comes_before_the_answer_counts(pay, client: Client, monkeypatch):
    """The money is there, and told, before our own call has come back."""
    refund = pay.plan(pay.order("wechatpay"))
    pay.simulator.fault("wechatpay", "notice_first", method="notice")
    take_word = driving.take_word

    def notice_first(*args):
        hand_in(client, "wechatpay", pay.box.wait_for(1)[0])
        read_all()
        assert state_of(refund) == "succeeded"
        take_word(*args)

    monkeypatch.setattr(driving, "take_word", notice_first)

    drive_refund(refund.pk)

    assert state_of(refund) == "succeeded"
    assert Event.objects.filter(kind="refund.succeeded").count() == 1
    assert broken_laws() == {}


@BOTH
def test_a_notice_about_a_refund_that_is_not_ours_is_kept_for_a_person(pay, client: Client, system):
    refund, letter = sent(pay, system)
    Refund.objects.filter(pk=refund.pk).update(number="RF0")

    hand_in(client, system, letter)
    read_all()

    call = InboundCall.objects.get()
    assert (call.state, call.error) == ("failed", f"没有单号为 {refund.number!r} 的退款")


@BOTH
def test_without_an_account_nobody_is_believed(pay, client: Client, system):
    _refund, letter = sent(pay, system)
    PaymentAccount.objects.update(is_active=False)

    assert hand_in(client, system, letter).status_code == 503
    assert not InboundCall.objects.exists()


@BOTH
def test_an_account_that_lacks_a_credential_believes_nobody_until_it_has_it(
    pay, client: Client, system
):
    refund, letter = sent(pay, system)
    account = PaymentAccount.objects.get(system=system)
    whole = account.credentials
    for without in ({k: v for k, v in whole.items() if k != "private_key"}, {}):
        PaymentAccount.objects.filter(pk=account.pk).update(credentials=without)
        with capture_logs() as lines:
            assert hand_in(client, system, letter).status_code == 503
        assert ("payment_account_unusable", account.pk) in [
            (line["event"], line.get("account")) for line in lines
        ]
    assert not InboundCall.objects.exists()

    account.save()
    assert hand_in(client, system, letter).status_code == TAKEN[system][0]
    read_all()
    assert state_of(refund) == "succeeded"


@BOTH
def test_more_than_a_notice_can_be_is_not_read(pay, client: Client, system):
    _refund, letter = sent(pay, system)

    answer = hand_in(client, system, Letter(letter.headers, letter.body + b"x" * 70_000))

    assert answer.status_code == 413
    assert not InboundCall.objects.exists()


def test_a_notice_of_alipay_about_the_payment_itself_moves_nothing(pay, client: Client):
    refund, letter = sent(pay, "alipay")
    account = PaymentAccount.objects.get(system="alipay")
    about_payment = letter.body.replace(b"gmt_refund", b"gmt_payment")

    assert adapter_of(account).read_notice(about_payment) is None
    assert state_of(refund) == "sending"


def test_used_nonces_are_forgotten_after_a_while(pay, client: Client):
    _refund, letter = sent(pay, "wechatpay")
    hand_in(client, "wechatpay", letter)
    assert purge_old() == 0
    NoticeNonce.objects.update(at=moments.now() - timedelta(hours=2))

    assert purge_old() == 1
