"""Promising stock: in full or not at all, to whoever comes first, never twice."""

import itertools
import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.actions import Demand, Request, reserve, reserve_or_refuse
from inventory.errors import OutOfStock, Shortage
from inventory.models import Reservation, StockLevel
from ordercenter.core import moments
from tests.factories import SkuFactory, StockLevelFactory, WarehouseFactory

LINES = itertools.count(1)


def want(level: StockLevel, quantity: int = 1, **fields) -> Request:
    """One line that wants pieces of the level's SKU from its warehouse."""
    demand = Demand(line=next(LINES), sku=level.sku_id, quantity=quantity)
    return Request((demand,), (level.warehouse_id,), **fields)


def stock(level: StockLevel) -> tuple[int, int]:
    return StockLevel.objects.values_list("on_hand", "reserved").get(pk=level.pk)


@pytest.mark.django_db
class TestOneCaller:
    def test_promised_pieces_are_no_longer_available(self):
        level = StockLevelFactory(on_hand=10)

        house = reserve_or_refuse(want(level, 4))

        level.refresh_from_db()
        assert (house, level.available, level.reserved) == (level.warehouse_id, 6, 4)
        assert Reservation.objects.get().state == "confirmed"

    def test_a_promise_with_an_end_is_held(self):
        level = StockLevelFactory()
        end = moments.now() + timedelta(minutes=30)

        reserve([want(level, expires_at=end)])

        reservation = Reservation.objects.get()
        assert (reservation.state, reservation.expires_at) == ("held", end)

    def test_every_line_or_none_with_the_whole_list_of_what_is_missing(self):
        house = WarehouseFactory()
        enough = StockLevelFactory(warehouse=house, on_hand=5)
        scarce = StockLevelFactory(warehouse=house, on_hand=1)
        unknown = SkuFactory()
        demands = tuple(
            Demand(next(LINES), sku, quantity)
            for sku, quantity in ((enough.sku_id, 5), (scarce.sku_id, 3), (unknown.pk, 2))
        )

        with pytest.raises(OutOfStock) as refusal:
            reserve_or_refuse(Request(demands, (house.pk,)))

        assert refusal.value.shortages == [
            Shortage(scarce.sku.code, 3, 1),
            Shortage(unknown.code, 2, 0),
        ]
        assert (stock(enough), stock(scarce)) == ((5, 0), (1, 0))
        assert Reservation.objects.count() == 0

    def test_lines_of_one_sku_are_added_up(self):
        level = StockLevelFactory(on_hand=5)
        demands = tuple(Demand(next(LINES), level.sku_id, 3) for _ in range(2))

        with pytest.raises(OutOfStock):
            reserve_or_refuse(Request(demands, (level.warehouse_id,)))

        assert stock(level) == (5, 0)

    def test_the_next_warehouse_is_asked_when_the_first_has_too_little(self):
        sku = SkuFactory()
        near = StockLevelFactory(sku=sku, on_hand=1)
        far = StockLevelFactory(sku=sku, on_hand=5)
        request = Request((Demand(next(LINES), sku.pk, 2),), (near.warehouse_id, far.warehouse_id))

        assert reserve_or_refuse(request) == far.warehouse_id
        assert (stock(near), stock(far)) == ((1, 0), (5, 2))

    def test_one_order_is_not_split_over_two_warehouses(self):
        sku = SkuFactory()
        levels = [StockLevelFactory(sku=sku, on_hand=1) for _ in range(2)]
        request = Request(
            (Demand(next(LINES), sku.pk, 2),), tuple(level.warehouse_id for level in levels)
        )

        with pytest.raises(OutOfStock):
            reserve_or_refuse(request)

        assert [stock(level) for level in levels] == [(1, 0), (1, 0)]

    def test_who_comes_first_in_a_batch_is_served_first(self):
        level = StockLevelFactory(on_hand=3)

        promises = reserve([want(level, 2), want(level, 2), want(level, 1)])

        assert [promise.warehouse for promise in promises] == [
            level.warehouse_id,
            None,
            level.warehouse_id,
        ]
        assert promises[1].shortages == (Shortage(level.sku.code, 2, 1),)
        assert stock(level) == (3, 3)

    def test_without_a_warehouse_all_is_missing(self):
        level = StockLevelFactory(on_hand=3)
        demand = Demand(next(LINES), level.sku_id, 1)

        (promise,) = reserve([Request((demand,), ())])

        assert promise.shortages == (Shortage(level.sku.code, 1, 0),)

    def test_pieces_on_quality_hold_are_not_promised(self):
        level = StockLevelFactory(on_hand=3)
        StockLevel.objects.filter(pk=level.pk).update(held=2)

        (promise,) = reserve([want(level, 2)])

        assert promise.shortages == (Shortage(level.sku.code, 2, 1),)

    def test_a_line_has_one_open_promise_per_level(self):
        level = StockLevelFactory(on_hand=3)
        request = want(level)
        reserve([request])

        with pytest.raises(IntegrityError), transaction.atomic():
            reserve([request])

        assert stock(level) == (3, 1)

    def test_many_orders_take_as_many_statements_as_one(self, django_assert_num_queries):
        levels = [StockLevelFactory(on_hand=100) for _ in range(3)]

        for count in (1, 30):
            requests = [want(levels[number % 3]) for number in range(count)]
            with django_assert_num_queries(2):
                reserve(requests)


@pytest.mark.django_db
class TestLastLine:
    """What the database refuses whatever the code above it does."""

    @pytest.mark.parametrize(
        "change",
        [
            "reserved = on_hand + 1",
            "reserved = -1",
            "on_hand = reserved - 1",
            "held = on_hand + 1",
            "held = -1",
            "defective = -1",
            "safety = -1",
        ],
    )
    def test_no_level_promises_what_it_has_not(self, change):
        level = StockLevelFactory(on_hand=3)
        reserve([want(level, 2)])

        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE inventory_stocklevel SET {change}")

        assert stock(level) == (3, 2)

    @pytest.mark.parametrize(
        "change",
        [
            "quantity = 0",
            "consumed = quantity + 1",
            "consumed = -1",
            "state = 'held', expires_at = NULL",
        ],
    )
    def test_no_promise_is_senseless(self, change):
        reserve([want(StockLevelFactory())])

        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE inventory_reservation SET {change}")


class TestRaces:
    def test_the_last_piece_is_promised_once_to_eight_callers(self, race):
        level = StockLevelFactory(on_hand=1)

        outcomes = race(
            *[lambda: reserve_or_refuse(want(level))] * 8,
            meet_after="inventory.actions.reserve.find_shortages",
        )

        assert sum(isinstance(outcome, OutOfStock) for outcome in outcomes) == 7
        assert outcomes.count(level.warehouse_id) == 1
        assert stock(level) == (1, 1)
        assert Reservation.objects.count() == 1

    def test_scarce_pieces_are_all_sold_and_not_one_more(self, race):
        level = StockLevelFactory(on_hand=20)

        def take_five_times() -> int:
            return sum(
                promise.warehouse is not None
                for _ in range(5)
                for promise in reserve([want(level)])
            )

        sold = race(*[take_five_times] * 8)

        assert sum(sold) == 20
        assert stock(level) == (20, 20)

    def test_orders_over_the_same_skus_never_deadlock_in_whatever_order_they_ask(self, race):
        house = WarehouseFactory()
        levels = [StockLevelFactory(warehouse=house, on_hand=10_000) for _ in range(8)]

        def ask_in_any_order(seed: int) -> int:
            dice = random.Random(seed)
            for _ in range(25):
                chosen = dice.sample(levels, 5)
                demands = tuple(Demand(next(LINES), level.sku_id, 1) for level in chosen)
                reserve_or_refuse(Request(demands, (house.pk,)))
            return 25 * 5

        outcomes = race(*[lambda seed=seed: ask_in_any_order(seed) for seed in range(8)])

        assert outcomes == [125] * 8
        assert sum(reserved for _, reserved in map(stock, levels)) == 1000
