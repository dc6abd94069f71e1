"""Goods come in and are corrected: level, bins, ledger and timeline say the same."""

from datetime import date, datetime, timedelta
from datetime import time as clock_time

import pytest

from inventory.actions import (
    adjust_stock,
    hold_batch,
    hold_expired_batches,
    receive_stock,
    release_batch,
    report_low_stock,
    reserve_or_refuse,
    set_safety_stock,
)
from inventory.actions.adjust import Promised
from inventory.models import Batch, Bin, Movement, Placement, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden
from ordercenter.core.models import Event
from tests.factories import SkuFactory, StockLevelFactory, WarehouseFactory
from tests.inventory.test_reserve import want
from tests.support.laws import broken_laws
from tests.support.race import Later

NOBODY = Actor("person", "nobody", "admin", permissions=frozenset())


def receive(sku, warehouse, quantity: int = 5, **wanted) -> StockLevel:
    wanted = {"document": "PO-7", "actor": SYSTEM} | wanted
    return receive_stock(sku=sku.pk, warehouse=warehouse.pk, quantity=quantity, **wanted)


def adjust(level: StockLevel, quantity: int, **wanted) -> StockLevel:
    wanted = {"reason": Movement.Reason.COUNTED, "note": "盘点", "actor": SYSTEM} | wanted
    return adjust_stock(sku=level.sku_id, warehouse=level.warehouse_id, quantity=quantity, **wanted)


def kinds(level: StockLevel) -> list[str]:
    events = Event.objects.filter(stream=level.stream).order_by("sequence")
    return list(events.values_list("kind", flat=True))


def everything(level: StockLevel) -> tuple[object, ...]:
    """All that a refusal must leave alone."""
    return (
        StockLevel.objects.values().get(pk=level.pk),
        list(Placement.objects.filter(level=level).order_by("pk").values()),
        Movement.objects.filter(level=level).count(),
        kinds(level),
    )


@pytest.mark.django_db
class TestReceive:
    def test_level_bin_batch_and_ledger_know_of_the_goods(self):
        sku, house = SkuFactory(), WarehouseFactory()

        level = receive(
            sku, house, 5, bin_code="A-01", batch_code="B1", expires_on=date(2027, 1, 1)
        )
        receive(sku, house, 2, bin_code="A-01", batch_code="B1")

        level.refresh_from_db()
        assert (level.on_hand, level.available) == (7, 7)
        assert Placement.objects.get().quantity == 7
        assert [m.quantity for m in Movement.objects.order_by("pk")] == [5, 2]
        assert (Bin.objects.count(), Batch.objects.get().expires_on) == (1, date(2027, 1, 1))
        assert kinds(level) == ["stock.received", "stock.received"]
        assert broken_laws("stock.") == {}

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({"quantity": 0}, "quantity"),
            ({"quantity": -1}, "quantity"),
            ({"document": " "}, "document"),
        ],
    )
    def test_refuses_senseless_input(self, wanted, field):
        level = StockLevelFactory()
        before = everything(level)

        with pytest.raises(BadInput) as refusal:
            receive(level.sku, level.warehouse, **wanted)

        assert list(refusal.value.details["fields"]) == [field]
        assert everything(level) == before

    def test_needs_the_permission(self):
        level = StockLevelFactory()
        before = everything(level)

        with pytest.raises(Forbidden):
            receive(level.sku, level.warehouse, actor=NOBODY)

        assert everything(level) == before

    def test_goods_of_a_batch_on_hold_are_on_hold_too(self):
        sku, house = SkuFactory(), WarehouseFactory()
        receive(sku, house, 5, batch_code="B1")
        hold_batch(Batch.objects.get().pk, note="抽检", actor=SYSTEM)

        level = receive(sku, house, 3, batch_code="B1")

        assert (level.on_hand, level.held, level.available) == (8, 8, 0)
        assert broken_laws("stock.") == {}


@pytest.mark.django_db
class TestAdjust:
    @pytest.mark.parametrize("quantity", [3, -4, -10])
    def test_pieces_are_added_or_taken_away_with_a_reason(self, quantity):
        level = StockLevelFactory(on_hand=10)

        adjust(level, quantity)

        level.refresh_from_db()
        assert level.on_hand == 10 + quantity
        event = Event.objects.get(stream=level.stream, kind="stock.adjusted")
        assert event.changes["on_hand"] == [10, 10 + quantity]
        assert event.data == {"reason": "counted", "note": "盘点"}
        assert broken_laws("stock.") == {}

    def test_damaged_pieces_are_set_apart(self):
        level = StockLevelFactory(on_hand=10)

        adjust(level, -2, defective=2, reason=Movement.Reason.DAMAGED)

        level.refresh_from_db()
        assert (level.on_hand, level.defective) == (8, 2)
        assert broken_laws("stock.") == {}

    def test_promised_pieces_are_not_taken_away(self):
        level = StockLevelFactory(on_hand=10)
        reserve_or_refuse(want(level, 7))
        before = everything(level)

        with pytest.raises(Promised) as refusal:
            adjust(level, -4)

        assert refusal.value.details == {"available": 3}
        assert everything(level) == before

    @pytest.mark.parametrize(
        "wanted", [{"note": "  "}, {"quantity": 0}, {"quantity": 0, "defective": -1}]
    )
    def test_refuses_senseless_input(self, wanted):
        level = StockLevelFactory(on_hand=10)
        before = everything(level)

        with pytest.raises(BadInput):
            adjust(level, **({"quantity": 1} | wanted))

        assert everything(level) == before

    def test_needs_the_permission(self):
        level = StockLevelFactory()

        with pytest.raises(Forbidden):
            adjust(level, 1, actor=NOBODY)


@pytest.mark.django_db
class TestHold:
    @pytest.fixture
    def level(self) -> StockLevel:
        """Five pieces of batch B1 and two of no batch."""
        sku, house = SkuFactory(), WarehouseFactory()
        receive(sku, house, 5, batch_code="B1")
        return receive(sku, house, 2)

    def test_pieces_of_the_batch_can_be_promised_again_after_the_release(self, level):
        batch = Batch.objects.get()

        hold_batch(batch.pk, note="抽检", actor=SYSTEM)
        hold_batch(batch.pk, note="again", actor=SYSTEM)
        level.refresh_from_db()
        on_hold = level.available
        release_batch(batch.pk, note="合格", actor=SYSTEM)
        level.refresh_from_db()

        assert (on_hold, level.available, level.held) == (2, 7, 0)
        assert kinds(level)[2:] == ["stock.batch_hold", "stock.batch_passed"]
        assert broken_laws("stock.") == {}

    def test_promised_pieces_are_not_put_on_hold(self, level):
        reserve_or_refuse(want(level, 4))
        before = everything(level)

        with pytest.raises(Promised):
            hold_batch(Batch.objects.get().pk, note="抽检", actor=SYSTEM)

        assert everything(level) == before
        assert Batch.objects.get().quality == "passed"


@pytest.mark.django_db
class TestExpiry:
    TODAY = date(2027, 1, 2)

    def on_the_day(self) -> int:
        midnight = datetime.combine(self.TODAY, clock_time(0, 5), moments.SHANGHAI)
        with moments.pretend(midnight):
            return hold_expired_batches()

    @pytest.mark.parametrize(("days", "on_hold"), [(-1, 5), (0, 0), (1, 0)])
    def test_what_expired_before_today_can_not_be_promised(self, days, on_hold):
        day = self.TODAY + timedelta(days=days)
        level = receive(SkuFactory(), WarehouseFactory(), 5, batch_code="B1", expires_on=day)

        first, again = self.on_the_day(), self.on_the_day()

        level.refresh_from_db()
        assert (first, again, level.held) == (bool(on_hold), 0, on_hold)
        assert broken_laws("stock.") == {}

    def test_what_is_promised_is_told_of_every_day(self):
        level = receive(
            SkuFactory(), WarehouseFactory(), 5, batch_code="B1", expires_on=date(2027, 1, 1)
        )
        reserve_or_refuse(want(level, 1))

        counts = [self.on_the_day(), self.on_the_day()]

        level.refresh_from_db()
        told = Event.objects.filter(kind="stock.batch_expired", stream=f"stock:{level.pk}")
        assert (counts, level.held) == ([0, 0], 0)
        assert [event.data["held"] for event in told] == [False, False]


@pytest.mark.django_db
class TestSafetyStock:
    def test_is_told_once_when_it_falls_short_and_once_when_it_recovers(self):
        level = StockLevelFactory(on_hand=10)
        set_safety_stock(sku=level.sku_id, warehouse=level.warehouse_id, safety=5, actor=SYSTEM)

        enough = report_low_stock()
        reserve_or_refuse(want(level, 6))
        short, still_short = report_low_stock(), report_low_stock()
        adjust(level, 20)
        recovered = report_low_stock()

        assert (enough, short, still_short, recovered) == (0, 1, 0, 0)
        assert [kind for kind in kinds(level) if kind in ("stock.low", "stock.recovered")] == [
            "stock.low",
            "stock.recovered",
        ]

    def test_cannot_be_negative(self):
        level = StockLevelFactory()

        with pytest.raises(BadInput):
            set_safety_stock(
                sku=level.sku_id, warehouse=level.warehouse_id, safety=-1, actor=SYSTEM
            )


class TestRaces:
    def test_goods_that_come_into_a_new_level_while_their_batch_is_held_are_held(self, race):
        sku, house = SkuFactory(), WarehouseFactory()
        receive(sku, house, 5, batch_code="B1")
        batch = Batch.objects.get()
        elsewhere = WarehouseFactory()

        race(
            lambda: receive(sku, elsewhere, 3, batch_code="B1"),
            Later(lambda: hold_batch(batch.pk, note="抽检", actor=SYSTEM)),
            meet_after="inventory.actions.receive._batches",
        )

        assert broken_laws("stock.") == {}
        assert sum(StockLevel.objects.values_list("held", flat=True)) == 8

    def test_eight_receipts_of_a_new_level_lose_no_piece(self, race):
        sku, house = SkuFactory(), WarehouseFactory()

        outcomes = race(*[lambda: receive(sku, house, 5, bin_code="A-1", batch_code="B")] * 8)

        assert all(isinstance(outcome, StockLevel) for outcome in outcomes)
        assert StockLevel.objects.get().on_hand == 40
        assert broken_laws("stock.") == {}

    def test_the_last_pieces_are_either_promised_or_taken_away(self, race):
        level = StockLevelFactory(on_hand=5)

        outcomes = race(
            lambda: adjust(level, -5),
            lambda: reserve_or_refuse(want(level, 5)),
            meet_after="inventory.actions.reserve.find_shortages",
        )

        refusals = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert [type(refusal).__name__ for refusal in refusals] in (["Promised"], ["OutOfStock"])
        assert broken_laws("stock.") == {}
