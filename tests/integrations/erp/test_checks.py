"""The daily check: kept once, with its lines; finance gets one e-mail, however often tried."""

import io
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from integrations.erp.checks import check_erp, check_upload
from integrations.erp.export import write_workbook
from integrations.erp.handlers import alarm_finance
from integrations.erp.kingdee.adapter import Kingdee
from integrations.erp.pushing import push_order, push_refund
from integrations.erp.tasks import check_yesterday
from integrations.messaging.mail import send_again, send_due
from integrations.models import ErpAccount, ErpCheck, ErpPolicy, Mail, MailRoute, Notice
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, DomainError, Forbidden
from ordercenter.core.models import Delivery, Event
from ordercenter.core.moments import SHANGHAI
from ordercenter.core.outbox import RetryLater
from ordercenter.core.workbooks.errors import BadWorkbook
from orders.models import Order
from tests.factories import UserFactory
from tests.finance.daily import day_figures
from tests.finance.world import broken_laws
from tests.integrations.erp.conftest import by_hand, paid_order, refunded, today
from tests.rma.world import person

CHECKER = person("integrations.run_erpcheck")


def upload(*lines: str, code: str = "gbk") -> ErpCheck:
    body = "\n".join(["订单号,金额,退款金额", *lines]).encode(code)
    return check_upload(io.BytesIO(body), name="erp.csv", day=today(), actor=CHECKER)


def causes(check: ErpCheck) -> dict[str, str]:
    return dict(check.lines.values_list("number", "cause"))


# -- against an upload -----------------------------------------------------------------------


def test_an_export_that_agrees_is_kept_with_both_sides(books):
    order = by_hand()
    refunded(order, "10.00")

    check = upload(f"{order.number},30.00,10.00")

    assert (check.result, check.differing, check.share) == ("equal", 0, 0)
    assert (check.our_orders, check.our_total, check.our_refunds) == (1, 30, 10)
    assert (check.their_orders, check.their_total, check.their_refunds) == (1, 30, 10)
    assert check.made_by_label == "财务小陈"
    assert not Delivery.objects.filter(handler="erp.tell_of_check").exists()


def test_lines_name_what_each_side_says(books):
    missing, other = paid_order(), paid_order()

    check = upload(f"{other.external_number},29.99,0", "KD-9,5.00,0")

    assert check.result == "alarm"
    assert causes(check) == {missing.number: "missing", other.number: "amount", "KD-9": "unknown"}
    line = check.lines.get(number=other.number)
    assert (line.our_total, line.their_total, line.order_id) == (
        Decimal("30.00"),
        Decimal("29.99"),
        other.pk,
    )


def test_our_figures_are_those_of_finance(books):
    order = by_hand()
    refunded(order, "3.30")
    gift = paid_order()
    Order.objects.filter(pk=gift.pk).update(kind="gift", main_order=order)

    check = upload(f"{order.number},30.00,3.30")

    figures = day_figures(today())
    assert check.our_orders == sum(day.orders for day in figures) == 1
    assert check.our_total == sum(day.total for day in figures) == Decimal("30.00")
    assert check.our_refunds == sum(day.refunds for day in figures) == Decimal("3.30")


def test_a_bad_file_leaves_nothing_behind(books):
    paid_order()

    with pytest.raises(BadWorkbook):
        upload("OC1,abc,0")

    assert not ErpCheck.objects.exists()
    assert not Event.objects.filter(kind__startswith="erp_check").exists()


def test_the_tolerance_is_a_rule(books):
    order = paid_order()
    line = f"{order.number},29.80,0"
    assert upload(line).result == "alarm"
    ErpPolicy.objects.update(tolerance=Decimal("1.00"))

    check = upload(line)

    assert (check.result, check.differing, check.tolerance) == ("within", 1, Decimal("1.00"))


def test_a_day_to_come_is_refused(books):
    with pytest.raises(BadInput):
        check_upload(io.BytesIO(b"x"), name="x", day=today() + timedelta(days=1), actor=CHECKER)


def test_only_who_may_checks(books):
    with pytest.raises(Forbidden):
        check_upload(io.BytesIO(b"x"), name="x", day=today(), actor=person("orders.view_order"))


def test_the_workbook_for_the_erp_agrees_with_our_figures(books):
    order = by_hand(quantities={"A": 3, "B": 1}, price="33.33", freight=Decimal("8.80"))
    Order.objects.filter(pk=order.pk).update(discount=Decimal("7.77"), total=Decimal("134.35"))
    paid_order()
    refunded(order, "10.00")
    file = io.BytesIO()

    rows = write_workbook(file, today(), today(), actor=SYSTEM)
    file.seek(0)
    check = check_upload(file, name="own.xlsx", day=today(), actor=CHECKER)

    assert rows == 6
    assert (check.result, check.their_orders, check.their_refunds) == ("equal", 2, 10)


# -- against the ERP -------------------------------------------------------------------------


def test_what_was_pushed_agrees_with_the_books(erp):
    order = by_hand()
    refund = refunded(order, "10.00")
    push_order(order.pk)
    push_refund(refund.pk)

    check = check_erp(today(), actor=CHECKER)

    assert check is not None
    assert (check.result, check.their_orders, check.their_refunds) == ("equal", 1, 10)
    assert broken_laws() == []


def test_bills_that_are_missing_strange_or_not_audited_are_told_apart(erp):
    kept, lost, waiting = paid_order(), paid_order(), paid_order()
    erp.enter(kept.number, "30.00")
    erp.enter(waiting.number, "30.00", status="B")
    erp.enter("KD-7", "5.00")
    erp.enter("SKTK-1", "2.00", form="AR_REFUNDBILL")
    erp.enter("OLD-1", "7.00", day=today() - timedelta(days=1))

    check = check_erp(today(), actor=CHECKER)

    assert check is not None
    assert causes(check) == {
        lost.number: "missing",
        waiting.number: "not_booked",
        "KD-7": "unknown",
        "SKTK-1": "unknown",
    }
    assert (check.their_orders, check.their_total, check.their_refunds) == (2, 35, 2)


def test_pages_are_read_to_the_end(erp, monkeypatch):
    monkeypatch.setattr("integrations.erp.kingdee.adapter.PAGE_ROWS", 2)
    for n in range(5):
        erp.enter(f"KD-{n}", "1.00")

    check = check_erp(today(), actor=CHECKER)

    assert check is not None and check.their_orders == 5


def test_half_an_answer_is_no_check(erp, monkeypatch):
    monkeypatch.setattr("integrations.erp.kingdee.adapter.PAGE_ROWS", 1)
    erp.enter("KD-1", "1.00")
    erp.enter("KD-2", "1.00")
    call = Kingdee._call

    def fail_from_the_second_page_on(adapter, *args, **kwargs):
        answer = call(adapter, *args, **kwargs)
        erp.fault("error", "ExecuteBillQuery", msg_code=14, message="超出调用限制")
        return answer

    monkeypatch.setattr(Kingdee, "_call", fail_from_the_second_page_on)

    with pytest.raises(DomainError, match="超出调用限制"):
        check_erp(today(), actor=CHECKER)

    assert not ErpCheck.objects.exists()


def morning(monkeypatch, hours: float = 9) -> None:
    """It is nine o'clock, or so many hours, on the day after tests made their orders."""
    midnight = datetime.combine(today() + timedelta(days=1), datetime.min.time(), SHANGHAI)
    at = midnight + timedelta(hours=hours)
    monkeypatch.setattr("ordercenter.core.moments.now", lambda: at)


def test_yesterday_is_checked_once_by_itself(erp, monkeypatch):
    push_order(paid_order().pk)
    morning(monkeypatch)

    assert [check_yesterday(), check_yesterday()] == [1, 0]
    check = ErpCheck.objects.get()
    assert (check.result, check.is_scheduled) == ("equal", True)


def test_two_workers_keep_one_check(erp, monkeypatch):
    # The second one looked before the first had written.
    monkeypatch.setattr("integrations.erp.tasks.ErpCheck.objects.filter", _nothing)
    morning(monkeypatch)

    assert [check_yesterday(), check_yesterday()] == [1, 0]
    assert ErpCheck.objects.count() == 1


class _Nothing:
    def exists(self) -> bool:
        return False


def _nothing(**_given: object) -> _Nothing:
    return _Nothing()


def test_an_erp_that_does_not_answer_is_asked_again_and_told_of_once(erp, monkeypatch):
    morning(monkeypatch)
    erp.fault("http_502", "ExecuteBillQuery", count=2)

    assert [check_yesterday() for _ in range(3)] == [0, 0, 1]
    assert Notice.objects.filter(role="finance", kind="erp.check_failed").count() == 1


@pytest.mark.parametrize("off", ["checks", "is_active"])
def test_nothing_is_checked_by_itself_where_it_is_switched_off(erp, monkeypatch, off):
    ErpAccount.objects.update(**{off: False})
    morning(monkeypatch)

    assert check_yesterday() == 0
    assert erp.calls() == {}


@pytest.mark.parametrize(("hours", "checks"), [(8.49, 0), (8.5, 1)])
def test_nothing_is_checked_by_itself_before_half_past_eight(erp, monkeypatch, hours, checks):
    morning(monkeypatch, hours)

    assert check_yesterday() == checks


# -- the alarm -------------------------------------------------------------------------------


@pytest.fixture
def cashier(db):
    return UserFactory(roles=["finance"], email="chen@example.cn")


def alarmed(*lines: str) -> tuple[ErpCheck, Event]:
    check = upload(*lines)
    return check, Event.objects.get(kind="erp_check.alarmed", subject_id=check.pk)


def test_finance_gets_one_e_mail_with_the_lines(books, cashier, mail_box):
    order = paid_order()
    check, event = alarmed(f"{order.number},20.00,0")
    assert Delivery.objects.get(event=event).handler == "erp.tell_of_check"

    for _ in range(3):
        alarm_finance(event)
        send_due()

    (message,) = mail_box.messages
    assert mail_box.recipients == ["chen@example.cn"]
    body = message.get_payload(decode=True).decode()
    assert order.number in body and "¥30.00" in body and "¥20.00" in body
    assert f"/admin/integrations/erpcheck/{check.pk}/change/" in body
    assert Notice.objects.filter(role="finance", kind="erp.check").count() == 1


def test_within_the_tolerance_nobody_is_written_to(books, cashier):
    ErpPolicy.objects.update(tolerance=Decimal("50.00"))

    check = upload(f"{paid_order().number},20.00,0")

    assert check.result == "within"
    assert not Delivery.objects.filter(handler="erp.tell_of_check").exists()


def test_a_server_that_says_later_is_asked_later(books, cashier, mail_box):
    _check, event = alarmed("KD-1,5,0")
    mail_box.refusals = [b"451 try later"]
    alarm_finance(event)

    send_due()
    assert (mail_box.messages, Mail.objects.get().state) == ([], "pending")
    Mail.objects.update(not_before=moments.now())
    send_due()

    assert Mail.objects.get().state == "sent"
    assert len(mail_box.messages) == 1


def test_a_lost_answer_is_sent_again_under_the_same_id(books, cashier, mail_box):
    _check, event = alarmed("KD-1,5,0")
    mail_box.drops_after_data = 1
    alarm_finance(event)

    send_due()
    Mail.objects.update(not_before=moments.now())
    send_due()

    first, second = mail_box.messages
    assert first["Message-ID"] == second["Message-ID"] == Mail.objects.get().message_id


def test_a_refused_address_fails_by_itself_and_can_be_sent_again(books, cashier, mail_box):
    UserFactory(roles=["finance"], email="wang@example.cn")
    _check, event = alarmed("KD-1,5,0")
    mail_box.refusals = [b"550 no such user"]
    alarm_finance(event)

    send_due()

    states = dict(Mail.objects.values_list("address", "state"))
    assert states == {"chen@example.cn": "failed", "wang@example.cn": "sent"}
    assert "550" in Notice.objects.get(role="admin", kind="mail.trouble").title
    assert send_again(Mail.objects.values_list("pk", flat=True)) == 1
    send_due()
    assert sorted(mail_box.recipients) == ["chen@example.cn", "wang@example.cn"]


def test_without_a_mail_server_e_mails_wait_and_use_up_no_attempt(books, cashier, settings):
    settings.EMAIL_HOST = ""
    _check, event = alarmed("KD-1,5,0")
    alarm_finance(event)

    assert send_due() == 0

    mail = Mail.objects.get()
    assert (mail.state, mail.attempts) == ("pending", 0)
    assert Notice.objects.filter(role="admin", kind="mail.trouble").count() == 1


def test_without_anybody_to_write_to_it_is_tried_again_and_administrators_know(books):
    _check, event = alarmed("KD-1,5,0")

    for _ in range(2):
        with pytest.raises(RetryLater):
            alarm_finance(event)

    assert Notice.objects.filter(role="admin", kind="mail.nobody").count() == 1
    MailRoute.objects.filter(kind="erp.check").update(addresses=["boss@example.cn"])
    alarm_finance(event)
    assert Mail.objects.get().address == "boss@example.cn"


def test_an_address_is_written_to_once_though_two_routes_name_it(books, cashier):
    MailRoute.objects.create(kind="erp.check", role="director", addresses=["CHEN@example.cn"])
    _check, event = alarmed("KD-1,5,0")

    alarm_finance(event)

    assert Mail.objects.count() == 1
