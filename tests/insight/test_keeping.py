"""The daily numbers: what a known world comes to, however its events are read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction

from ordercenter.core import moments, outbox
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Event
from orders.actions import cancel_order, hold_order, set_urgency
from orders.insight import keeping
from orders.insight.models import DailyNumber, ReadUpTo
from orders.models import Order, Urgency
from tests.insight import world
from tests.rma.world import paid_order

COLUMNS = ("day", "fact", "shop_id", "label", "count", "amount", "minutes")
D10, D9, D8, D7, D6, D5, D1, D0 = (date(2026, 11, day) for day in (10, 11, 12, 13, 14, 15, 19, 20))


def kept() -> list[tuple]:
    return sorted(DailyNumber.objects.values_list(*COLUMNS))


def numbers(fact: str) -> dict[tuple[date, str], tuple[int, Decimal, int]]:
    rows = DailyNumber.objects.filter(fact=fact)
    return {(r.day, r.label): (r.count, r.amount, r.minutes) for r in rows}


YUAN = Decimal("30.00")
NIL = Decimal("0.00")
EXPECTED = {
    "placed": {
        (D10, "normal"): (2, 2 * YUAN, 0),
        (D1, "normal"): (1, YUAN, 0),
        (D0, "normal"): (2, 2 * YUAN, 0),
    },
    "outbound": {
        (D10, "on_time"): (1, YUAN, 120),
        (D7, "late"): (1, YUAN, 3 * 1440),
        (D0, "on_time"): (1, YUAN, 1440),
    },
    "delivered": {(D9, ""): (1, NIL, 1440), (D6, ""): (1, NIL, 1440)},
    "ended": {(D8, "completed"): (1, YUAN, 0), (D0, "cancelled"): (1, YUAN, 0)},
    "returned": {(D5, "wrong_item"): (1, NIL, 0)},
    "refunded": {},
    "resolved": {(D0, "hold"): (1, NIL, 30)},
    "wished": {(D5, "self"): (1, NIL, 0), (D0, "self"): (1, NIL, 0), (D0, "staff"): (2, NIL, 0)},
    "asked": {(D0, "in_time"): (1, NIL, 20)},
}


@pytest.mark.parametrize("fact", EXPECTED)
def test_each_number_is_what_the_known_world_did(db, fact):
    with moments.pretend(world.TODAY):
        world.tell_story()
        keeping.rebuild()

    assert numbers(fact) == EXPECTED[fact]


def test_read_by_events_and_counted_anew_are_the_same(committed_db):
    world.read_to_the_end()
    assert ReadUpTo.objects.get().floor is not None
    assert kept() == []

    world.tell_story()
    world.read_to_the_end()

    by_events = kept()
    assert by_events
    keeping.rebuild()
    assert kept() == by_events


def test_an_event_that_is_read_twice_changes_nothing(committed_db):
    world.read_to_the_end()
    world.tell_story()
    world.read_to_the_end()
    before = kept()

    ReadUpTo.objects.update(floor=0)
    world.read_to_the_end()
    outbox.replay("fulfilment.plan", Event.objects.values_list("stream", flat=True)[0])
    world.tell_everybody()
    world.read_to_the_end()

    assert kept() == before


def test_a_later_change_is_followed(committed_db):
    orders = world.tell_story()
    world.read_to_the_end()
    assert numbers("outbound")[D7, "late"][0] == 1

    with moments.pretend(world.at(0)):
        set_urgency(
            orders["late"].pk,
            seen=None,
            urgency=Urgency.YELLOW,
            ship_by=world.at(6),
            actor=SYSTEM,
        )
        cancel_order(orders["waiting"].pk, seen=None, reason="不要了", actor=SYSTEM)
    keeping.keep()

    assert (D7, "late") not in numbers("outbound")
    assert numbers("outbound")[D7, "on_time"][0] == 1
    assert numbers("ended")[D0, "cancelled"][0] == 2


def test_what_commits_late_is_read_though_newer_events_were(committed_db):
    """Its event has a lower id than one that was read before it could be seen."""
    world.warehouse.make_house()
    with moments.pretend(world.at(0)):
        order = paid_order()
    world.read_to_the_end()
    keeping.keep()

    def meanwhile() -> None:
        hold_order(order.pk, reason="newer than what is still being written", actor=SYSTEM)
        for _time in range(3):
            keeping.keep()

    _place_around(meanwhile)
    assert numbers("placed") == {(D0, "normal"): (1, YUAN, 0)}
    keeping.keep()

    assert Order.objects.count() == 2
    assert numbers("placed") == {(D0, "normal"): (2, 2 * YUAN, 0)}


def _place_around(meanwhile: Callable[[], object]) -> None:
    """Place an order in another connection and commit it after `meanwhile` has run here."""
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with moments.pretend(world.at(0)), transaction.atomic():
                paid_order()
                written.set()
                go_on.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    try:
        meanwhile()
    finally:
        go_on.set()
        thread.join(20)
