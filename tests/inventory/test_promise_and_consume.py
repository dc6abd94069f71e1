"""What becomes of promises: confirmed, given back, or gone with the goods."""

from datetime import date, timedelta

import pytest

from inventory.actions import (
    Departure,
    confirm_reservations,
    consume_reservations,
    receive_stock,
    release_reservations,
    reserve,
)
from inventory.actions.consume import NotReserved
from inventory.models import Movement, Placement, Reservation, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from tests.factories import SkuFactory, StockLevelFactory, WarehouseFactory
from tests.inventory.test_reserve import want
from tests.support.laws import broken_laws

pytestmark = pytest.mark.django_db


def promised(level: StockLevel, quantity: int, *, held: bool = False) -> int:
    """The line that was promised so many pieces."""
    end = moments.now() + timedelta(minutes=30) if held else None
    request = want(level, quantity, expires_at=end)
    reserve([request])
    return request.demands[0].line


def leave(level: StockLevel, *departures: tuple[int, int]) -> None:
    consume_reservations(
        [Departure(line, quantity) for line, quantity in departures],
        warehouse=level.warehouse_id,
        document="SH-1",
        actor=SYSTEM,
    )


def stock(level: StockLevel) -> tuple[int, int]:
    return StockLevel.objects.values_list("on_hand", "reserved").get(pk=level.pk)


def test_a_confirmed_promise_no_longer_expires():
    line = promised(StockLevelFactory(), 2, held=True)

    assert (confirm_reservations([line]), confirm_reservations([line])) == (1, 0)

    reservation = Reservation.objects.get()
    assert (reservation.state, reservation.expires_at) == ("confirmed", None)


@pytest.mark.parametrize("held", [True, False])
def test_released_pieces_are_free_again_and_only_once(held):
    level = StockLevelFactory(on_hand=10)
    line = promised(level, 4, held=held)

    assert (release_reservations([line]), release_reservations([line])) == (4, 0)

    assert stock(level) == (10, 0)
    assert Reservation.objects.get().closed_at is not None
    assert broken_laws("stock.") == {}


def test_goods_leave_stock_promise_and_bins_together():
    level = StockLevelFactory(on_hand=10)
    line = promised(level, 4)

    leave(level, (line, 4))

    assert stock(level) == (6, 0)
    assert Reservation.objects.get().state == "consumed"
    movement = Movement.objects.order_by("pk").last()
    assert (movement.quantity, movement.reason, movement.document) == (-4, "dispatched", "SH-1")
    assert broken_laws("stock.") == {}


def test_goods_may_leave_in_parts():
    level = StockLevelFactory(on_hand=10)
    line = promised(level, 4)

    leave(level, (line, 1))
    part = Reservation.objects.get()
    leave(level, (line, 2), (line, 1))

    assert (part.state, part.open_quantity) == ("confirmed", 3)
    assert Reservation.objects.get().state == "consumed"
    assert stock(level) == (6, 0)
    assert broken_laws("stock.") == {}


def test_the_rest_of_a_part_sent_promise_can_be_given_back():
    level = StockLevelFactory(on_hand=10)
    line = promised(level, 4)
    leave(level, (line, 1))

    assert release_reservations([line]) == 3

    assert stock(level) == (9, 0)
    assert broken_laws("stock.") == {}


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("quantity", [5, 6])
def test_no_more_leaves_than_was_promised_and_confirmed(held, quantity):
    level = StockLevelFactory(on_hand=10)
    line = promised(level, 4, held=held)

    with pytest.raises(NotReserved) as refusal:
        leave(level, (line, quantity))

    assert refusal.value.details == {"missing": {line: quantity if held else quantity - 4}}
    assert stock(level) == (10, 4)
    assert broken_laws("stock.") == {}


def test_a_promise_of_another_warehouse_does_not_count():
    level, elsewhere = StockLevelFactory(), StockLevelFactory()
    line = promised(level, 1)

    with pytest.raises(NotReserved):
        leave(elsewhere, (line, 1))

    assert (stock(level), stock(elsewhere)) == ((10, 1), (10, 0))


def test_what_expires_first_leaves_first():
    sku, house = SkuFactory(), WarehouseFactory()
    for code, expires_on in (("late", date(2028, 1, 1)), ("soon", date(2027, 1, 1)), ("", None)):
        receive_stock(
            sku=sku.pk,
            warehouse=house.pk,
            quantity=2,
            document="PO",
            batch_code=code,
            expires_on=expires_on,
            actor=SYSTEM,
        )
    level = StockLevel.objects.get()
    line = promised(level, 5)

    leave(level, (line, 3))

    left = {
        placement.batch.code if placement.batch else "": placement.quantity
        for placement in Placement.objects.all()
    }
    assert left == {"soon": 0, "late": 1, "": 2}
    assert broken_laws("stock.") == {}
