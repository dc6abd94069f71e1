"""Each law is broken once by hand, and verify says which row broke it."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from inventory.actions import (
    Demand,
    Departure,
    Request,
    consume_reservations,
    release_reservations,
    reserve,
)
from inventory.models import StockLevel
from ordercenter.core.actor import SYSTEM
from ordercenter.core.invariants import all_laws, law, verify
from ordercenter.core.models import Delivery, LawRun, Timer
from orders.actions import hold_order
from orders.models import Order, OrderState
from tests.factories import OrderFactory, StockLevelFactory
from tests.support.laws import broken_laws


def run(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.fixture
def order(db) -> Order:
    return OrderFactory()


@pytest.fixture
def without_triggers(db):
    """The owner of the tables can lay down the guards; nobody else and no code of ours can."""
    for table in ("core_event", "inventory_movement"):
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in ("core_event", "inventory_movement"):
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_all_laws_hold_of_an_ordinary_order(order):
    assert broken_laws() == {}


BREAKS = [
    (
        "stock.reserved_is_sum_of_promises",
        "UPDATE inventory_stocklevel SET reserved = 2",
    ),
    (
        "stock.reserved_is_sum_of_promises",
        "UPDATE inventory_reservation SET state = 'released', closed_at = now()",
    ),
    ("stock.on_hand_is_sum_of_ledger", "UPDATE inventory_stocklevel SET on_hand = on_hand + 1"),
    ("stock.on_hand_is_sum_of_ledger", "UPDATE inventory_stocklevel SET defective = 1"),
    ("stock.on_hand_is_sum_of_bins", "UPDATE inventory_placement SET quantity = quantity + 1"),
    ("stock.on_hand_is_sum_of_bins", "UPDATE inventory_stocklevel SET held = 1"),
    ("orders.state_is_last_told", "UPDATE orders_order SET state = 'completed'"),
    ("orders.promises_end_with_the_order", "UPDATE orders_order SET state = 'cancelled'"),
    ("orders.promises_have_lines", "UPDATE inventory_reservation SET line = line + 1000000"),
    ("orders.promises_have_lines", "UPDATE inventory_reservation SET quantity = quantity + 5"),
    (
        "outbox.drained",
        "UPDATE core_delivery SET state = 'pending', not_before = now() - interval '11 minutes'",
    ),
    ("clocks.told_in_time", "UPDATE core_timer SET next_at = now() - interval '6 minutes'"),
]


@pytest.mark.parametrize(("name", "change"), BREAKS)
def test_a_broken_law_is_reported(order, name, change):
    Delivery.objects.create(
        event_id=_first_event(order), handler="test", lane="local", stream=order.stream
    )

    run(change)

    assert broken_laws()[name]


def _first_event(order: Order) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM core_event WHERE stream = %s", [order.stream])
        return cursor.fetchone()[0]


def test_what_was_sent_and_released_counts_as_sent(db):
    order = OrderFactory(lines=[(StockLevelFactory(), 2)])
    line, level = order.lines.get(), StockLevel.objects.get()
    departure = [Departure(line.pk, 1)]
    consume_reservations(departure, warehouse=level.warehouse_id, document="SH", actor=SYSTEM)
    release_reservations([line.pk])
    request = Request((Demand(line.pk, level.sku_id, 1),), (level.warehouse_id,))

    reserve([request])
    one_sent_one_promised = broken_laws()
    run("UPDATE inventory_reservation SET quantity = 2 WHERE state = 'confirmed'")

    assert one_sent_one_promised == {}
    assert broken_laws()["orders.promises_have_lines"] == {
        "line": line.pk,
        "promised": 3,
        "ordered": 2,
    }


class TestTimeline:
    def test_a_gap_is_reported(self, committed_db, without_triggers):
        order = OrderFactory(state=OrderState.PREPARING)

        run("DELETE FROM core_delivery")
        run("DELETE FROM core_event WHERE stream = %s AND sequence = 2", order.stream)

        assert broken_laws()["timeline.no_gaps"]["stream"] == order.stream

    def test_a_story_without_a_beginning_is_reported(self, committed_db, without_triggers):
        order = OrderFactory()

        run("UPDATE core_event SET kind = 'order.forged' WHERE stream = %s", order.stream)

        assert broken_laws()["orders.begin_on_the_timeline"]["id"] == order.pk

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE orders_order SET total = total + 1",
            "UPDATE orders_orderline SET quantity = quantity + 1",
            "UPDATE inventory_stocklevel SET on_hand = on_hand + 1",
            "DELETE FROM orders_workorder",
        ],
    )
    def test_a_change_by_hand_has_no_event_and_is_reported(self, committed_db, change):
        order = OrderFactory()
        hold_order(order.pk, reason="等", actor=SYSTEM)
        assert broken_laws() == {}

        run(change)

        broken = broken_laws()["timeline.no_change_without_event"]
        assert broken["table_name"] in change
        assert broken["db_user"]

    def test_a_change_by_the_orm_behind_the_actions_is_reported(self, committed_db):
        order = OrderFactory()

        with transaction.atomic():
            Order.objects.filter(pk=order.pk).update(urgency="red")

        broken = broken_laws()["timeline.no_change_without_event"]
        assert json.loads(broken["changes"]) == {"urgency": ["normal", "red"]}


@pytest.mark.django_db
class TestVerify:
    def test_keeps_what_it_found_with_the_number_of_rows(self, order):
        OrderFactory()
        run("UPDATE orders_order SET state = 'completed'")

        verify()

        found = LawRun.objects.get(law="orders.state_is_last_told")
        assert (found.violations, found.first["state"]) == (2, "completed")
        assert LawRun.objects.count() == len(all_laws())

    def test_the_command_says_so_and_fails(self, order):
        call_command("verify", stdout=(quiet := StringIO()))
        run("UPDATE inventory_stocklevel SET defective = 1")

        with pytest.raises(SystemExit) as end:
            call_command("verify", stdout=(loud := StringIO()))

        assert "BROKEN" not in quiet.getvalue()
        assert "stock.on_hand_is_sum_of_ledger" in loud.getvalue()
        assert ("BROKEN ×1" in loud.getvalue(), end.value.code) == (True, 1)

    def test_repairs_nothing(self, order):
        run("UPDATE inventory_stocklevel SET defective = 1")

        verify()

        assert StockLevel.objects.get().defective == 1

    def test_two_laws_of_one_name_are_refused(self):
        with pytest.raises(ValueError, match="two laws"):
            law("timeline.no_gaps", "x", "SELECT 1")

    def test_a_clock_that_stands_still_is_not_late(self, order):
        run("UPDATE core_timer SET next_at = now() - interval '1 day', stopped_at = now()")

        assert Timer.objects.exists()
        assert broken_laws() == {}
