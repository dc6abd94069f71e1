"""The parcel leaves: stock, order, events, and whoever wants to stop it at that moment."""

import pytest

from inventory.models import Movement, Reservation, StockLevel
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import ChangedMeanwhile, DomainError, WrongState
from ordercenter.core.models import Event
from orders.actions import cancel_order, hold_order
from orders.errors import OnHold, TooLate
from orders.fulfilment.actions import (
    cancel_shipment,
    dispatch_shipment,
    pack_shipment,
    release_shipment,
)
from orders.fulfilment.errors import NoWaybill, OrderNotInWarehouse
from orders.fulfilment.handlers import cancel_parcels
from orders.fulfilment.models import Shipment
from orders.fulfilment.selectors import progress, progress_of
from orders.models import Order
from tests.fulfilment import world


def stock() -> dict[str, tuple[int, int]]:
    return {
        level.sku.code: (level.on_hand, level.reserved)
        for level in StockLevel.objects.select_related("sku")
    }


def event_of(shipment: Shipment, kind: str) -> Event:
    return Event.objects.get(stream=shipment.stream, kind=kind)


@pytest.mark.usefixtures("house")
class TestDispatch:
    def test_goods_leave_stock_under_the_shipments_number(self):
        shipment = world.packed(world.preparing_order({"A": 2, "B": 1}))
        assert stock() == {"A": (50, 2), "B": (50, 1)}

        dispatch_shipment(shipment.pk, seen=shipment.version, actor=SYSTEM)

        assert stock() == {"A": (48, 0), "B": (49, 0)}
        shipment.refresh_from_db()
        assert shipment.state == "dispatched"
        assert shipment.left_warehouse_at is not None
        assert shipment.carrier_picked_up_at is None
        left = Movement.objects.filter(document=shipment.number)
        assert sum(row.quantity for row in left) == -3
        assert Order.objects.get(pk=shipment.order_id).state == "dispatched"
        assert world.broken_laws() == {}

    def test_the_event_tells_what_a_channel_must_know(self):
        shipment = world.packed(world.preparing_order({"A": 2}))

        dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)

        data = event_of(shipment, "shipment.dispatched").data
        line = shipment.order.lines.get()
        assert data == {
            "shipment": shipment.pk,
            "number": shipment.number,
            "order": shipment.order.number,
            "carrier": "SF",
            "waybill": shipment.waybill,
            "lines": [{"line": line.pk, "channel_line": "L1", "sku": "A", "quantity": 2}],
        }

    def test_the_order_leaves_with_its_last_parcel(self):
        order = world.preparing_order({"A": 2, "B": 1})
        parcels = world.two_parcels(order)
        seen = []
        for parcel in parcels:
            release_shipment(parcel.pk, seen=None, actor=SYSTEM)
            world.pack_and_bill(parcel)
            dispatch_shipment(parcel.pk, seen=None, actor=SYSTEM)
            order.refresh_from_db()
            seen.append((order.state, progress(order).left, str(progress(order))))
            assert world.broken_laws() == {}

        assert [row[:2] for row in seen] == [("preparing", 1), ("dispatched", 2)]
        assert "1" in seen[0][2]
        assert "2" in seen[0][2]

    def test_part_of_an_order_that_left_can_not_be_cancelled(self):
        order = world.preparing_order({"A": 2, "B": 1})
        first, _second = world.two_parcels(order)
        release_shipment(first.pk, seen=None, actor=SYSTEM)
        world.pack_and_bill(first)
        dispatch_shipment(first.pk, seen=None, actor=SYSTEM)

        with pytest.raises(TooLate):
            cancel_order(order.pk, seen=None, reason="不要了", actor=SYSTEM)

        assert Order.objects.get(pk=order.pk).state == "preparing"

    def test_refuses_a_cancelled_order(self):
        shipment = world.packed()
        cancel_order(shipment.order_id, seen=None, reason="不要了", actor=SYSTEM)
        before = world.picture(shipment), stock()

        with pytest.raises(OrderNotInWarehouse):
            dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)

        assert (world.picture(shipment), stock()) == before

    def test_refuses_while_a_work_order_blocks_even_the_first_of_two_parcels(self):
        first, _second = world.two_parcels(world.preparing_order())
        release_shipment(first.pk, seen=None, actor=SYSTEM)
        world.pack_and_bill(first)
        hold_order(first.order_id, reason="地址存疑", actor=SYSTEM)
        before = world.picture(first), stock()

        with pytest.raises(OnHold, match="地址存疑"):
            dispatch_shipment(first.pk, seen=None, actor=SYSTEM)

        assert (world.picture(first), stock()) == before

    def test_refuses_without_a_waybill(self):
        shipment = world.released()
        pack_shipment(shipment.pk, seen=None, quantities=world.contents(shipment), actor=SYSTEM)
        before = world.picture(shipment), stock()

        with pytest.raises(NoWaybill):
            dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)

        assert (world.picture(shipment), stock()) == before

    def test_refuses_a_version_that_is_gone(self):
        shipment = world.packed()
        before = world.picture(shipment), stock()

        with pytest.raises(ChangedMeanwhile):
            dispatch_shipment(shipment.pk, seen=shipment.version - 1, actor=SYSTEM)

        assert (world.picture(shipment), stock()) == before

    @pytest.mark.parametrize("state", ["released", "dispatched", "cancelled"])
    def test_refuses_any_state_but_packed(self, state):
        shipment = {
            "released": world.released,
            "dispatched": world.dispatched,
            "cancelled": world.packed,
        }[state]()
        if state == "released":
            Shipment.objects.filter(pk=shipment.pk).update(
                carrier=world.Carrier.objects.get(code="SF"), waybill="SF999999"
            )
        if state == "cancelled":
            cancel_shipment(shipment.pk, seen=None, reason="破损", actor=SYSTEM)
        before = world.picture(shipment), stock()

        with pytest.raises((WrongState, OrderNotInWarehouse)):
            dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)

        assert (world.picture(shipment), stock()) == before

    def test_no_parcel_of_a_cancelled_order_stays(self):
        shipment = world.packed()
        cancel_order(shipment.order_id, seen=None, reason="不要了", actor=SYSTEM)
        event = event_of(shipment, "order.cancelled")

        cancel_parcels(event)
        cancel_parcels(event)

        shipment.refresh_from_db()
        assert shipment.state == "cancelled"
        assert world.kinds(shipment.order_id).count("shipment.cancelled") == 1
        assert stock() == {"A": (50, 0), "B": (50, 0)}
        assert world.broken_laws() == {}

    def test_progress_of_a_list_is_one_query(self, django_assert_num_queries):
        orders = [world.packed().order_id, world.dispatched().order_id, world.preparing_order().pk]

        with django_assert_num_queries(1):
            found = progress_of(orders)

        assert [(p.total, p.packed, p.left) for p in found.values()] == [
            (1, 1, 0),
            (1, 1, 1),
            (0, 0, 0),
        ]


def test_cancel_and_dispatch_at_once_end_in_one_of_the_two(race):
    world.make_house()
    shipment = world.packed(world.preparing_order({"A": 2}))

    outcomes = race(
        lambda: cancel_order(shipment.order_id, seen=None, reason="不要了", actor=SYSTEM),
        lambda: dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM),
        meet_after="ordercenter.core.lifecycle.ask_guards",
    )

    refused = [o for o in outcomes if isinstance(o, DomainError)]
    unexpected = [o for o in outcomes if isinstance(o, Exception) and o not in refused]
    shipment.refresh_from_db()
    order = Order.objects.get(pk=shipment.order_id)
    left = Reservation.objects.filter(state="consumed").exists()
    assert (len(refused), unexpected) == (1, [])
    assert (order.state, left) in [("cancelled", False), ("dispatched", True)]
    assert shipment.state == ("dispatched" if left else "packed")


def test_one_parcel_leaves_once(race):
    world.make_house()
    shipment = world.packed(world.preparing_order({"A": 2}))

    outcomes = race(
        *[lambda: dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)] * 4,
        meet_after="orders.fulfilment.actions.dispatch.lines_of",
    )

    assert sum(isinstance(o, Shipment) for o in outcomes) == 1
    assert all(isinstance(o, (Shipment, DomainError)) for o in outcomes)
    assert stock()["A"] == (48, 0)
