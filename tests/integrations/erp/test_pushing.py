"""Documents on their way into the books: every way a call can end, never twice."""

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from integrations.erp.handlers import push_once_more, push_paid_refund, push_sale
from integrations.erp.pushing import push_again, push_order, push_refund
from integrations.models import ErpAccount, ErpDocument, Notice
from ordercenter.core import moments
from ordercenter.core.errors import Forbidden
from ordercenter.core.models import Delivery, Event, Intent
from ordercenter.core.outbox import RetryLater
from orders.models import Order
from tests.finance.world import broken_laws
from tests.integrations.erp.conftest import by_hand, document_of, paid_order, refunded, today
from tests.rma.world import person


def bring_home(erp, order: Order) -> None:
    """Everything works again; the document is taken up until it is in the books."""
    erp.simulator.clear_faults()
    push_order(order.pk)


def assert_booked_once(erp, order: Order) -> None:
    assert erp.made() == {order.number: 1}
    bill = erp.bills()[order.number]
    assert (bill["status"], bill["amount"]) == ("C", f"{order.total:.2f}")
    assert document_of(order).state == "booked"
    assert Intent.objects.get(number=order.number).state == "done"


def test_a_paid_order_is_saved_submitted_and_audited_under_its_number(erp):
    order = paid_order()

    push_order(order.pk)

    assert_booked_once(erp, order)
    assert erp.calls() == {"Save": 1, "Submit": 1, "Audit": 1}
    assert erp.bills()[order.number]["day"] == str(today())
    kinds = Event.objects.filter(stream=order.stream).values_list("kind", flat=True)
    assert "order.erp_booked" in kinds
    assert broken_laws() == []


def test_what_is_booked_is_not_touched_again(erp):
    order = paid_order()
    push_order(order.pk)

    push_order(order.pk)

    assert sum(erp.calls().values()) == 3


def test_it_counts_on_the_day_it_was_placed_however_late_it_is_pushed(erp):
    order = paid_order()
    placed = moments.now() - timedelta(hours=20)
    Order.objects.filter(pk=order.pk).update(placed_at=placed)

    push_order(order.pk)

    assert erp.bills()[order.number]["day"] == str(today() - timedelta(days=1))


def test_discount_and_freight_come_out_to_the_cent(erp):
    order = paid_order(quantities={"A": 3, "B": 1}, price="33.33", freight=Decimal("8.80"))
    Order.objects.filter(pk=order.pk).update(discount=Decimal("7.77"), total=Decimal("134.35"))
    order.refresh_from_db()

    push_order(order.pk)

    bill = erp.bills()[order.number]
    assert (bill["amount"], bill["entries"]) == ("134.35", 3)


@pytest.mark.parametrize("method", ["Save", "Submit", "Audit"])
@pytest.mark.parametrize("kind", ["cut", "truncated", "error_after"])
def test_done_but_not_told_is_asked_about_and_never_done_twice(erp, method, kind):
    order = paid_order()
    options = {"msg_code": 6, "message": "数据库异常"} if kind == "error_after" else {}
    erp.fault(kind, method, **options)

    push_order(order.pk)

    assert_booked_once(erp, order)
    assert erp.calls()[method] == 1
    assert erp.calls()["ExecuteBillQuery"] == 1


def test_a_time_out_after_the_save_is_asked_about_before_anything_is_repeated(erp, monkeypatch):
    order = paid_order()
    _be_impatient(monkeypatch)
    erp.fault("timeout_after_write", "Save", seconds=3)
    erp.fault("http_502", "ExecuteBillQuery")

    with pytest.raises(RetryLater):
        push_order(order.pk)

    assert Intent.objects.get(number=order.number).state == "unknown"
    assert (document_of(order).state, document_of(order).step) == ("waiting", 0)
    bring_home(erp, order)
    assert_booked_once(erp, order)
    assert erp.calls()["Save"] == 1


def test_a_time_out_before_the_save_is_repeated_under_the_same_number(erp, monkeypatch):
    order = paid_order()
    _be_impatient(monkeypatch)
    erp.fault("timeout", "Save", seconds=3)

    with pytest.raises(RetryLater):
        push_order(order.pk)

    bring_home(erp, order)
    assert_booked_once(erp, order)
    assert erp.calls()["Save"] == 2


def _be_impatient(monkeypatch) -> None:
    monkeypatch.setattr("integrations.calling.TIMEOUT", httpx.Timeout(0.5))


@pytest.mark.parametrize("code", [13, 14])
def test_a_busy_bill_and_a_call_limit_are_waited_for(erp, code):
    order = paid_order()
    erp.fault("error", "Submit", msg_code=code, message="网络控制冲突")

    with pytest.raises(RetryLater):
        push_order(order.pk)

    assert document_of(order).step == 1
    bring_home(erp, order)
    assert_booked_once(erp, order)
    assert erp.calls()["Save"] == 1


def test_a_refused_audit_leaves_a_saved_bill_and_tells_finance(erp):
    order = paid_order()
    erp.fault("error", "Audit", msg_code=11, message="库存不足，审核不通过")

    push_order(order.pk)

    document = document_of(order)
    assert (document.state, document.step) == ("refused", 2)
    assert document.answer["text"] == "库存不足，审核不通过"
    assert erp.bills()[order.number]["status"] == "B"
    assert "库存不足" in Notice.objects.get(role="finance", kind="erp.refused").title


def test_what_was_refused_goes_on_where_it_stopped_when_a_person_asks(erp):
    order = paid_order()
    erp.fault("error", "Audit", msg_code=11, message="库存不足")
    push_order(order.pk)

    push_again(document_of(order).pk, actor=person("integrations.push_erpdocument"))
    event = Event.objects.get(kind="order.erp_pushed_again")
    push_once_more(event)

    assert_booked_once(erp, order)
    assert erp.calls()["Save"] == 1


def test_only_who_may_pushes_again(erp):
    order = paid_order()
    erp.fault("error", "Save", msg_code=11, message="客户未审核")
    push_order(order.pk)

    with pytest.raises(Forbidden):
        push_again(document_of(order).pk, actor=person("integrations.view_erpdocument"))

    assert document_of(order).state == "refused"


def test_our_own_bill_under_the_number_counts_as_done(erp):
    order = paid_order()
    erp.enter(order.number, str(order.total), status="A")

    push_order(order.pk)

    assert document_of(order).state == "booked"
    assert erp.bills()[order.number]["status"] == "C"
    assert erp.made() == {}


def test_somebody_elses_bill_under_the_number_is_left_alone(erp):
    order = paid_order()
    erp.enter(order.number, "999.00", status="A")

    push_order(order.pk)

    assert document_of(order).state == "refused"
    assert document_of(order).answer["code"] == "other_document"
    assert erp.bills()[order.number]["status"] == "A"


def test_unknown_base_data_is_refused_with_kingdees_words(erp):
    order = paid_order()
    erp.simulator.post("kingdee/base", customers=["CUST0001"], materials=["A"])

    push_order(order.pk)

    assert document_of(order).state == "refused"
    assert "物料编码" in document_of(order).answer["text"]


def test_codes_of_the_books_are_the_accounts_options(erp):
    order = paid_order()
    erp.simulator.post("kingdee/base", customers=["KH-7"], materials=["W-A", "B"])
    erp.account.options = {"customers": {"shop": "KH-7"}, "materials": {"A": "W-A"}}
    erp.account.save()

    push_order(order.pk)

    assert erp.bills()[order.number]["customer"] == "KH-7"
    assert document_of(order).state == "booked"


def test_wrong_credentials_switch_the_account_off_once_and_nothing_is_lost(erp):
    order = paid_order()
    erp.account.credentials = {**erp.account.credentials, "app_secret": "wrong"}
    erp.account.save()

    for _ in range(2):
        with pytest.raises(RetryLater):
            push_order(order.pk)

    account = ErpAccount.objects.get()
    assert not account.is_active and account.trouble
    assert erp.calls() == {"Save": 1}
    assert Notice.objects.filter(kind="erp.account").count() == 1
    account.credentials = erp.simulator.get("kingdee/account")
    account.is_active, account.trouble = True, ""
    account.save()
    push_order(order.pk)
    assert_booked_once(erp, order)


def test_a_lost_session_is_begun_anew_and_the_call_made_again(erp):
    erp.account.credentials = {**erp.account.credentials, "sign_in": "session"}
    erp.account.save()
    erp.simulator.post("kingdee/sessions", calls_per_session=1)
    order = paid_order()

    push_order(order.pk)

    assert_booked_once(erp, order)
    assert erp.calls()["LoginBySign"] == 3


def test_a_refused_login_is_no_loop(erp):
    erp.account.credentials = {
        **erp.account.credentials,
        "sign_in": "session",
        "app_secret": "wrong",
    }
    erp.account.save()

    with pytest.raises(RetryLater):
        push_order(paid_order().pk)

    assert erp.calls() == {"LoginBySign": 1}
    assert not ErpAccount.objects.get().is_active


def test_money_that_went_back_stands_in_the_books(erp):
    order = by_hand()
    refund = refunded(order, "12.34")

    push_refund(refund.pk)

    bill = erp.bills()[refund.number]
    assert (bill["form"], bill["amount"], bill["status"]) == ("AR_REFUNDBILL", "12.34", "C")
    assert broken_laws() == []


def test_the_outbox_pushes_when_an_order_is_paid_and_when_money_went_back(erp):
    order = by_hand()
    refund = refunded(order)
    placed, paid = (
        Event.objects.get(stream=order.stream, kind=kind) for kind in ("order.placed", "order.paid")
    )

    push_sale(placed)
    push_sale(paid)
    push_paid_refund(Event.objects.get(kind="refund.succeeded", subject_id=refund.pk))

    assert erp.made() == {order.number: 1, refund.number: 1}


def test_events_reach_the_handlers_through_the_outbox(erp):
    order = by_hand()
    refunded(order)

    heard = set(
        Delivery.objects.filter(handler__startswith="erp.").values_list("handler", "event__kind")
    )
    assert heard == {
        ("erp.push_order", "order.placed"),
        ("erp.push_order", "order.paid"),
        ("erp.push_refund", "refund.succeeded"),
    }


def test_nothing_is_pushed_while_no_account_is_on_nor_of_before_it_nor_a_gift(erp):
    order = paid_order()
    gift = paid_order()
    Order.objects.filter(pk=gift.pk).update(kind="gift", main_order=order)
    ErpAccount.objects.update(pushes_since=moments.now() + timedelta(hours=1))
    push_order(order.pk)
    ErpAccount.objects.update(is_active=False, pushes_since=moments.now() - timedelta(days=1))
    push_order(order.pk)
    ErpAccount.objects.update(is_active=True)
    push_order(gift.pk)

    assert ErpDocument.objects.exists() is False
    assert erp.calls() == {}
