"""Refunds over real sockets: every way a call can end, and always the same number."""

from decimal import Decimal

import pytest

from integrations.channels.base import Answer, Verdict
from integrations.models import PaymentAccount
from integrations.payments.base import Outcome, Told
from integrations.payments.driving import NoAccount, check_due, drive_refund, find_doubt
from integrations.payments.handlers import pay_back
from ordercenter.core.models import Event, Intent
from ordercenter.core.outbox import RetryLater
from orders.models import Order, Payment, PaymentState, WorkOrder
from rma.models import Refund
from tests.fulfilment.world import broken_laws
from tests.integrations.payments.conftest import due_now, state_of

BOTH = pytest.mark.parametrize("system", ["wechatpay", "alipay"])
CREATE = {"wechatpay": "refund.create", "alipay": "alipay.trade.refund"}
QUERY = {"wechatpay": "refund.query", "alipay": "alipay.trade.fastpay.refund.query"}


def settle(pay, refund: Refund, system: str, to: str = "SUCCESS") -> None:
    """WeChat Pay takes a while; Alipay pays at once."""
    if system == "wechatpay":
        pay.simulator.post("wechatpay/settle", number=refund.number, to=to, notice="no_notice")


def bring_home(pay, refund: Refund, system: str) -> None:
    """Everything works again, and the refund is looked after until it is over."""
    pay.simulator.clear_faults()
    for _ in range(3):
        due_now(refund)
        check_due()
        if pay.simulator.get(f"{system}/refunds")["refunds"]:
            settle(pay, refund, system)
    assert state_of(refund) == "succeeded"


@BOTH
def test_pays_back_under_our_number_and_books_it(pay, system):
    order = pay.order(system)
    refund = pay.plan(order, "12.34")

    drive_refund(refund.pk)
    settle(pay, refund, system)
    due_now(refund)
    check_due()

    refund.refresh_from_db()
    assert (refund.state, refund.trouble) == ("succeeded", "")
    assert pay.paid(system) == {refund.number: 1}
    assert Intent.objects.get(number=refund.number).state == Intent.State.DONE
    assert str(Order.objects.get(pk=order.pk).refunded_amount) == "12.34"
    assert broken_laws() == {}


@BOTH
def test_a_full_refund_ends_the_order_s_payment(pay, system):
    order = pay.order(system)
    refund = pay.plan(order, "30.00")

    drive_refund(refund.pk)
    settle(pay, refund, system)
    due_now(refund)
    check_due()

    assert Order.objects.get(pk=order.pk).payment_state == PaymentState.REFUNDED


@BOTH
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("http_502", {}),
        ("timeout", {"seconds": 0.05}),
        ("timeout_after_write", {"seconds": 0.05}),
        ("truncated", {}),
        ("cut", {}),
        ("unsigned", {}),
        ("forged", {}),
    ],
)
def test_whatever_becomes_of_the_answer_money_moves_once(pay, system, kind, options):
    refund = pay.plan(pay.order(system))
    pay.simulator.fault(system, kind, count=2, **options)

    drive_refund(refund.pk)

    # Either the question behind it has told, or nothing is believed.
    assert state_of(refund) in ("sending", "succeeded")
    bring_home(pay, refund, system)
    assert pay.paid(system) == {refund.number: 1}
    assert broken_laws() == {}


@pytest.mark.parametrize(
    ("system", "fault"),
    [("wechatpay", "error_after"), ("alipay", "unknown_after")],
)
def test_an_error_after_it_was_accepted_is_held_against_what_they_know(pay, system, fault):
    refund = pay.plan(pay.order(system))
    pay.simulator.fault(system, fault, method=CREATE[system])

    outcome = drive_refund(refund.pk)

    assert outcome == (Outcome.PROCESSING if system == "wechatpay" else Outcome.SUCCEEDED)
    assert pay.calls(system) == {CREATE[system]: 1, QUERY[system]: 1}
    bring_home(pay, refund, system)
    assert pay.paid(system) == {refund.number: 1}


def test_fund_change_n_is_no_success_by_itself(pay):
    refund = pay.plan(pay.order("alipay"))
    pay.simulator.fault("alipay", "timeout_after_write", method=CREATE["alipay"], seconds=0.05)
    pay.simulator.fault("alipay", "error", method=QUERY["alipay"], code="20000", sub_code="isp.x")
    drive_refund(refund.pk)
    assert state_of(refund) == "sending"

    bring_home(pay, refund, "alipay")

    assert pay.paid("alipay") == {refund.number: 1}


@BOTH
def test_a_refusal_ends_the_refund_and_frees_the_money(pay, system):
    order = pay.order(system)
    refund = pay.plan(order)
    options = (
        {"status": 403, "code": "USER_ACCOUNT_ABNORMAL"}
        if system == "wechatpay"
        else {"code": "40004", "sub_code": "ACQ.TRADE_NOT_ALLOW_REFUND"}
    )
    pay.simulator.fault(system, "error", method=CREATE[system], **options)

    drive_refund(refund.pk)

    refund.refresh_from_db()
    assert refund.state == "failed"
    assert str(Order.objects.get(pk=order.pk).refunded_amount) == "0.00"
    assert WorkOrder.objects.get(order=order).kind == "refund"
    assert pay.calls(system)[QUERY[system]] == 1, "a refusal is held against what they know"
    assert broken_laws() == {}


def test_a_refusal_of_a_repeat_is_not_believed_when_the_first_was_paid(pay):
    """The order was refunded in full by the call whose answer was lost."""
    refund = pay.plan(pay.order("alipay"), "30.00")
    pay.simulator.fault("alipay", "timeout_after_write", method=CREATE["alipay"], seconds=0.05)
    pay.simulator.fault("alipay", "http_502", method=QUERY["alipay"])
    drive_refund(refund.pk)
    pay.simulator.fault(
        "alipay", "error", method=CREATE["alipay"], code="40004", sub_code="ACQ.TRADE_HAS_FINISHED"
    )

    due_now(refund)
    check_due()

    assert state_of(refund) == "succeeded"


@pytest.mark.parametrize(
    ("system", "options"),
    [
        ("wechatpay", {"status": 403, "code": "NOT_ENOUGH", "message": "余额不足"}),
        ("alipay", {"code": "40004", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH"}),
    ],
)
def test_no_balance_waits_for_finance_and_uses_the_same_number(pay, system, options):
    order = pay.order(system)
    refund = pay.plan(order)
    pay.simulator.fault(system, "error", method=CREATE[system], **options)

    drive_refund(refund.pk)

    assert state_of(refund) == "sending"
    assert WorkOrder.objects.get(order=order).owner_role == "finance"
    bring_home(pay, refund, system)
    assert pay.paid(system) == {refund.number: 1}
    assert WorkOrder.objects.get(order=order).state == "withdrawn"


def test_a_dead_key_switches_the_account_off_and_is_not_tried_again(pay):
    refund = pay.plan(pay.order("wechatpay"))
    account = PaymentAccount.objects.get(system="wechatpay")
    account.credentials = {**account.credentials, "serial_no": "OLD"}
    account.save()

    drive_refund(refund.pk)

    account.refresh_from_db()
    assert (account.is_active, "SIGN_ERROR" in account.trouble) == (False, True)
    assert state_of(refund) == "sending"
    due_now(refund)
    assert check_due() == 0
    with pytest.raises(NoAccount):
        drive_refund(refund.pk)


def test_an_account_without_its_key_asks_nobody(pay):
    refund = pay.plan(pay.order("alipay"))
    account = PaymentAccount.objects.get(system="alipay")
    account.credentials = {**account.credentials, "private_key": "not a key"}
    account.save()

    with pytest.raises(NoAccount):
        drive_refund(refund.pk)

    assert state_of(refund) == "planned"
    assert pay.calls("alipay") == {}


def test_closed_by_wechat_pay_frees_the_money(pay):
    order = pay.order("wechatpay")
    refund = pay.plan(order)
    drive_refund(refund.pk)
    settle(pay, refund, "wechatpay", "CLOSED")

    due_now(refund)
    check_due()

    assert state_of(refund) == "failed"
    assert str(Order.objects.get(pk=order.pk).refunded_amount) == "0.00"


def test_abnormal_keeps_the_money_booked_and_asks_finance(pay):
    order = pay.order("wechatpay")
    refund = pay.plan(order)
    drive_refund(refund.pk)
    settle(pay, refund, "wechatpay", "ABNORMAL")

    due_now(refund)
    check_due()

    assert state_of(refund) == "sending"
    assert str(Order.objects.get(pk=order.pk).refunded_amount) == "10.00"
    assert WorkOrder.objects.get(order=order).kind == "refund"
    settle(pay, refund, "wechatpay", "SUCCESS")
    due_now(refund)
    check_due()
    assert state_of(refund) == "succeeded"


@BOTH
def test_part_refunds_add_up_and_the_last_can_not_exceed(pay, system, no_pause):
    order = pay.order(system)
    refunds = [pay.plan(order, amount) for amount in ("12.50", "7.50", "10.00")]

    for refund in refunds:
        drive_refund(refund.pk)
        bring_home(pay, refund, system)

    assert pay.paid(system) == {refund.number: 1 for refund in refunds}
    assert str(Order.objects.get(pk=order.pk).refunded_amount) == "30.00"
    assert broken_laws() == {}


def test_a_second_refund_of_one_payment_keeps_the_pause(pay):
    order = pay.order("wechatpay")
    first, second = pay.plan(order, "5.00"), pay.plan(order, "6.00")
    drive_refund(first.pk)

    with pytest.raises(RetryLater) as later:
        pay_back(Event.objects.get(kind="refund.planned", subject_id=second.pk))

    assert 0 < later.value.after <= 61
    assert state_of(second) == "planned"
    assert pay.calls("wechatpay") == {"refund.create": 1}


def test_while_one_asks_no_other_does(pay):
    refund = pay.plan(pay.order("wechatpay"))
    drive_refund(refund.pk)

    assert drive_refund(refund.pk) is None
    assert check_due() == 0
    assert pay.calls("wechatpay") == {"refund.create": 1}


def test_an_answer_about_another_amount_is_not_believed(pay, no_pause):
    """Somebody has used our number with another amount: Alipay says DISCORDANT_REPEAT_REQUEST."""
    order = pay.order("alipay")
    refund, other = pay.plan(order), pay.plan(order, "3.00")
    number = refund.number
    Refund.objects.filter(pk=refund.pk).update(number="RF-kept")
    Refund.objects.filter(pk=other.pk).update(number=number)
    drive_refund(other.pk)
    Refund.objects.filter(pk=other.pk).update(number="RF-other")
    Refund.objects.filter(pk=refund.pk).update(number=number)

    drive_refund(refund.pk)

    refund.refresh_from_db()
    assert refund.state == "sending"
    assert refund.trouble == "对方说的金额是 3.00，应为 10.00"
    assert pay.paid("alipay") == {number: 1}


@pytest.mark.parametrize(
    ("told", "doubt"),
    [
        ({}, ""),
        ({"number": "RF2"}, "对方说的是退款 'RF2'"),
        ({"amount": Decimal("9.99")}, "对方说的金额是 9.99，应为 10.00"),
        ({"total": Decimal("30.01")}, "对方说累计已退 30.01，该笔支付共 30.00"),
        ({"total": Decimal("9.99")}, "对方说累计已退 9.99，该笔支付共 30.00"),
        ({"transaction_id": "T2"}, "对方说的是支付 'T2'"),
    ],
)
def test_a_word_about_something_else_is_doubted_in_the_language_of_our_staff(told, doubt):
    payment = Payment(amount=Decimal("30.00"), transaction_id="T1")
    refund = Refund(number="RF1", amount=Decimal("10.00"), payment=payment)
    word = {"number": "RF1", "amount": refund.amount, "transaction_id": "T1"} | told

    assert find_doubt(refund, Told(Outcome.SUCCEEDED, Verdict(Answer.OK), **word)) == doubt
