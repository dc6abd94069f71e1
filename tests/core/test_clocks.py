"""Clocks of stages and their escalation: each level once, at the right moment."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from ordercenter.core import clocks, moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.clocks import ClockStart, find_policy, pause_clock, resume_clock, sweep
from ordercenter.core.models import ClockPolicy, Escalation, Event, Holiday, Timer
from ordercenter.core.moments import SHANGHAI
from orders.actions import approve_order, cancel_order, hold_order, set_urgency
from orders.models import Order, Urgency, WorkOrder
from tests.factories import OrderFactory, ShopFactory


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


NOON = at("2026-11-20 12:00")
FAR = at("2026-11-25 12:00")


def placed_at(moment: datetime, **wanted) -> Order:
    """An order that has to be reviewed within 30 minutes of working time (9 to 21 every day)."""
    with moments.pretend(moment):
        return OrderFactory(**wanted)


def sweep_at(moment: datetime) -> int:
    with moments.pretend(moment):
        return sweep()


def running(order: Order) -> Timer:
    return Timer.objects.get(subject_kind="order", subject_id=order.pk, stopped_at=None)


def told(order: Order) -> list[tuple[str, str]]:
    """(level, role) in the order in which the story tells them."""
    events = Event.objects.filter(stream=order.stream, kind__startswith="clock.")
    return [
        (kind.removeprefix("clock."), data["role"])
        for kind, data in events.order_by("sequence").values_list("kind", "data")
    ]


@pytest.mark.django_db
class TestLevels:
    def test_each_is_told_at_its_moment_and_once(self):
        order = placed_at(NOON)

        counts = [
            sweep_at(NOON + timedelta(minutes=minutes))
            for minutes in (29, 30, 31, 59, 60, 61, 149, 150, 151, 600)
        ]

        assert counts == [0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
        assert told(order) == [
            ("reminder", "cs"),
            ("supervisor", "supervisor"),
            ("director", "director"),
        ]

    def test_all_that_were_missed_are_told_at_once(self):
        order = placed_at(NOON)

        assert (sweep_at(FAR), sweep_at(FAR)) == (3, 0)

        assert [level for level, _ in told(order)] == ["reminder", "supervisor", "director"]
        assert running(order).next_at is None

    def test_a_level_that_comes_during_the_sweep_is_not_lost(self, monkeypatch):
        order = placed_at(NOON)
        ticks = iter(range(1, 1000))
        just_before_supervisor = NOON + timedelta(minutes=60, microseconds=-4)
        monkeypatch.setattr(
            clocks.moments,
            "now",
            lambda: just_before_supervisor + timedelta(microseconds=next(ticks)),
        )

        total = sweep() + sweep()

        assert total == 2
        assert [level for level, _ in told(order)] == ["reminder", "supervisor"]

    def test_levels_of_the_same_moment_are_told_together(self):
        ClockPolicy.objects.filter(subject_kind="order", stage="pending_review").update(
            supervisor_after=0, director_after=0
        )
        order = placed_at(NOON)

        assert sweep_at(NOON + timedelta(minutes=30)) == 3
        assert len(told(order)) == 3

    def test_a_stage_that_is_over_tells_nobody(self):
        order = placed_at(NOON)
        with moments.pretend(NOON):
            cancel_order(order.pk, seen=None, reason="买家取消", actor=SYSTEM)

        assert sweep_at(FAR) == 0
        assert told(order) == []

    def test_the_next_stage_has_a_clock_of_its_own(self):
        order = placed_at(NOON)
        with moments.pretend(NOON + timedelta(minutes=10)):
            approve_order(order.pk, seen=None, actor=SYSTEM)

        timer = running(order)

        assert (timer.stage, timer.owner_role) == ("pending_finance", "finance")
        assert timer.due_at == NOON + timedelta(minutes=70)
        assert Timer.objects.filter(subject_kind="order").count() == 2

    def test_a_work_order_reminds_the_role_that_owns_it(self):
        order = placed_at(NOON)
        with moments.pretend(NOON):
            work = hold_order(order.pk, reason="等客户确认", actor=SYSTEM, owner_role="sales")
        approve = Timer.objects.get(subject_kind="work_order", subject_id=work.pk)

        assert approve.owner_role == "sales"

    def test_a_clock_that_cannot_be_told_stops_no_other(self):
        order = placed_at(NOON)
        Timer.objects.create(
            subject_kind="ghost",
            subject_id=1,
            stream="ghost:1",
            stage="x",
            owner_role="cs",
            started_at=NOON,
            due_at=NOON,
            supervisor_at=NOON,
            director_at=NOON,
            next_at=NOON - timedelta(days=1),
        )

        assert sweep_at(NOON + timedelta(minutes=30)) == 1
        assert [level for level, _ in told(order)] == ["reminder"]


@pytest.mark.django_db
class TestWorkingTime:
    def test_a_night_does_not_count(self):
        assert running(placed_at(at("2026-11-20 20:50"))).due_at == at("2026-11-21 09:20")

    def test_an_order_of_the_night_begins_in_the_morning(self):
        assert running(placed_at(at("2026-11-20 23:30"))).due_at == at("2026-11-21 09:30")

    def test_a_holiday_does_not_count(self):
        Holiday.objects.create(date=date(2026, 11, 21), name="调休")

        assert running(placed_at(at("2026-11-20 20:50"))).due_at == at("2026-11-22 09:20")

    def test_the_director_is_told_in_working_time_too(self):
        timer = running(placed_at(at("2026-11-20 19:30")))

        assert (timer.due_at, timer.supervisor_at, timer.director_at) == (
            at("2026-11-20 20:00"),
            at("2026-11-20 20:30"),
            at("2026-11-21 10:00"),
        )

    def test_a_limit_around_the_clock_counts_the_night(self):
        ClockPolicy.objects.filter(subject_kind="order", stage="pending_review").update(
            around_the_clock=True
        )

        assert running(placed_at(at("2026-11-20 20:50"))).due_at == at("2026-11-20 21:20")


@pytest.mark.django_db
class TestPause:
    def paused(self, moment: datetime, order: Order) -> None:
        with moments.pretend(moment):
            pause_clock(order, "等客户回复")

    def resumed(self, moment: datetime, order: Order) -> None:
        with moments.pretend(moment):
            resume_clock(order)

    def test_a_paused_clock_tells_nobody(self):
        order = placed_at(NOON)
        self.paused(NOON + timedelta(minutes=10), order)

        assert sweep_at(FAR) == 0
        assert told(order) == []

    def test_what_was_left_at_the_pause_is_left_afterwards(self):
        order = placed_at(NOON)
        self.paused(NOON + timedelta(minutes=10), order)
        self.resumed(NOON + timedelta(minutes=70), order)

        timer = running(order)

        assert timer.due_at == timer.next_at == NOON + timedelta(minutes=90)
        assert timer.supervisor_at == NOON + timedelta(minutes=120)
        assert (timer.paused_at, timer.pause_cause) == (None, "")

    def test_a_pause_over_night_gives_no_more_working_time(self):
        order = placed_at(at("2026-11-20 20:45"))
        self.paused(at("2026-11-20 20:50"), order)
        self.resumed(at("2026-11-21 09:10"), order)

        assert running(order).due_at == at("2026-11-21 09:35")

    def test_nobody_is_told_at_night_after_a_pause(self):
        order = placed_at(NOON)
        self.paused(NOON, order)
        self.resumed(at("2026-11-20 20:45"), order)

        assert running(order).due_at == at("2026-11-21 09:15")

    def test_levels_that_were_told_before_the_pause_are_not_told_again(self):
        order = placed_at(NOON)
        sweep_at(NOON + timedelta(minutes=30))
        self.paused(NOON + timedelta(minutes=40), order)
        self.resumed(NOON + timedelta(minutes=100), order)

        timer = running(order)
        sweep_at(FAR)

        assert timer.due_at == NOON + timedelta(minutes=30)
        assert timer.next_at == timer.supervisor_at == NOON + timedelta(minutes=120)
        assert [level for level, _ in told(order)] == ["reminder", "supervisor", "director"]

    @pytest.mark.parametrize("cause", ["", "   "])
    def test_nobody_pauses_without_a_cause(self, cause):
        order = placed_at(NOON)

        with pytest.raises(ValueError, match="cause"):
            pause_clock(order, cause)

        assert running(order).paused_at is None


@pytest.mark.django_db
class TestPolicies:
    def test_the_row_that_names_most_wins(self):
        common = {"subject_kind": "order", "stage": "x", "owner_role": "cs", "limit_minutes": 1}
        plain = ClockPolicy.objects.create(**common)
        channel = ClockPolicy.objects.create(**common, channel="taobao")
        both = ClockPolicy.objects.create(**common, channel="taobao", priority="red")
        clocks.forget_policies()

        assert find_policy("order", "x", {}) == plain
        assert find_policy("order", "x", {"channel": "jd", "priority": "red"}) == plain
        assert find_policy("order", "x", {"channel": "taobao"}) == channel
        assert find_policy("order", "x", {"channel": "taobao", "priority": "red"}) == both
        assert find_policy("order", "y", {}) is None

    def test_an_orders_channel_and_urgency_choose_its_limit(self):
        ClockPolicy.objects.create(
            subject_kind="order",
            stage="pending_finance",
            channel="tmall",
            priority="red",
            owner_role="finance",
            limit_minutes=5,
        )
        order = placed_at(NOON, shop=ShopFactory(channel="tmall"))
        with moments.pretend(NOON):
            set_urgency(order.pk, seen=None, urgency=Urgency.RED, actor=SYSTEM)
            approve_order(order.pk, seen=None, actor=SYSTEM)

        assert running(order).due_at == NOON + timedelta(minutes=5)

    def test_a_stage_without_a_limit_has_no_clock(self):
        ClockPolicy.objects.filter(subject_kind="order").delete()

        order = placed_at(NOON)

        assert not Timer.objects.filter(subject_id=order.pk, subject_kind="order").exists()


class TestManySweeps:
    def test_four_at_once_tell_each_level_once(self, race):
        orders = [placed_at(NOON) for _ in range(5)]

        def sweep_now() -> int:
            return sweep_at(FAR)

        totals = race(*[sweep_now] * 4, meet_after="ordercenter.core.clocks._levels_between")
        totals += race(*[sweep_now] * 4)

        assert sum(totals) == Escalation.objects.count() == 3 * len(orders)
        for order in orders:
            assert [level for level, _ in told(order)] == ["reminder", "supervisor", "director"]

    def test_a_story_that_somebody_holds_is_left_to_the_next_run(self, race):
        order = placed_at(NOON)

        with transaction.atomic():
            Order.objects.locked(order.pk, seen=None)
            (meanwhile,) = race(lambda: sweep_at(FAR))

        assert meanwhile == 0
        assert sweep_at(FAR) == 3

    def test_the_database_itself_keeps_a_level_from_being_told_twice(self, db):
        order = placed_at(NOON)
        sweep_at(FAR)
        timer = running(order)
        Timer.objects.filter(pk=timer.pk).update(next_at=NOON)

        assert sweep_at(FAR) == 0

        assert (Escalation.objects.count(), len(told(order))) == (3, 3)

    def test_one_subject_has_one_running_clock(self, db):
        order = placed_at(NOON)

        with (
            pytest.raises(IntegrityError, match="one_running_clock_per_subject"),
            transaction.atomic(),
        ):
            clocks.start_clocks([ClockStart("order", order.pk, order.stream, "pending_review", {})])

        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM core_timer WHERE stopped_at IS NULL")
            assert cursor.fetchone() == (1,)
        assert WorkOrder.objects.count() == 0
