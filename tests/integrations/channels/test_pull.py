"""From the channel's list to promised stock, over real sockets (A1, A3)."""

import hashlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.channels.base import ChannelTrouble, Listed
from integrations.channels.taobao.adapter import DETAIL_API, LIST_API, TaobaoAdapter
from integrations.intake.accounts import AccountBusy, account_lock, pause_account, resume_account
from integrations.intake.pull import process_waiting, pull_account, pull_due_accounts
from integrations.models import ChannelAccount, ChannelOrder, RawMessage, RawState
from integrations.tasks import process_new_raws
from inventory.models import Reservation
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden
from ordercenter.core.models import Event
from orders.actions import change_address, place_order
from orders.models import Order, OrderState, PaymentState, WorkOrder, WorkOrderKind
from orders.receiver import Receiver
from tests.factories import draft
from tests.integrations.channels.conftest import (
    SKUS,
    Intake,
    make_account,
    shop_time,
    stock_up,
)
from tests.support.laws import broken_laws


def detail_calls(intake) -> int:
    return intake.simulator.counters()["calls"]["taobao"].get(DETAIL_API, 0)


def store_raw(intake: Intake, number: str, body: str, *, minutes_ago: float) -> RawMessage:
    """A message that was stored and not read: a pull died behind it."""
    return RawMessage.objects.create(
        shop=intake.shop,
        api=DETAIL_API,
        external_number=number,
        channel_modified_at=moments.now() - timedelta(minutes=minutes_ago),
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        body=body,
        received_at=moments.now(),
    )


class TestNewOrders:
    def test_every_trade_becomes_an_order_with_its_stock_promised(self, intake, generate):
        tids = generate(130)

        tally = intake.pull()

        assert (tally["stored"], tally["placed"], tally["applied"]) == (130, 130, 130)
        assert set(Order.objects.values_list("external_number", flat=True)) == set(tids)
        assert Reservation.objects.count() == sum(o.lines.count() for o in Order.objects.all())
        assert ChannelOrder.objects.count() == 130
        assert not RawMessage.objects.exclude(state=RawState.APPLIED).exists()
        assert broken_laws() == {}

    def test_amounts_moments_and_states_are_the_channels(self, intake, generate):
        [paid] = generate(1, paid_share=1)
        [unpaid] = generate(1, seed=2, paid_share=0)

        intake.pull()

        trade = intake.simulator.trade(paid)["trade"]
        order = intake.order(paid)
        assert str(order.total) == trade["payment"]
        assert order.paid_at.astimezone(moments.SHANGHAI).strftime("%F %T") == trade["pay_time"]
        assert (order.state, order.payment_state) == (OrderState.PENDING_REVIEW, PaymentState.PAID)
        assert order.receiver_is_masked
        assert order.receiver_token == trade["oaid"]
        other = intake.order(unpaid)
        assert (other.state, other.paid_amount) == (OrderState.PENDING_PAYMENT, 0)

    def test_the_raw_message_is_kept_word_for_word(self, intake, adapter, generate, monkeypatch):
        [tid] = generate(1)
        answer = adapter.fetch(Listed(tid, moments.now()))
        monkeypatch.setattr(TaobaoAdapter, "fetch", lambda *_: answer)

        intake.pull()

        [raw] = intake.raws(tid)
        assert raw.body == answer.body
        assert raw.order == intake.order(tid)

    def test_one_number_in_two_shops_is_two_orders(self, intake, generate):
        [tid] = generate(1, shop="demo1")
        assert generate(1, shop="demo2") == [tid]

        intake.pull("demo1")
        intake.pull("demo2")

        one, two = intake.order(tid, "demo1"), intake.order(tid, "demo2")
        assert one.pk != two.pk
        assert Order.objects.count() == 2

    def test_a_second_pull_fetches_nothing_again(self, intake, generate):
        generate(60)
        intake.pull()
        calls = detail_calls(intake)

        tally = intake.pull(since=moments.now() - timedelta(minutes=70))

        assert tally.get("stored", 0) == 0
        assert detail_calls(intake) == calls
        assert Order.objects.count() == 60

    def test_a_batch_of_many_takes_no_more_statements_than_one_of_few(self, intake, generate):
        taken = []
        for count, minute in ((10, -9), (40, -5)):
            window = {
                "modified_from": shop_time(minutes=minute),
                "modified_to": shop_time(minutes=minute + 1),
            }
            generate(count, seed=count, paid_share=1, **window)
            with CaptureQueriesContext(connection) as statements:
                intake.pull()
            taken.append(len(statements))

        assert Order.objects.count() == 50
        assert taken[1] <= taken[0]

    @pytest.mark.parametrize("status", ["TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"])
    def test_an_order_that_was_cancelled_before_we_knew_it_is_kept_as_cancelled(
        self, intake, generate, status
    ):
        [tid] = generate(1)
        intake.change(tid, status=status)

        intake.pull()

        order = intake.order(tid)
        assert order.state == OrderState.CANCELLED
        assert not Reservation.objects.exclude(state="released").exists()
        assert broken_laws() == {}

    @pytest.mark.parametrize("status", ["TRADE_FINISHED", "WAIT_BUYER_CONFIRM_GOODS"])
    def test_what_had_left_before_we_knew_it_is_kept_as_a_message_and_never_shipped_again(
        self, intake, generate, status
    ):
        [tid] = generate(1, paid_share=1)
        intake.change(tid, status=status)

        intake.pull()

        [raw] = intake.raws(tid)
        assert (raw.state, raw.problem) == ("unchanged", "left_before")
        assert not Order.objects.exists()

    def test_a_partly_shipped_stranger_goes_to_a_person(self, intake, generate):
        [tid] = generate(1, paid_share=1)
        intake.change(tid, status="SELLER_CONSIGNED_PART")

        intake.pull()

        [raw] = intake.raws(tid)
        assert (raw.state, raw.problem) == ("quarantined", "partly_shipped")


class TestUpdates:
    def test_a_payment_is_taken_over(self, intake, generate):
        [tid] = generate(1, paid_share=0)
        intake.pull()
        intake.change(tid, status="WAIT_SELLER_SEND_GOODS")

        tally = intake.pull()

        assert (tally["applied"], tally["stored"]) == (1, 1)
        order = intake.order(tid)
        assert order.state == OrderState.PENDING_REVIEW
        assert order.paid_amount == order.total
        assert Reservation.objects.filter(state="confirmed").exists()
        assert Order.objects.count() == 1

    def test_a_cancellation_frees_the_stock(self, intake, generate):
        [tid] = generate(1)
        intake.pull()
        intake.change(tid, status="TRADE_CLOSED")

        intake.pull()

        assert intake.order(tid).state == OrderState.CANCELLED
        assert set(Reservation.objects.values_list("state", flat=True)) == {"released"}
        assert broken_laws() == {}

    def test_a_refund_flags_its_line_and_leaves_the_state_alone(self, intake, generate):
        [tid] = generate(1, paid_share=1)
        intake.pull()
        intake.change(tid, refund={"status": "WAIT_SELLER_AGREE"})

        intake.pull()

        order = intake.order(tid)
        assert (order.state, order.refund_open) == (OrderState.PENDING_REVIEW, True)
        assert order.lines.filter(refund_open=True).count() == 1

    def test_what_only_the_channel_changed_is_taken_over(self, intake, generate):
        [tid] = generate(1)
        intake.pull()
        intake.change(tid, address={"district": "余杭区", "detail": "文一西路 969 号"})

        intake.pull()

        assert intake.order(tid).receiver_district == "余杭区"
        assert not WorkOrder.objects.filter(kind=WorkOrderKind.CHANNEL_CONFLICT).exists()

    def test_what_both_changed_is_for_a_person(self, intake, generate):
        [tid] = generate(1)
        intake.pull()
        ours = Receiver("王小明", "13812345678", "浙江省", "杭州市", "滨江区", "江南大道 1 号")
        change_address(intake.order(tid).pk, seen=None, receiver=ours, actor=SYSTEM)
        intake.change(tid, address={"district": "余杭区", "detail": "文一西路 969 号"})

        intake.pull()

        assert intake.order(tid).receiver_district == "滨江区"
        work = WorkOrder.objects.get(kind=WorkOrderKind.CHANNEL_CONFLICT)
        assert work.detail["fields"]["receiver_district"][1:] == ["滨江区", "余杭区"]

    def test_an_older_message_never_turns_an_order_back(self, intake, generate):
        [tid] = generate(1, paid_share=1)
        intake.pull()
        modified = intake.simulator.trade(tid)["trade"]["modified"]
        body = intake.raws(tid)[0].body.replace("WAIT_SELLER_SEND_GOODS", "WAIT_BUYER_PAY")
        store_raw(intake, tid, body.replace(modified, shop_time(hours=-3)), minutes_ago=180)

        tally = dict(process_waiting(intake.account.pk))

        assert tally == {"stale": 1}
        assert intake.order(tid).state == OrderState.PENDING_REVIEW
        assert intake.order(tid).channel_status == "WAIT_SELLER_SEND_GOODS"

    def test_two_messages_about_a_new_order_in_one_batch(self, intake, generate):
        [tid] = generate(1, paid_share=0)
        intake.pull()
        body, first = intake.raws(tid)[0].body, intake.simulator.trade(tid)["trade"]["modified"]
        other, later = f"9{tid[1:]}", shop_time(seconds=-90)
        paid = body.replace("WAIT_BUYER_PAY", "WAIT_SELLER_SEND_GOODS").replace(
            f'"modified":"{first}"', f'"modified":"{later}","pay_time":"{later}"'
        )
        store_raw(intake, other, paid.replace(tid, other), minutes_ago=2)
        store_raw(intake, other, body.replace(tid, other), minutes_ago=9)

        tally = process_waiting(intake.account.pk)

        assert (tally["placed"], tally["applied"]) == (1, 2)
        assert intake.order(other).state == OrderState.PENDING_REVIEW

    def test_a_parcel_shipped_in_the_channels_own_pages_stops_ours(self, intake, generate):
        [tid] = generate(1, paid_share=1)
        intake.pull()
        intake.change(tid, status="WAIT_BUYER_CONFIRM_GOODS")

        intake.pull()

        work = WorkOrder.objects.get(kind=WorkOrderKind.CHANNEL_CONFLICT)
        assert set(work.blocks) == {"pack", "dispatch"}
        assert intake.order(tid).state == OrderState.PENDING_REVIEW

    def test_an_order_typed_in_by_hand_is_not_doubled_by_its_message(self, intake, generate):
        [tid] = generate(1)
        typed = place_order(intake.shop, draft(("TEA-LJ-250", 1), number=tid), actor=SYSTEM)

        intake.pull()

        assert Order.objects.get().pk == typed.order.pk
        assert intake.raws(tid)[0].state == RawState.APPLIED
        assert WorkOrder.objects.filter(kind=WorkOrderKind.CHANNEL_CONFLICT).exists()


class TestRuns:
    def test_the_cursor_stands_behind_now_by_the_safety_lag(self, intake):
        with moments.pretend(moments.now().replace(microsecond=0)):
            intake.pull()
            expected = moments.now() - timedelta(seconds=60)

        intake.account.refresh_from_db()
        assert intake.account.cursor_at == expected
        assert intake.account.last_error == ""
        assert intake.account.progress["complete"] is True

    def test_windows_are_not_longer_than_half_an_hour(self, intake):
        intake.pull()

        calls = intake.simulator.counters()["calls"]["taobao"]
        assert calls == {LIST_API: 3}

    def test_a_failure_leaves_the_cursor_and_says_what_is_wrong(self, intake, generate):
        generate(3)
        before = intake.account.cursor_at
        intake.simulator.fault("taobao", "http_502", probability=1.0)

        with pytest.raises(ChannelTrouble):
            intake.pull()

        intake.account.refresh_from_db()
        assert intake.account.cursor_at == before
        assert "502" in intake.account.last_error
        assert not intake.account.is_paused
        intake.simulator.clear_faults()
        intake.pull()
        assert Order.objects.count() == 3

    def test_what_came_before_a_failure_is_kept_and_not_fetched_again(self, intake, generate):
        generate(120)
        intake.simulator.fault("taobao", "error", method=DETAIL_API, count=1, code=11, msg="no")
        with pytest.raises(ChannelTrouble):
            intake.pull()
        kept = RawMessage.objects.count()
        resume_account(intake.account.pk, seen=None, actor=SYSTEM)

        intake.pull()

        assert kept > 0
        assert Order.objects.count() == 120
        assert detail_calls(intake) <= 120 + 5

    @pytest.mark.parametrize("error", ["session", "signature"])
    def test_what_only_a_person_can_mend_pauses_the_channel(self, intake, error):
        if error == "session":
            intake.simulator.post("taobao/session", shop="demo1", works=False)
        else:
            account = intake.account
            account.credentials = {**account.credentials, "app_secret": "stolen"}
            account.save()

        with pytest.raises(ChannelTrouble):
            intake.pull()

        intake.account.refresh_from_db()
        assert intake.account.is_paused
        assert intake.account.pause_reason
        assert Event.objects.filter(kind="channel_account.paused").count() == 1
        with pytest.raises(BadInput):
            intake.pull()

    def test_a_stated_wait_is_kept(self, intake, generate):
        generate(1)
        intake.simulator.fault("taobao", "daily_quota", method=DETAIL_API, count=1)

        with pytest.raises(ChannelTrouble):
            intake.pull()

        intake.account.refresh_from_db()
        wait = intake.account.next_pull_at - moments.now()
        assert timedelta(seconds=31_000) < wait < timedelta(seconds=31_063)

    def test_a_pull_with_faults_everywhere_loses_nothing(self, intake, generate):
        tids = generate(150)
        for kind in ("http_502", "truncated", "cut", "isp"):
            intake.simulator.fault("taobao", kind, probability=0.04)

        for _ in range(10):
            try:
                intake.pull()
                break
            except ChannelTrouble:
                continue

        assert set(Order.objects.values_list("external_number", flat=True)) == set(tids)
        assert Order.objects.count() == 150

    def test_windows_with_too_many_rows_are_read_in_halves(self, intake, generate, monkeypatch):
        monkeypatch.setattr("integrations.channels.taobao.adapter._MOST_PAGES", 1)
        tids = generate(200)

        intake.pull()

        assert set(Order.objects.values_list("external_number", flat=True)) == set(tids)

    def test_rows_that_show_late_come_with_the_overlap(self, intake, generate):
        tids = generate(5, modified_from=shop_time(minutes=-4), modified_to=shop_time(minutes=-3))
        intake.simulator.fault("taobao", "late_row", method=LIST_API, count=1, seconds=60)
        intake.pull()
        assert Order.objects.count() == 4
        intake.simulator.post("clock", now=shop_time(seconds=61))
        intake.pull()

        assert set(Order.objects.values_list("external_number", flat=True)) == set(tids)

    def test_a_range_is_filled_back_without_moving_the_cursor(self, intake, generate):
        tids = generate(20, modified_from=shop_time(hours=-20), modified_to=shop_time(hours=-19))
        before = intake.account.cursor_at
        seen: list[dict] = []

        intake.pull(
            since=moments.now() - timedelta(hours=21),
            until=moments.now() - timedelta(hours=18),
            watch=seen.append,
        )

        intake.account.refresh_from_db()
        assert intake.account.cursor_at == before
        assert set(Order.objects.values_list("external_number", flat=True)) == set(tids)
        assert intake.account.progress["kind"] == "back_fill"
        assert len(seen) > 3

    def test_the_channel_gives_three_months_only(self, intake):
        with pytest.raises(BadInput) as caught:
            intake.pull(since=moments.now() - timedelta(days=200))

        assert caught.value.details["fields"] == {"since": ["too_early"]}

    def test_a_run_out_of_time_goes_on_where_it_stopped(self, intake, generate):
        tids = generate(30)
        intake.pull(seconds=0.0)
        intake.account.refresh_from_db()
        assert intake.account.progress["complete"] is False
        assert intake.account.next_pull_at <= moments.now()

        intake.pull()

        assert set(Order.objects.values_list("external_number", flat=True)) == set(tids)


class TestSchedule:
    def test_shops_whose_time_has_come_are_pulled_and_put_off(self, intake, generate):
        generate(2, shop="demo1")
        generate(3, shop="demo2")

        assert pull_due_accounts() == 2
        assert pull_due_accounts() == 0

        assert Order.objects.count() == 5
        for account in ChannelAccount.objects.all():
            ahead = account.next_pull_at - moments.now()
            assert timedelta(minutes=9) < ahead <= timedelta(minutes=10)

    def test_trouble_of_one_shop_does_not_keep_the_other_waiting(self, intake, generate):
        generate(3, shop="demo2")
        intake.simulator.post("taobao/session", shop="demo1", works=False)

        pull_due_accounts()

        assert Order.objects.count() == 3
        assert ChannelAccount.objects.get(shop__code="demo1").is_paused

    def test_paused_channels_and_closed_shops_are_left_alone(self, intake, generate):
        generate(1, shop="demo1")
        pause_account(intake.account.pk, seen=None, reason="holiday", actor=SYSTEM)
        shop = intake.accounts["demo2"].shop
        shop.is_active = False
        shop.save()

        assert pull_due_accounts() == 0

    def test_a_pause_needs_a_reason_and_a_permission(self, intake):
        clerk = Actor(kind="person", label="小李", door="admin", id=1, permissions=frozenset())

        with pytest.raises(BadInput):
            pause_account(intake.account.pk, seen=None, reason=" ", actor=SYSTEM)
        with pytest.raises(Forbidden):
            pause_account(intake.account.pk, seen=None, reason="x", actor=clerk)
        assert not ChannelAccount.objects.get(pk=intake.account.pk).is_paused

    def test_messages_of_a_pull_that_died_are_read_by_the_next(self, intake, generate):
        [tid] = generate(1)
        intake.pull()
        body = intake.raws(tid)[0].body
        other = f"9{tid[1:]}"
        store_raw(intake, other, body.replace(tid, other), minutes_ago=1)

        assert process_new_raws() == 2, "one look at each of the two shops"
        assert intake.raws(other)[0].state == RawState.APPLIED
        assert Order.objects.count() == 2


def test_one_shop_is_pulled_by_one_process_at_a_time(committed_db, race, simulator, generate):
    stock_up(SKUS)
    account = make_account(simulator, "demo1")
    generate(40)

    outcomes = race(
        lambda: pull_account(account.pk),
        lambda: pull_account(account.pk),
        meet_after="integrations.intake.pull.open_adapter",
    )

    assert sum(isinstance(outcome, AccountBusy) for outcome in outcomes) == 1
    assert Order.objects.count() == 40


def test_the_lock_is_free_after_the_block_also_when_it_failed(committed_db, race, simulator):
    account = make_account(simulator, "demo1")

    def hold() -> None:
        with account_lock(account.pk):
            pass

    with pytest.raises(ZeroDivisionError), account_lock(account.pk):
        assert isinstance(race(hold)[0], AccountBusy)
        raise ZeroDivisionError

    assert race(hold) == [None]
