"""One parcel into two, and back."""

import pytest
from django.test import Client
from django.urls import reverse

from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, WrongState
from orders.fulfilment.actions import rejoin_shipment, split_shipment, start_picking
from orders.fulfilment.models import Shipment
from tests.factories import UserFactory
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


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(UserFactory(is_superuser=True))
    return client


def press_split(boss: Client, shipment: Shipment, seen: int | None = None):
    """Take one piece of A into a parcel of its own, from the parcel's card."""
    pieces = {f"quantities-{line_of(shipment, code)}": n for code, n in {"A": "1", "B": ""}.items()}
    return boss.post(
        reverse("admin:fulfilment_shipment_split", args=[shipment.pk]),
        {"_form_submitted": "on", "seen": seen or shipment.version, "heard": 1, **pieces},
    )


def test_the_card_asks_how_many_pieces_of_each_line_go_apart(boss):
    first = world.planned(world.preparing_order({"A": 3, "B": 1}))
    dialog = boss.get(reverse("admin:fulfilment_shipment_split", args=[first.pk])).text

    press_split(boss, first)

    assert [dialog.count(f'name="quantities-{line_of(first, code)}"') for code in "AB"] == [1, 1]
    assert "/ 3" in dialog
    second = Shipment.objects.exclude(pk=first.pk).get()
    assert (world.contents(first), world.contents(second)) == ({"A": 2, "B": 1}, {"A": 1})


def test_whoever_was_slower_sees_the_pieces_they_wanted(boss):
    shipment = world.planned(world.preparing_order({"A": 3, "B": 1}))

    conflict = press_split(boss, shipment, seen=shipment.version + 7)

    ((_label, words),) = boss.get(conflict.url).context["wish"]
    assert [part.rpartition(" × ")[2] for part in words.split("；")] == ["1", "0"]
    assert Shipment.objects.count() == 1
