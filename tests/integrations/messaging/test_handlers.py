"""Which events tell whom, through the outbox as in real life."""

from datetime import timedelta

import pytest

from integrations.models import Notice
from inventory.actions import report_low_stock, set_safety_stock
from ordercenter.core import clocks, moments, outbox
from ordercenter.core.actor import SYSTEM
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.story import state_name, subject_name
from ordercenter.core.models import ClockPolicy, Delivery
from orders.actions import hold_order, mark_urgent, set_urgency
from orders.fulfilment.actions import Trace, take_tracking
from orders.fulfilment.models import TrackingState
from orders.models import Urgency, UrgentReason
from tests.fulfilment import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house():
    clocks.forget_policies()
    return world.make_house()


def deliver() -> None:
    while outbox.drain("local"):
        pass
    assert not Delivery.objects.filter(state="dead").exists()
    assert not Delivery.objects.filter(lane="local", state="pending").exists()


def told(kind: str) -> list[tuple[str, str, int]]:
    rows = Notice.objects.filter(kind=kind).order_by("pk")
    return [(notice.role, notice.level, notice.count) for notice in rows]


def deliver_in_one_minute() -> None:
    """Deliver so that no test fails because a minute ends in it."""
    with moments.pretend(moments.now().replace(second=1)):
        deliver()


def test_new_orders_are_one_notice_urgent_ones_are_alarms_of_their_own():
    for _ in range(3):
        world.preparing_order({"A": 1})
    world.preparing_order({"A": 1}, urgency=Urgency.RED)
    urgent = world.preparing_order({"A": 1}, urgency=Urgency.YELLOW)

    deliver_in_one_minute()

    assert told("order.new") == [("cs", "info", 3)]
    assert told("order.new_urgent") == [("cs", "alarm", 1), ("cs", "alarm", 1)]
    alarm = Notice.objects.filter(kind="order.new_urgent").latest("pk")
    assert urgent.number in alarm.headline
    assert alarm.link == f"/admin/orders/order/{urgent.pk}/change/"
    assert looks.money(urgent.total) in alarm.headline


def test_hearing_an_event_twice_tells_nobody_twice():
    order = world.preparing_order({"A": 1}, urgency=Urgency.RED)
    deliver()
    assert outbox.replay("messaging.new_orders", order.stream) == 1
    deliver()

    assert told("order.new_urgent") == [("cs", "alarm", 1)]


def test_old_orders_are_no_news():
    with moments.pretend(moments.now() - timedelta(days=3)):
        world.preparing_order({"A": 1})

    deliver()

    assert told("order.new") == []


def test_each_level_of_an_overdue_stage_is_told_to_its_role():
    order = world.preparing_order({"A": 1})
    deliver()
    with moments.pretend(moments.now() + timedelta(days=5)):
        clocks.sweep()
        clocks.sweep()
    deliver()

    mine = Notice.objects.filter(order=order, kind__startswith="clock.").order_by("pk")
    assert [(n.role, n.level, n.kind) for n in mine] == [
        ("supervisor", "warn", "clock.reminder"),
        ("supervisor", "alarm", "clock.supervisor"),
        ("director", "alarm", "clock.director"),
    ]
    assert all(order.number in notice.headline for notice in mine)


def test_everything_with_a_time_limit_is_told_in_words():
    policies = ClockPolicy.objects.all()
    unnamed = [
        f"{policy.subject_kind}.{policy.stage}"
        for policy in policies
        if subject_name(policy.subject_kind) == policy.subject_kind
        or state_name(policy.subject_kind, policy.stage) == policy.stage
    ]

    assert policies
    assert not unnamed


def test_many_overdue_orders_are_one_notice_for_each_level():
    for _ in range(4):
        world.preparing_order({"A": 1})
    with moments.pretend(moments.now() + timedelta(days=5)):
        clocks.sweep()
    deliver_in_one_minute()

    assert told("clock.director") == [("director", "alarm", 4)]


def test_work_orders_are_told_to_their_owner_role():
    order = world.preparing_order({"A": 1})
    hold_order(order.pk, reason="客户改主意", actor=SYSTEM, owner_role="finance")
    deliver()

    notice = Notice.objects.get(kind="work_order.opened", role="finance")
    assert notice.level == "warn"
    assert "客户改主意" in notice.headline
    assert notice.order == order


def test_low_stock_is_told_to_supervisors(house):
    level = house.levels.get(sku__code="A")
    set_safety_stock(sku=level.sku_id, warehouse=house.pk, safety=60, actor=SYSTEM)
    report_low_stock()
    deliver()

    assert told("stock.low") == [("supervisor", "warn", 1)]
    assert "50" in Notice.objects.get(kind="stock.low").headline


def test_a_parcel_in_trouble_is_told_to_customer_service_and_logistics():
    shipment = world.dispatched()
    trouble = Trace(at=moments.now(), state=TrackingState.EXCEPTION, text="联系不上", code="201")
    take_tracking(shipment.pk, [trouble], actor=SYSTEM)
    deliver()

    assert told("shipment.exception") == [("cs", "warn", 1)]
    assert shipment.waybill in Notice.objects.get(kind="shipment.exception").headline
    assert Notice.objects.filter(kind="work_order.opened", role="logistics").exists()


def test_logistics_hears_what_has_become_urgent_and_nobody_of_what_is_no_longer():
    order = world.preparing_order({"A": 1})
    by = moments.now() + timedelta(hours=3)

    mark_urgent(
        order.pk,
        seen=None,
        urgency=Urgency.RED,
        wanted_by=by,
        reason=UrgentReason.BABY_FOOD,
        actor=SYSTEM,
    )
    set_urgency(order.pk, seen=None, urgency=Urgency.NORMAL, actor=SYSTEM)
    deliver_in_one_minute()

    assert told("order.urgency_set") == [("logistics", "warn", 1)]
    notice = Notice.objects.get(kind="order.urgency_set")
    assert order.number in notice.headline
    assert f"{by.astimezone(moments.SHANGHAI):%m-%d %H:%M}" in notice.headline
