"""Two people, or a person and a machine, at the same order at the same moment."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.errors import OutOfStock
from inventory.models import Reservation, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import ChangedMeanwhile, WrongState
from ordercenter.core.models import Event
from orders.actions import (
    LineRevision,
    cancel_order,
    claim_work_order,
    hold_order,
    pay_order,
    place_order,
    release_expired_holds,
    revise_order,
    set_urgency,
)
from orders.drafts import Draft
from orders.errors import DuplicateOrder
from orders.models import Customer, Order, OrderLine, OrderState, Urgency, WorkOrder
from tests.factories import RECEIVER, OrderFactory, ShopFactory, StockLevelFactory, draft
from tests.support.laws import broken_laws
from tests.support.race import Later

S = OrderState
# Each call has the order's row (or believes so) before any goes on.
ROW_SEEN = "ordercenter.core.lifecycle.LifecycleQuerySet.locked"


def stock(level: StockLevel) -> tuple[int, int]:
    return StockLevel.objects.values_list("on_hand", "reserved").get(pk=level.pk)


def told(order: Order, kind: str) -> int:
    return Event.objects.filter(stream=order.stream, kind=kind).count()


def cancel(order: Order):
    return cancel_order(order.pk, seen=None, reason="不要了", actor=SYSTEM)


def pay(order: Order):
    return pay_order(order.pk, seen=None, amount=order.total, actor=SYSTEM)


def another_buyers(level: StockLevel, number: int) -> Draft:
    """An order of one piece by a buyer of its own, so that orders meet at the stock only."""
    receiver = replace(RECEIVER, phone=f"1390000{number:04d}")
    return draft((level.sku.code, 1), number=f"N-{number}", receiver=receiver)


def errors(outcomes: list[object]) -> list[type]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)]


class TestPaymentAgainstExpiry:
    @pytest.fixture
    def level(self, committed_db) -> StockLevel:
        return StockLevelFactory(on_hand=3)

    @pytest.fixture
    def overdue(self, level) -> Order:
        """An unpaid order whose hold is over."""
        with moments.pretend(moments.now() - timedelta(hours=2)):
            return OrderFactory(lines=[(level, 3)], state=S.PENDING_PAYMENT)

    def test_a_payment_that_comes_first_keeps_the_stock(self, level, overdue):
        pay(overdue)

        assert release_expired_holds() == 0
        assert stock(level) == (3, 3)
        assert Reservation.objects.get().state == "confirmed"
        assert broken_laws() == {}

    def test_a_payment_that_comes_second_is_promised_anew(self, level, overdue):
        assert (release_expired_holds(), release_expired_holds()) == (1, 0)
        freed = stock(level)
        pay(overdue)

        assert (freed, stock(level)) == ((3, 0), (3, 3))
        assert told(overdue, "order.hold_expired") == 1
        assert broken_laws() == {}

    def test_a_payment_that_comes_too_late_is_told_a_supervisor(self, level, overdue):
        release_expired_holds()
        OrderFactory(lines=[(level, 1)])

        pay(overdue)

        work = WorkOrder.objects.get()
        assert (work.kind, work.owner_role) == ("paid_after_expiry", "supervisor")
        assert work.detail == {"shortages": [[level.sku.code, 3, 2]]}
        assert Order.objects.get(pk=overdue.pk).state == S.PENDING_REVIEW
        assert stock(level) == (3, 1)
        assert broken_laws() == {}

    def test_at_once_the_paid_order_has_its_stock(self, race, level, overdue):
        outcomes = race(lambda: pay(overdue), release_expired_holds, meet_after=ROW_SEEN)

        assert errors(outcomes) == []
        self.assert_paid_with_its_stock(level, overdue)

    def test_a_payment_while_the_expiry_has_just_looked_has_its_stock(self, race, level, overdue):
        outcomes = race(
            Later(lambda: pay(overdue)),
            release_expired_holds,
            meet_after="orders.actions.allocate._is_hold_over",
        )

        assert (errors(outcomes), outcomes[1]) == ([], 1)
        self.assert_paid_with_its_stock(level, overdue)

    def assert_paid_with_its_stock(self, level: StockLevel, order: Order) -> None:
        assert Order.objects.get(pk=order.pk).state == S.PENDING_REVIEW
        open_now = Reservation.objects.exclude(state="released")
        assert list(open_now.values_list("state", "quantity")) == [("confirmed", 3)]
        assert stock(level) == (3, 3)
        assert broken_laws() == {}

    def test_four_expiries_at_once_release_once(self, race, level, overdue):
        counts = race(*[release_expired_holds] * 4, meet_after=ROW_SEEN)

        assert sum(counts) == told(overdue, "order.hold_expired") == 1
        assert stock(level) == (3, 0)
        assert broken_laws() == {}

    def test_a_hold_that_still_runs_is_not_released(self, level):
        OrderFactory(lines=[(level, 3)], state=S.PENDING_PAYMENT)

        assert release_expired_holds() == 0
        assert stock(level) == (3, 3)


class TestCancel:
    def test_against_cancel_one_wins(self, race):
        level = StockLevelFactory(on_hand=5)
        order = OrderFactory(lines=[(level, 2)])

        outcomes = race(*[lambda: cancel(order)] * 4, meet_after=ROW_SEEN)

        assert errors(outcomes) == [WrongState] * 3
        assert told(order, "order.cancelled") == 1
        assert stock(level) == (5, 0)
        assert broken_laws() == {}

    def test_against_payment_leaves_a_cancelled_order_without_stock(self, race):
        level = StockLevelFactory(on_hand=5)
        order = OrderFactory(lines=[(level, 2)], state=S.PENDING_PAYMENT)

        outcomes = race(lambda: cancel(order), lambda: pay(order), meet_after=ROW_SEEN)

        # Whoever was first: a paid order can still be cancelled, a cancelled one not be paid.
        assert errors(outcomes) in ([], [WrongState])
        assert Order.objects.get(pk=order.pk).state == S.CANCELLED
        assert stock(level) == (5, 0)
        assert broken_laws() == {}


class TestManyWriters:
    WRITERS = 8
    TIMES = 3

    def test_no_update_of_eight_is_lost(self, race):
        level = StockLevelFactory(on_hand=1000)
        order = OrderFactory(lines=[(level, 1)])
        before = order.version

        def add_one_piece_three_times() -> int:
            refusals = 0
            done = 0
            while done < self.TIMES:
                version = Order.objects.values_list("version", flat=True).get(pk=order.pk)
                line = OrderLine.objects.get(order=order)
                wanted = LineRevision(line.pk, line.sku_code, line.quantity + 1, line.unit_price)
                try:
                    revise_order(
                        order.pk, seen=version, revisions=[wanted], reason="加一件", actor=SYSTEM
                    )
                except ChangedMeanwhile:
                    refusals += 1
                else:
                    done += 1
            return refusals

        outcomes = race(*[add_one_piece_three_times] * self.WRITERS)

        assert errors(outcomes) == []
        assert sum(outcomes) > 0, "nobody met anybody: this race proves nothing"
        writes = self.WRITERS * self.TIMES
        line = OrderLine.objects.get()
        assert line.quantity == 1 + writes
        stored = Order.objects.get(pk=order.pk)
        assert (stored.version, stored.total) == (before + writes, Decimal(10) * (1 + writes))
        assert told(order, "order.revised") == writes
        assert stock(level) == (1000, 1 + writes)
        assert broken_laws() == {}

    def test_of_eight_that_saw_the_same_version_one_writes(self, race):
        order = OrderFactory()
        urgencies = [Urgency.RED, Urgency.ORANGE] * 4

        outcomes = race(
            *[
                lambda urgency=urgency: set_urgency(
                    order.pk, seen=order.version, urgency=urgency, actor=SYSTEM
                )
                for urgency in urgencies
            ]
        )

        assert errors(outcomes) == [ChangedMeanwhile] * 7
        (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Order)]
        stored = Order.objects.get(pk=order.pk)
        assert (stored.urgency, stored.version) == (winner.urgency, order.version + 1)

    def test_the_row_itself_refuses_a_stale_save_without_a_lock(self, race):
        order = OrderFactory()
        stale = [Order.objects.get(pk=order.pk) for _ in range(8)]

        def save(row: Order, text: str) -> None:
            row.seller_memo = text
            row.save(update_fields=["seller_memo"])

        outcomes = race(*[lambda row=row, n=n: save(row, str(n)) for n, row in enumerate(stale)])

        assert errors(outcomes) == [ChangedMeanwhile] * 7
        assert Order.objects.get(pk=order.pk).version == order.version + 1

    def test_a_work_order_is_claimed_by_one(self, race):
        order = OrderFactory()
        work = hold_order(order.pk, reason="等", actor=SYSTEM)

        outcomes = race(
            *[lambda: claim_work_order(work.pk, seen=None, actor=SYSTEM)] * 4, meet_after=ROW_SEEN
        )

        assert errors(outcomes) == [WrongState] * 3


class TestPlacing:
    def test_the_last_piece_is_sold_to_one_of_eight(self, race):
        level = StockLevelFactory(on_hand=1)
        shop = ShopFactory()

        outcomes = race(
            *[
                lambda n=n: place_order(shop, another_buyers(level, n), actor=SYSTEM)
                for n in range(8)
            ],
            meet_after="inventory.actions.reserve.find_shortages",
        )

        assert errors(outcomes) == [OutOfStock] * 7
        assert (Order.objects.count(), stock(level)) == (1, (1, 1))
        assert broken_laws() == {}

    def test_one_number_from_eight_doors_is_one_order(self, race):
        level = StockLevelFactory(on_hand=100)
        shop = ShopFactory()
        wanted = draft((level.sku.code, 1))

        outcomes = race(*[lambda: place_order(shop, wanted, actor=SYSTEM)] * 8)

        assert errors(outcomes) == [DuplicateOrder] * 7
        assert (Order.objects.count(), Customer.objects.count()) == (1, 1)
        assert stock(level) == (100, 1)

    def test_orders_over_the_same_skus_never_deadlock(self, race):
        shop = ShopFactory()
        house = StockLevelFactory(on_hand=1000).warehouse
        levels = [StockLevelFactory(warehouse=house, on_hand=1000) for _ in range(6)]
        shop.warehouses.add(house)

        def place_ten(who: int) -> None:
            for number in range(10):
                turned = levels[(who + number) % 6 :] + levels[: (who + number) % 6]
                chosen = turned if who % 2 else list(reversed(turned))
                lines = [(level.sku.code, 1) for level in chosen]
                place_order(shop, draft(*lines, number=f"{who}-{number}"), actor=SYSTEM)

        outcomes = race(*[lambda who=who: place_ten(who) for who in range(8)])

        assert errors(outcomes) == []
        assert [stock(level) for level in levels] == [(1000, 80)] * 6
        assert broken_laws() == {}
