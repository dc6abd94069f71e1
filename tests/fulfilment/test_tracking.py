"""Traces: any order of arrival, any number of times, one outcome."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden, WrongState
from ordercenter.core.moments import SHANGHAI, now
from orders.fulfilment.actions import (
    Trace,
    collect_shipment,
    deliver_shipment,
    dispatch_shipment,
    recover_shipment,
    take_tracking,
)
from orders.fulfilment.models import Shipment, TrackingState
from orders.models import Order, WorkOrder
from tests.fulfilment import world

pytestmark = pytest.mark.usefixtures("house")

START = datetime(2026, 3, 1, 9, tzinfo=SHANGHAI)
S = TrackingState


def trace(hour: int, state: TrackingState | None, text: str = "") -> Trace:
    return Trace(START + timedelta(hours=hour), state, text or f"{state} {hour}", "杭州", "0")


def states(shipment: Shipment) -> tuple[str, str, str]:
    """What the order, the shipment and its tracking say."""
    fresh = Shipment.objects.get(pk=shipment.pk)
    return Order.objects.get(pk=fresh.order_id).state, fresh.state, fresh.tracking_state


def open_work(shipment: Shipment) -> list[str]:
    rows = WorkOrder.objects.filter(order=shipment.order_id, state__in=["open", "claimed"])
    return list(rows.values_list("kind", flat=True))


def test_a_whole_trace_drives_shipment_and_order_to_delivered():
    shipment = world.dispatched()
    whole = [
        trace(0, S.REGISTERED),
        trace(1, S.COLLECTED),
        trace(5, S.IN_TRANSIT),
        trace(20, S.OUT_FOR_DELIVERY),
        trace(22, S.DELIVERED),
    ]

    assert take_tracking(shipment.pk, whole, actor=SYSTEM) == 5

    shipment.refresh_from_db()
    assert states(shipment) == ("delivered", "delivered", "delivered")
    assert shipment.carrier_picked_up_at == START + timedelta(hours=1)
    assert shipment.delivered_at == START + timedelta(hours=22)
    assert world.broken_laws() == {}


def test_collected_is_in_transit():
    shipment = world.dispatched()

    take_tracking(shipment.pk, [trace(1, S.COLLECTED)], actor=SYSTEM)

    assert states(shipment) == ("in_transit", "in_transit", "collected")


def test_a_replay_changes_nothing():
    shipment = world.dispatched()
    message = [trace(1, S.COLLECTED), trace(5, S.IN_TRANSIT)]
    take_tracking(shipment.pk, message, actor=SYSTEM)
    before = world.picture(shipment)

    assert take_tracking(shipment.pk, message, actor=SYSTEM) == 0

    assert world.picture(shipment) == before
    assert shipment.points.count() == 2


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_of_arrival_does_not_matter(order):
    shipment = world.dispatched()
    whole = [
        trace(1, S.COLLECTED),
        trace(5, S.IN_TRANSIT),
        trace(20, S.OUT_FOR_DELIVERY),
        trace(22, S.DELIVERED),
    ]

    for place in order:
        take_tracking(shipment.pk, [whole[place]], actor=SYSTEM)

    shipment.refresh_from_db()
    assert states(shipment) == ("delivered", "delivered", "delivered")
    assert shipment.carrier_picked_up_at == START + timedelta(hours=1)
    assert shipment.last_tracked_at == START + timedelta(hours=22)
    assert world.broken_laws() == {}


def test_an_older_message_does_not_turn_delivered_back():
    shipment = world.dispatched()
    take_tracking(shipment.pk, [trace(22, S.DELIVERED)], actor=SYSTEM)

    take_tracking(shipment.pk, [trace(20, S.OUT_FOR_DELIVERY)], actor=SYSTEM)
    take_tracking(shipment.pk, [trace(21, S.EXCEPTION)], actor=SYSTEM)

    assert states(shipment) == ("delivered", "delivered", "delivered")
    assert Shipment.objects.get(pk=shipment.pk).delivered_at == START + timedelta(hours=22)
    assert open_work(shipment) == []


def test_even_a_newer_line_does_not_turn_delivered_back():
    shipment = world.dispatched()
    take_tracking(shipment.pk, [trace(22, S.DELIVERED)], actor=SYSTEM)

    take_tracking(shipment.pk, [trace(23, S.IN_TRANSIT)], actor=SYSTEM)

    assert states(shipment) == ("delivered", "delivered", "delivered")


def test_a_parcel_that_comes_back_is_in_trouble_but_the_order_stays_delivered():
    shipment = world.dispatched()
    take_tracking(shipment.pk, [trace(22, S.DELIVERED)], actor=SYSTEM)

    take_tracking(shipment.pk, [trace(40, S.RETURNING)], actor=SYSTEM)

    assert states(shipment) == ("delivered", "exception", "returning")
    assert open_work(shipment) == ["tracking"]
    assert world.broken_laws() == {}


def test_an_unknown_code_is_kept_and_moves_nothing():
    shipment = world.dispatched()
    take_tracking(shipment.pk, [trace(1, S.COLLECTED)], actor=SYSTEM)
    before = world.picture(shipment)

    assert take_tracking(shipment.pk, [Trace(START, None, "？", code="9999")], actor=SYSTEM) == 1

    assert states(shipment)[2] == "collected"
    assert shipment.points.get(code="9999").state == ""
    assert world.picture(shipment) == before


def test_trouble_opens_one_work_order_and_going_on_withdraws_it():
    shipment = world.dispatched()
    take_tracking(shipment.pk, [trace(1, S.COLLECTED), trace(9, S.EXCEPTION)], actor=SYSTEM)
    assert states(shipment) == ("in_transit", "exception", "exception")
    assert open_work(shipment) == ["tracking"]

    take_tracking(shipment.pk, [trace(12, S.OUT_FOR_DELIVERY)], actor=SYSTEM)

    assert states(shipment) == ("in_transit", "in_transit", "out_for_delivery")
    assert open_work(shipment) == []
    assert world.broken_laws() == {}


def test_the_order_is_delivered_with_its_last_parcel():
    order = world.preparing_order({"A": 2, "B": 1})
    parcels = world.two_parcels(order)
    for parcel in parcels:
        world.release_shipment(parcel.pk, seen=None, actor=SYSTEM)
        world.pack_and_bill(parcel)
        dispatch_shipment(parcel.pk, seen=None, actor=SYSTEM)

    take_tracking(parcels[0].pk, [trace(22, S.DELIVERED)], actor=SYSTEM)
    assert states(parcels[0])[:2] == ("dispatched", "delivered")

    take_tracking(parcels[1].pk, [trace(30, S.DELIVERED)], actor=SYSTEM)
    assert states(parcels[1])[:2] == ("delivered", "delivered")
    assert world.broken_laws() == {}


def test_a_trace_before_the_dispatch_asks_a_person_and_counts_afterwards():
    shipment = world.packed()
    take_tracking(shipment.pk, [trace(1, S.COLLECTED)], actor=SYSTEM)
    assert states(shipment) == ("packed", "packed", "collected")
    assert open_work(shipment) == ["tracking"]

    dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)

    assert states(shipment) == ("in_transit", "in_transit", "collected")
    assert world.broken_laws() == {}


def test_people_note_pickup_and_delivery_where_no_trace_comes():
    shipment = world.dispatched()

    collect_shipment(shipment.pk, seen=None, actor=SYSTEM)
    assert states(shipment) == ("in_transit", "in_transit", "")
    deliver_shipment(shipment.pk, seen=None, reason="司机回单", actor=SYSTEM)

    assert states(shipment) == ("delivered", "delivered", "")
    assert world.broken_laws() == {}


def test_nothing_is_noted_for_the_future():
    shipment = world.dispatched()
    before = world.picture(shipment)

    with pytest.raises(BadInput):
        collect_shipment(shipment.pk, seen=None, at=now() + timedelta(hours=1), actor=SYSTEM)

    assert world.picture(shipment) == before


def test_a_person_settles_the_trouble():
    shipment = world.dispatched()
    take_tracking(shipment.pk, [trace(9, S.EXCEPTION)], actor=SYSTEM)

    recover_shipment(shipment.pk, seen=None, reason="已联系网点", actor=SYSTEM)

    assert states(shipment)[1] == "in_transit"
    assert open_work(shipment) == []
    take_tracking(shipment.pk, [Trace(START, None, "备注")], actor=SYSTEM)
    assert states(shipment)[1] == "in_transit"


def test_only_who_is_in_trouble_can_be_recovered():
    shipment = world.dispatched()
    before = world.picture(shipment)

    with pytest.raises(WrongState):
        recover_shipment(shipment.pk, seen=None, reason="x", actor=SYSTEM)

    assert world.picture(shipment) == before


def test_traces_come_from_who_may_bring_them():
    shipment = world.dispatched()
    nobody = Actor(kind="person", label="路人", door="api", permissions=frozenset())

    with pytest.raises(Forbidden):
        take_tracking(shipment.pk, [trace(1, S.COLLECTED)], actor=nobody)

    assert shipment.points.count() == 0
