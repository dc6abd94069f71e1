"""What a SKU had cost: the weighted average of its last three purchases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from inventory.actions import Receipt, receive_goods, receive_stock
from inventory.costs import average_costs
from inventory.models import Movement
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput
from tests.factories import SkuFactory, WarehouseFactory

pytestmark = pytest.mark.django_db


def buy(sku: int, warehouse: int, pieces: int, cost: str | None, defective: int = 0) -> None:
    unit_cost = None if cost is None else Decimal(cost)
    receive_goods(
        [Receipt(sku, warehouse, pieces, defective=defective, unit_cost=unit_cost)],
        document="PO",
        actor=SYSTEM,
    )


def test_it_is_weighted_by_pieces_and_the_fourth_last_purchase_is_forgotten():
    sku, house = SkuFactory().pk, WarehouseFactory().pk
    for pieces, cost in ((1_000, "1.00"), (10, "10.00"), (20, "13.00"), (70, "9.90")):
        buy(sku, house, pieces, cost)

    # (10 × 10.00 + 20 × 13.00 + 70 × 9.90) / 100
    assert average_costs([sku])[sku].each == Decimal("10.53")


def test_all_warehouses_count_and_receipts_without_a_cost_do_not():
    sku = SkuFactory().pk
    here, there = WarehouseFactory().pk, WarehouseFactory().pk
    buy(sku, here, 1, "10.00")
    buy(sku, there, 1, "20.00")
    buy(sku, there, 500, None)

    cost = average_costs([sku])[sku]

    assert cost.each == Decimal("15.00")
    assert [purchase.unit_cost for purchase in cost.purchases] == [20, 10]


def test_defective_pieces_were_paid_for_too():
    sku, house = SkuFactory().pk, WarehouseFactory().pk
    buy(sku, house, 1, "10.00", defective=3)
    buy(sku, house, 4, "20.00")

    assert average_costs([sku])[sku].each == Decimal("15.00")


def test_halves_of_a_cent_go_up():
    sku, house = SkuFactory().pk, WarehouseFactory().pk
    buy(sku, house, 1, "0.01")
    buy(sku, house, 1, "0.02")

    assert average_costs([sku])[sku].each == Decimal("0.02")


def test_what_was_never_bought_at_a_known_cost_has_none():
    sku, house = SkuFactory().pk, WarehouseFactory().pk
    buy(sku, house, 5, None)

    assert average_costs([sku]) == {}


@pytest.mark.parametrize(
    ("cost", "reason"),
    [("-0.01", Movement.Reason.RECEIVED), ("1.00", Movement.Reason.RETURNED)],
)
def test_only_bought_goods_have_a_cost(cost: str, reason: Movement.Reason):
    sku, house = SkuFactory().pk, WarehouseFactory().pk

    with pytest.raises(BadInput):
        receive_stock(
            sku=sku,
            warehouse=house,
            quantity=1,
            unit_cost=Decimal(cost),
            document="PO",
            reason=reason,
            actor=SYSTEM,
        )
    assert not Movement.objects.filter(level__sku=sku).exists()
