"""From the picking list to the closed parcel."""

import pytest

from inventory.actions import release_reservations
from inventory.errors import OutOfStock
from inventory.models import Sku
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import ChangedMeanwhile, Forbidden, WrongState
from ordercenter.core.models import Timer
from orders.actions import cancel_order, hold_order
from orders.errors import OnHold
from orders.fulfilment.actions import (
    cancel_shipment,
    pack_shipment,
    release_shipment,
    scan_item,
    start_picking,
    unpack_shipment,
)
from orders.fulfilment.errors import NotComplete, OrderNotInWarehouse, WrongItem
from orders.models import Order
from tests.fulfilment import world

pytestmark = pytest.mark.usefixtures("house")

NOBODY = Actor(kind="person", label="路人", door="scan", id=1, permissions=frozenset())


def running_stage(order_id: int) -> str:
    return Timer.objects.get(
        subject_kind="order", subject_id=order_id, stopped_at__isnull=True
    ).stage


def test_release_starts_the_packing_clock_of_the_order():
    shipment = world.planned(world.preparing_order())
    assert running_stage(shipment.order_id) == "preparing"

    release_shipment(shipment.pk, seen=shipment.version, actor=SYSTEM)

    assert running_stage(shipment.order_id) == "packing"
    shipment.refresh_from_db()
    assert shipment.state == "released"


def test_the_second_parcel_does_not_start_the_clock_anew():
    first, second = world.two_parcels(world.preparing_order())
    release_shipment(first.pk, seen=None, actor=SYSTEM)
    clock = Timer.objects.get(subject_id=first.order_id, stage="packing", stopped_at=None)

    release_shipment(second.pk, seen=None, actor=SYSTEM)

    assert Timer.objects.get(subject_id=first.order_id, stage="packing") == clock


def test_release_without_promised_stock_names_all_shortages():
    shipment = world.planned(world.preparing_order({"A": 2, "B": 1}))
    release_reservations(list(shipment.order.lines.values_list("pk", flat=True)))
    before = world.picture(shipment)

    with pytest.raises(OutOfStock) as refusal:
        release_shipment(shipment.pk, seen=None, actor=SYSTEM)

    assert [(s.sku, s.wanted, s.available) for s in refusal.value.shortages] == [
        ("A", 2, 0),
        ("B", 1, 0),
    ]
    assert world.picture(shipment) == before


def test_scanning_counts_up_and_starts_the_picking():
    shipment = world.released(world.preparing_order({"A": 2, "B": 1}))

    scan_item(shipment.pk, seen=None, code="a", actor=SYSTEM)
    line = scan_item(shipment.pk, seen=None, code="69000A", actor=SYSTEM)

    assert (line.sku.code, line.packed, line.quantity) == ("A", 2, 2)
    shipment.refresh_from_db()
    assert shipment.state == "picking"
    assert world.kinds(shipment.order_id)[-3:] == [
        "shipment.picking",
        "shipment.item_scanned",
        "shipment.item_scanned",
    ]


def test_a_scan_sent_twice_counts_once():
    shipment = world.released()
    seen = shipment.version
    scan_item(shipment.pk, seen=seen, code="A", actor=SYSTEM)

    with pytest.raises(ChangedMeanwhile):
        scan_item(shipment.pk, seen=seen, code="A", actor=SYSTEM)

    assert shipment.lines.get(sku__code="A").packed == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("C", "C 别的货"),
        ("nonsense", "nonsense"),
        ("", "“”"),
    ],
)
def test_a_wrong_item_is_named_and_changes_nothing(code, words):
    Sku.objects.create(code="C", name="别的货")
    shipment = start_picking(world.released().pk, seen=None, actor=SYSTEM)
    before = world.picture(shipment)

    with pytest.raises(WrongItem) as refusal:
        scan_item(shipment.pk, seen=None, code=code, actor=SYSTEM)

    assert words in str(refusal.value)
    assert "货品A" in str(refusal.value)
    assert world.picture(shipment) == before


def test_one_piece_too_many_is_refused():
    shipment = world.released(world.preparing_order({"A": 1, "B": 1}))
    scan_item(shipment.pk, seen=None, code="A", actor=SYSTEM)
    before = world.picture(shipment)

    with pytest.raises(WrongItem):
        scan_item(shipment.pk, seen=None, code="A", actor=SYSTEM)

    assert world.picture(shipment) == before


def test_nothing_is_scanned_into_a_parcel_that_is_not_released():
    shipment = world.planned(world.preparing_order())

    with pytest.raises(WrongState):
        scan_item(shipment.pk, seen=None, code="A", actor=SYSTEM)

    assert not shipment.lines.exclude(packed=0).exists()


def test_a_full_parcel_is_packed_and_its_order_with_it():
    shipment = world.released(world.preparing_order({"A": 1, "B": 1}))
    for code in ("A", "B"):
        scan_item(shipment.pk, seen=None, code=code, actor=SYSTEM)

    pack_shipment(shipment.pk, seen=None, weight_grams=850, actor=SYSTEM)

    shipment.refresh_from_db()
    assert (shipment.state, shipment.weight_grams) == ("packed", 850)
    assert Order.objects.get(pk=shipment.order_id).state == "packed"
    assert world.broken_laws() == {}


def test_packing_names_everything_that_is_missing():
    shipment = world.released(world.preparing_order({"A": 2, "B": 1}))
    scan_item(shipment.pk, seen=None, code="A", actor=SYSTEM)
    before = world.picture(shipment)

    with pytest.raises(NotComplete) as refusal:
        pack_shipment(shipment.pk, seen=None, actor=SYSTEM)

    assert refusal.value.details["missing"] == [
        {"sku": "A", "checked": 1, "wanted": 2},
        {"sku": "B", "checked": 0, "wanted": 1},
    ]
    assert world.picture(shipment) == before


@pytest.mark.parametrize("given", [{"A": 3, "B": 1}, {"A": 2, "B": 1, "Z": 1}, {"A": 2, "B": -1}])
def test_given_quantities_that_do_not_fit_are_refused(given):
    shipment = world.released(world.preparing_order({"A": 2, "B": 1}))
    before = world.picture(shipment)

    with pytest.raises(WrongItem):
        pack_shipment(shipment.pk, seen=None, quantities=given, actor=SYSTEM)

    assert world.picture(shipment) == before


def test_given_quantities_must_be_complete():
    shipment = world.released(world.preparing_order({"A": 2, "B": 1}))
    before = world.picture(shipment)

    with pytest.raises(NotComplete):
        pack_shipment(shipment.pk, seen=None, quantities={"A": 2}, actor=SYSTEM)

    assert world.picture(shipment) == before


def test_a_hold_stops_the_packing():
    shipment = world.released()
    hold_order(shipment.order_id, reason="客户要改", actor=SYSTEM)
    before = world.picture(shipment)

    with pytest.raises(OnHold, match="客户要改"):
        pack_shipment(shipment.pk, seen=None, quantities=world.contents(shipment), actor=SYSTEM)

    assert world.picture(shipment) == before


def test_the_warehouse_does_not_work_on_a_cancelled_order():
    shipment = world.released()
    cancel_order(shipment.order_id, seen=None, reason="不要了", actor=SYSTEM)
    before = world.picture(shipment)

    with pytest.raises(OrderNotInWarehouse):
        scan_item(shipment.pk, seen=None, code="A", actor=SYSTEM)

    assert world.picture(shipment) == before


def test_opening_a_parcel_takes_the_order_back_and_counts_anew():
    shipment = world.packed()
    assert Order.objects.get(pk=shipment.order_id).state == "packed"

    unpack_shipment(shipment.pk, seen=None, reason="放错了", actor=SYSTEM)

    shipment.refresh_from_db()
    assert shipment.state == "picking"
    assert set(shipment.lines.values_list("packed", flat=True)) == {0}
    assert Order.objects.get(pk=shipment.order_id).state == "preparing"
    assert running_stage(shipment.order_id) == "packing"
    assert world.broken_laws() == {}


def test_a_cancelled_parcel_leaves_its_goods_to_be_planned_anew():
    shipment = world.packed()

    cancel_shipment(shipment.pk, seen=None, reason="纸箱破损", actor=SYSTEM)

    shipment.refresh_from_db()
    order = Order.objects.get(pk=shipment.order_id)
    assert (shipment.state, order.state) == ("cancelled", "preparing")
    again = world.planned(order)
    assert world.contents(again) == world.contents(shipment)
    assert world.broken_laws() == {}


STEPS = {
    "release": lambda pk, seen: release_shipment(pk, seen=seen, actor=NOBODY),
    "start_picking": lambda pk, seen: start_picking(pk, seen=seen, actor=NOBODY),
    "scan": lambda pk, seen: scan_item(pk, seen=seen, code="A", actor=NOBODY),
    "pack": lambda pk, seen: pack_shipment(pk, seen=seen, actor=NOBODY),
    "unpack": lambda pk, seen: unpack_shipment(pk, seen=seen, reason="x", actor=NOBODY),
    "cancel": lambda pk, seen: cancel_shipment(pk, seen=seen, reason="x", actor=NOBODY),
}


@pytest.mark.parametrize("step", STEPS)
def test_nobody_does_a_step_without_the_permission(step):
    shipment = world.released()
    before = world.picture(shipment)

    with pytest.raises(Forbidden):
        STEPS[step](shipment.pk, None)

    assert world.picture(shipment) == before
