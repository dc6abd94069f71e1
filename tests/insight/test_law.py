"""The law of the numbers: what was kept is what counting anew gives."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connection, transaction

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.actions import revise_order
from orders.actions.revise import LineRevision
from orders.insight import keeping
from orders.insight.models import DailyNumber
from orders.models import Order
from tests.insight import world
from tests.support.laws import broken_laws


def yesterday_kept() -> Order:
    """The known world ended yesterday and the timeline was read to its end."""
    with world.ending(moments.now() - timedelta(days=1)):
        orders = world.tell_story()
    world.read_to_the_end()
    assert DailyNumber.objects.exists()
    return orders["waiting"]


def test_it_holds_after_reading_and_breaks_when_a_number_is_touched(committed_db):
    yesterday_kept()
    assert broken_laws("insight") == {}

    row = DailyNumber.objects.filter(fact="placed").latest("day")
    DailyNumber.objects.filter(pk=row.pk).update(count=row.count + 1)

    found = broken_laws("insight")["insight.kept_is_counted"]
    assert (found["kept"], found["counted"]) == (row.count + 1, row.count)


def test_it_breaks_when_a_day_was_forgotten(committed_db):
    yesterday_kept()

    DailyNumber.objects.filter(fact="ended").latest("day").delete()

    assert "insight.kept_is_counted" in broken_laws("insight")


def test_what_nobody_has_read_yet_breaks_nothing(committed_db):
    order = yesterday_kept()
    placed = DailyNumber.objects.filter(fact="placed").latest("day")
    line = order.lines.first()

    revise_order(
        order.pk,
        seen=None,
        revisions=[LineRevision(line.pk, line.sku_code, line.quantity + 1, line.unit_price)],
        reason="多要一件",
        actor=SYSTEM,
    )

    assert broken_laws("insight") == {}
    keeping.keep()
    assert broken_laws("insight") == {}
    assert DailyNumber.objects.get(fact="placed", day=placed.day).amount == placed.amount + 10


def test_before_the_first_reading_nothing_is_claimed(committed_db):
    with world.ending(moments.now() - timedelta(days=1)):
        world.tell_story()

    assert broken_laws("insight") == {}


def test_two_keepers_never_count_at_once(committed_db):
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                keeping.keep()
                inside.set()
                leave.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(20)
    try:
        assert keeping.keep() is None
    finally:
        leave.set()
        thread.join(20)
    assert keeping.keep() is not None
