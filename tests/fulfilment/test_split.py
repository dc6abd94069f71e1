"""One parcel into two, and back."""

import pytest

from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, WrongState
from orders.fulfilment.actions import rejoin_shipment, split_shipment, start_picking
from orders.fulfilment.models import Shipment
from tests.fulfilment import world

pytestmark = pytest.mark.usefixtures("house")


def line_of(shipment: Shipment, code: str) -> int:
    return shipment.order.lines.get(sku_code=code).pk


def test_split_and_rejoin_end_where_they_began():
    first = world.planned(world.preparing_order({"A": 3, "B": 1}))
    whole = world.contents(first)
    quantities = {line_of(first, "A"): 1, line_of(first, "B"): 1}

    second = split_shipment(first.pk, seen=first.version, quantities=quantities, actor=SYSTEM)

    assert world.contents(first) == {"A": 2}
    assert world.contents(second) == {"A": 1, "B": 1}
    assert second.state == "planned"

    rejoin_shipment(second.pk, seen=None, into=first.pk, actor=SYSTEM)

    second.refresh_from_db()
    assert world.contents(first) == whole
    assert second.state == "cancelled"
    assert world.kinds(first.order_id)[-4:] == [
        "shipment.split",
        "shipment.planned",
        "shipment.cancelled",
        "shipment.rejoined",
    ]
    assert world.broken_laws() == {}


@pytest.mark.parametrize("quantities", [{}, {"A": 0}, {"A": 4}, {"A": 3, "B": 1}, {"A": -1}])
def test_a_split_that_makes_no_two_parcels_is_refused(quantities):
    shipment = world.planned(world.preparing_order({"A": 3, "B": 1}))
    before = world.picture(shipment)

    with pytest.raises(BadInput):
        split_shipment(
            shipment.pk,
            seen=None,
            quantities={line_of(shipment, code): n for code, n in quantities.items()},
            actor=SYSTEM,
        )

    assert world.picture(shipment) == before
    assert Shipment.objects.count() == 1


def test_no_split_after_picking_has_begun():
    shipment = start_picking(world.released().pk, seen=None, actor=SYSTEM)

    with pytest.raises(WrongState):
        split_shipment(shipment.pk, seen=None, quantities={line_of(shipment, "A"): 1}, actor=SYSTEM)

    assert Shipment.objects.count() == 1


def test_parcels_of_two_orders_are_not_put_together():
    one = world.planned(world.preparing_order())
    other = world.planned(world.preparing_order())
    before = world.picture(one), world.picture(other)

    with pytest.raises(BadInput):
        rejoin_shipment(one.pk, seen=None, into=other.pk, actor=SYSTEM)

    assert (world.picture(one), world.picture(other)) == before
