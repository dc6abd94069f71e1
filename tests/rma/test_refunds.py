"""Refunds: booked before anybody is paid, never above what was paid, each ended once."""

import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, Forbidden, WrongState
from ordercenter.core.lifecycle import Lifecycle, LifecycleQuerySet, Versioned
from ordercenter.core.models import Event, Intent
from orders.actions import PaymentReference, pay_order
from orders.errors import PaymentTaken, RefundTooHigh
from orders.models import Order, Payment, PaymentMethod, WorkOrder
from rma.actions import (
    call_off_refund,
    fail_refund,
    pay_out_refund,
    plan_refund,
    replace_refund,
    start_refund,
    succeed_refund,
    wait_for_refund,
)
from rma.errors import PayByHand
from rma.models import Refund, Return
from tests.fulfilment.world import broken_laws, make_house
from tests.rma import world

FINANCE = world.person("rma.approve_refund", "rma.pay_out_refund")


def planned(order: Order, amount: str = "10.00", **given) -> Refund:
    wish = {"reason": "补差价", "actor": FINANCE} | given
    return plan_refund(order.pk, seen=None, amount=Decimal(amount), **wish)[0]


def sent(order: Order, amount: str = "10.00") -> Refund:
    refund = planned(order, amount)
    turn = start_refund(refund.pk, pause=timedelta(0), actor=SYSTEM)
    assert turn is not None and turn.is_first
    return turn.refund


def refunded(order: Order) -> str:
    return str(Order.objects.values_list("refunded_amount", flat=True).get(pk=order.pk))


@pytest.mark.usefixtures("house")
class TestBooking:
    def test_a_planned_refund_is_booked_on_order_and_payment(self):
        order = world.paid_order()

        refund = planned(order, "12.00")

        assert refund.number.startswith("RF")
        assert refunded(order) == "12.00"
        assert str(Payment.objects.get().refunded) == "12.00"
        assert world.told(order.pk, "refund.planned")[0]["amount"] == "12.00"
        assert broken_laws() == {}

    def test_more_than_is_left_is_refused_and_nothing_changes(self):
        order = world.paid_order()
        planned(order, "20.00")

        for amount in ("10.01", "0", "-1"):
            with pytest.raises(RefundTooHigh):
                planned(order, amount)

        assert (refunded(order), Refund.objects.count()) == ("20.00", 1)

    def test_the_database_itself_refuses_more_than_was_paid(self):
        order = world.paid_order()

        for table, row in ((Order, {"refunded_amount": 31}), (Payment, {"refunded": 31})):
            with pytest.raises(IntegrityError), transaction.atomic():
                table.objects.update(**row)

        assert refunded(order) == "0.00"

    def test_planning_and_paying_are_two_permissions_and_a_reason_is_needed(self):
        order = world.paid_order(method=None)

        with pytest.raises(Forbidden):
            planned(order, actor=world.person("rma.pay_out_refund"))
        with pytest.raises(BadInput):
            planned(order, reason=" ")
        assert (refunded(order), Refund.objects.exists()) == ("0.00", False)

        refund = planned(order)
        with pytest.raises(Forbidden):
            payer = world.person("rma.approve_refund")
            pay_out_refund(refund.pk, seen=None, reference="B1", actor=payer)
        assert Refund.objects.get().state == "planned"

    def test_one_transaction_pays_one_order(self):
        world.paid_order(transaction="4200X")
        order = world.paid_order()
        Order.objects.filter(pk=order.pk).update(state="pending_payment")

        with pytest.raises(PaymentTaken):
            pay_order(
                order.pk,
                seen=None,
                amount=Decimal("30.00"),
                reference=PaymentReference(PaymentMethod.WECHATPAY, "4200X"),
                actor=SYSTEM,
            )


@pytest.mark.usefixtures("house")
class TestOutcomes:
    def test_the_number_is_stored_before_anybody_is_asked(self):
        refund = sent(world.paid_order())

        intent = Intent.objects.get(kind="refund.wechatpay")
        assert (intent.number, intent.state) == (refund.number, Intent.State.UNKNOWN)
        assert start_refund(refund.pk, pause=timedelta(0), actor=SYSTEM) is None

    def test_a_failed_refund_gives_its_money_back_and_finance_hears_of_it(self):
        order = world.paid_order()
        refund = sent(order, "30.00")

        fail_refund(refund.pk, why="CLOSED", actor=SYSTEM)

        assert (refunded(order), str(Payment.objects.get().refunded)) == ("0.00", "0.00")
        assert WorkOrder.objects.get().owner_role == "finance"
        assert planned(order, "30.00").number != refund.number
        assert broken_laws() == {}

    def test_the_same_word_twice_counts_once(self):
        order = world.paid_order()
        good, bad = sent(order, "4.00"), sent(order, "5.00")

        for _ in range(2):
            succeed_refund(good.pk, reference="W1", actor=SYSTEM)
            fail_refund(bad.pk, why="CLOSED", actor=SYSTEM)

        assert refunded(order) == "4.00"
        kinds = [k for k in Event.objects.values_list("kind", flat=True) if k.startswith("refund.")]
        assert (kinds.count("refund.succeeded"), kinds.count("refund.failed")) == (1, 1)

    def test_a_success_after_a_failure_goes_to_a_person(self):
        order = world.paid_order()
        refund = sent(order)
        fail_refund(refund.pk, why="CLOSED", actor=SYSTEM)
        succeed_refund(refund.pk, reference="W1", actor=SYSTEM)

        assert Refund.objects.get().state == "failed"
        assert WorkOrder.objects.filter(kind="refund", state="open").exists()

    def test_an_open_outcome_is_asked_about_after_1_5_10_20_30_minutes(self):
        refund = sent(world.paid_order())
        at, pauses = moments.now(), []

        for _ in range(7):
            with moments.pretend(at):
                wait_for_refund(refund.pk, trouble="", actor=SYSTEM)
                due = Refund.objects.get().next_check_at
                pauses.append(round((due - at).total_seconds() / 60))
            at = due
            with moments.pretend(at):
                assert start_refund(refund.pk, pause=timedelta(0), actor=SYSTEM) is not None

        assert pauses == [1, 5, 10, 20, 30, 60, 60]

    def test_trouble_is_told_once_not_at_every_look(self):
        refund = sent(world.paid_order())

        for _ in range(3):
            wait_for_refund(refund.pk, trouble="HTTP 502", ask="", actor=SYSTEM)

        assert Event.objects.filter(kind="refund.waits").count() == 1


@pytest.mark.usefixtures("house")
class TestByHand:
    def test_finance_pays_from_its_list_and_says_under_which_number(self):
        order = world.paid_order(method=None)
        refund = planned(order, payee={"name": "王小明", "account": "6222 0000", "bank": "工行"})
        assert (refund.method, refund.payee["bank"]) == ("bank", "工行")

        with pytest.raises(BadInput):
            pay_out_refund(refund.pk, seen=None, reference=" ", actor=FINANCE)
        pay_out_refund(refund.pk, seen=refund.version, reference="B2026-1", actor=FINANCE)

        refund.refresh_from_db()
        assert (refund.state, refund.reference) == ("succeeded", "B2026-1")
        with pytest.raises(WrongState):
            pay_out_refund(refund.pk, seen=None, reference="B2026-2", actor=FINANCE)

    def test_an_account_number_is_not_readable_in_the_database(self):
        planned(world.paid_order(method=None), payee={"account": "6222999"})

        with connection.cursor() as cursor:
            cursor.execute("SELECT payee FROM rma_refund")
            assert "6222999" not in cursor.fetchone()[0]

    def test_what_a_machine_pays_nobody_notes_by_hand(self):
        order = world.paid_order()
        refund = planned(order)

        with pytest.raises(PayByHand):
            pay_out_refund(refund.pk, seen=None, reference="B1", actor=FINANCE)
        call_off_refund(refund.pk, seen=None, reason="改银行转账", actor=FINANCE)
        assert planned(order, method=PaymentMethod.BANK).method == "bank"
        assert broken_laws() == {}

    def test_nobody_chooses_a_machine_the_money_did_not_come_by(self):
        with pytest.raises(BadInput):
            planned(world.paid_order(), method=PaymentMethod.ALIPAY)

        assert not Refund.objects.exists()

    def test_what_was_sent_is_not_called_off_and_not_replaced(self):
        refund = sent(world.paid_order())

        with pytest.raises(WrongState):
            call_off_refund(refund.pk, seen=None, reason="x", actor=FINANCE)
        with pytest.raises(WrongState):
            replace_refund(refund.pk, seen=None, actor=FINANCE)

    def test_a_failed_refund_is_replaced_once_and_its_return_still_ends(self):
        order = world.delivered_order()
        world.inspected(world.received(order))
        refund = Refund.objects.get()
        start_refund(refund.pk, pause=timedelta(0), actor=SYSTEM)
        fail_refund(refund.pk, why="USER_ACCOUNT_ABNORMAL", actor=SYSTEM)

        new = replace_refund(refund.pk, seen=None, method=PaymentMethod.BANK, actor=FINANCE)[0]
        with pytest.raises(WrongState):
            replace_refund(refund.pk, seen=None, actor=FINANCE)
        pay_out_refund(new.pk, seen=None, reference="B9", actor=FINANCE)

        assert Return.objects.get().state == "settled"
        assert broken_laws() == {}


def eight_at_once(race, order: Order) -> list[object]:
    """Eight writers want 10 of the 30 that were paid, all at once."""
    return race(
        *[lambda: planned(order, "10.00") for _ in range(8)],
        meet_after="rma.actions.plan_refund.require_refundable",
    )


class TestRace:
    def test_eight_refunds_at_once_never_exceed_what_was_paid(self, race):
        make_house()
        order = world.paid_order()

        outcomes = eight_at_once(race, order)

        assert sum(isinstance(outcome, Refund) for outcome in outcomes) == 3
        assert sum(isinstance(outcome, RefundTooHigh) for outcome in outcomes) == 5
        assert (refunded(order), Refund.objects.count()) == ("30.00", 3)
        assert broken_laws() == {}

    def test_without_lock_version_and_check_the_database_still_holds(self, race, bare):
        """Every guard above the database is taken away: it refuses what is too much itself."""
        make_house()
        order = world.paid_order()

        outcomes = eight_at_once(race, order)

        assert sum(isinstance(outcome, Refund) for outcome in outcomes) == 3
        assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 5
        assert refunded(order) == "30.00"
        assert broken_laws() == {}

    def test_without_the_constraints_too_much_is_promised(self, race, bare):
        """What the test above would show if the constraints were lost."""
        make_house()
        order = world.paid_order()
        with connection.cursor() as cursor:
            for table, name in (("order", "paid"), ("payment", "payment")):
                cursor.execute(
                    f"ALTER TABLE orders_{table} DROP CONSTRAINT refunds_never_exceed_{name}"
                )

        eight_at_once(race, order)

        assert refunded(order) == "80.00"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock on the order, no version, no check of what is left."""

    def unlocked(rows: LifecycleQuerySet, pk: int, *, seen: int | None) -> Lifecycle:
        return rows.get(pk=pk)

    monkeypatch.setattr(LifecycleQuerySet, "locked", unlocked)
    monkeypatch.setattr(Versioned, "_do_update", Model._do_update)
    for module in ("orders.actions.refunds", "rma.actions.plan_refund"):
        monkeypatch.setattr(sys.modules[module], "require_refundable", lambda *_, **__: None)
