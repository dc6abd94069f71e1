"""Planning: which goods go together."""

import pytest

from inventory.models import Reservation
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Event
from orders.actions import allocate_order, cancel_order, revise_order
from orders.actions.revise import LineRevision
from orders.errors import TooLate
from orders.fulfilment.actions import pack_shipment, plan_shipments, release_shipment
from orders.fulfilment.errors import OrderNotInWarehouse
from orders.fulfilment.handlers import plan_parcels
from orders.fulfilment.models import Shipment
from orders.models import Order
from tests.fulfilment import world

pytestmark = pytest.mark.usefixtures("house")


def last_event(order: Order, kind: str) -> Event:
    return Event.objects.filter(stream=order.stream, kind=kind).latest("sequence")


def test_every_promised_piece_is_in_one_parcel_of_its_warehouse(house):
    order = world.preparing_order({"A": 2, "B": 1})

    (shipment,) = plan_shipments(order.pk, actor=SYSTEM)

    assert shipment.number.startswith("SH")
    assert (shipment.state, shipment.warehouse) == ("planned", house)
    assert world.contents(shipment) == {"A": 2, "B": 1}
    assert world.kinds(order.pk)[-1] == "shipment.planned"
    assert world.broken_laws() == {}


def test_planning_again_plans_nothing():
    order = world.preparing_order()
    plan_shipments(order.pk, actor=SYSTEM)

    assert plan_shipments(order.pk, actor=SYSTEM) == []
    assert order.shipments.count() == 1


def test_goods_promised_by_two_warehouses_go_in_two_parcels(house):
    other = world.make_house("GZ1", {"B": 10})
    order = world.preparing_order({"A": 2, "B": 1})
    line_b = order.lines.get(sku_code="B")
    # Stock is promised by one warehouse as a rule; splitting by stock puts a line elsewhere.
    level = other.levels.get(sku=line_b.sku)
    reservation = Reservation.objects.get(line=line_b.pk)
    reservation.level.reserved -= 1
    reservation.level.save()
    level.reserved += 1
    level.save()
    reservation.level = level
    reservation.save()

    parcels = plan_shipments(order.pk, actor=SYSTEM)

    assert {p.warehouse: world.contents(p) for p in parcels} == {house: {"A": 2}, other: {"B": 1}}


def test_an_order_in_review_is_not_planned():
    order = world.preparing_order()
    cancel_order(order.pk, seen=None, reason="买家不要了", actor=SYSTEM)

    with pytest.raises(OrderNotInWarehouse):
        plan_shipments(order.pk, actor=SYSTEM)

    assert Shipment.objects.count() == 0


def test_a_revised_order_is_planned_anew():
    order = world.preparing_order({"A": 2})
    before = world.released(order)
    line = order.lines.get()
    revise_order(
        order.pk,
        seen=None,
        revisions=[LineRevision(line.pk, "A", 5, line.unit_price)],
        reason="多买",
        actor=SYSTEM,
    )

    plan_parcels(last_event(order, "order.revised"))
    plan_parcels(last_event(order, "order.revised"))

    before.refresh_from_db()
    live = order.shipments.exclude(state="cancelled")
    assert sum(world.contents(p)["A"] for p in live) == 5
    assert world.broken_laws() == {}


def test_fewer_pieces_call_the_old_parcel_off():
    order = world.preparing_order({"A": 5})
    before = world.released(order)
    line = order.lines.get()
    revise_order(
        order.pk,
        seen=None,
        revisions=[LineRevision(line.pk, "A", 2, line.unit_price)],
        reason="少买",
        actor=SYSTEM,
    )

    plan_parcels(last_event(order, "order.revised"))

    before.refresh_from_db()
    after = order.shipments.exclude(state="cancelled").get()
    assert before.state == "cancelled"
    assert (after.state, world.contents(after)) == ("planned", {"A": 2})


def test_allocation_is_refused_once_a_parcel_is_packed():
    order = world.preparing_order({"A": 2, "B": 1})
    first, _second = world.two_parcels(order)
    release_shipment(first.pk, seen=None, actor=SYSTEM)
    pack_shipment(first.pk, seen=None, quantities=world.contents(first), actor=SYSTEM)
    before = list(Reservation.objects.values_list("pk", "state"))

    with pytest.raises(TooLate, match=first.number):
        allocate_order(order.pk, seen=None, actor=SYSTEM)

    assert list(Reservation.objects.values_list("pk", "state")) == before


def test_a_late_event_of_an_order_that_went_on_plans_nothing():
    order = world.preparing_order()
    event = last_event(order, "order.released_to_warehouse")
    cancel_order(order.pk, seen=None, reason="买家不要了", actor=SYSTEM)

    plan_parcels(event)

    assert Shipment.objects.count() == 0
