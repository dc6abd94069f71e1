"""Work orders: what a person must do, once, with an answer."""

import pytest
from django.db import IntegrityError, transaction

from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, ChangedMeanwhile, Forbidden, WrongState
from ordercenter.core.models import Event, Timer
from orders.actions import (
    cancel_order,
    claim_work_order,
    hold_order,
    open_work_order,
    resolve_work_order,
)
from orders.models import Order, WorkOrder
from tests.factories import OrderFactory, UserFactory
from tests.support.laws import broken_laws
from tests.support.snapshots import everything

pytestmark = pytest.mark.django_db
NOBODY = Actor("person", "x", "admin", permissions=frozenset())


@pytest.fixture
def order() -> Order:
    return OrderFactory()


@pytest.fixture
def work(order) -> WorkOrder:
    return hold_order(order.pk, reason="等客户确认地址", actor=SYSTEM)


def kinds(order: Order) -> list[str]:
    events = Event.objects.filter(stream=order.stream, subject_kind="work_order")
    return list(events.order_by("sequence").values_list("kind", flat=True))


def test_a_hold_is_a_work_order_with_a_clock_on_the_orders_story(order, work):
    assert work.blocks == ["approve", "confirm_funds", "pack", "dispatch"]
    assert kinds(order) == ["work_order.opened"]
    assert Timer.objects.get(subject_kind="work_order").stream == order.stream
    order.refresh_from_db()
    assert order.version == 1


def test_it_is_claimed_then_resolved_by_name(order, work):
    user = UserFactory(is_superuser=True)
    actor = Actor.person(user, via="admin")

    claimed = claim_work_order(work.pk, seen=work.version, actor=actor)
    resolve_work_order(work.pk, seen=claimed.version, resolution="地址已改", actor=actor)

    work.refresh_from_db()
    assert (work.state, work.assignee_id, work.resolution) == ("resolved", user.pk, "地址已改")
    assert work.closed_by == user.full_name
    assert kinds(order)[1:] == ["work_order.claimed", "work_order.resolved"]
    assert not Timer.objects.filter(subject_kind="work_order", stopped_at=None).exists()
    assert broken_laws() == {}


@pytest.mark.parametrize("resolution", ["", "   "])
def test_it_is_not_resolved_without_words(order, work, resolution):
    before = everything(order)

    with pytest.raises(BadInput):
        resolve_work_order(work.pk, seen=None, resolution=resolution, actor=SYSTEM)

    assert everything(order) == before


@pytest.mark.parametrize("reason", ["", "  "])
def test_nobody_holds_an_order_without_a_reason(order, reason):
    with pytest.raises(BadInput):
        hold_order(order.pk, reason=reason, actor=SYSTEM)

    assert not WorkOrder.objects.exists()


def test_refusals_change_nothing(order, work):
    before = everything(order)

    with pytest.raises(Forbidden):
        claim_work_order(work.pk, seen=None, actor=NOBODY)
    with pytest.raises(Forbidden):
        resolve_work_order(work.pk, seen=None, resolution="x", actor=NOBODY)
    with pytest.raises(Forbidden):
        hold_order(order.pk, reason="x", actor=NOBODY)
    with pytest.raises(ChangedMeanwhile):
        claim_work_order(work.pk, seen=work.version + 1, actor=SYSTEM)

    assert everything(order) == before


def test_what_is_closed_stays_closed(order, work):
    resolve_work_order(work.pk, seen=None, resolution="好了", actor=SYSTEM)
    before = everything(order)

    for again in (
        lambda: claim_work_order(work.pk, seen=None, actor=SYSTEM),
        lambda: resolve_work_order(work.pk, seen=None, resolution="x", actor=SYSTEM),
    ):
        with pytest.raises(WrongState):
            again()

    assert everything(order) == before


def test_the_same_trouble_is_one_piece_of_work(order):
    wanted = {"title": "地址不详", "owner_role": "cs", "actor": SYSTEM}

    first = open_work_order(order.pk, kind="bad_data", **wanted)
    second = open_work_order(order.pk, kind="bad_data", **wanted)
    resolve_work_order(first.pk, seen=None, resolution="已补", actor=SYSTEM)
    third = open_work_order(order.pk, kind="bad_data", **wanted)

    assert (second, third is not None) == (None, True)


def test_the_database_keeps_one_open_work_order_per_trouble(order):
    work = open_work_order(order.pk, kind="bad_data", title="x", owner_role="cs", actor=SYSTEM)

    with pytest.raises(IntegrityError, match="one_open_work_order"), transaction.atomic():
        WorkOrder.objects.bulk_create(
            [WorkOrder(order=order, kind="bad_data", title="x", opened_at=work.opened_at)]
        )


def test_a_cancelled_order_leaves_nothing_to_do(order, work):
    hold_order(order.pk, reason="再等等", actor=SYSTEM)

    cancel_order(order.pk, seen=None, reason="不要了", actor=SYSTEM)

    assert set(WorkOrder.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert not Timer.objects.filter(stream=order.stream, stopped_at=None).exists()
