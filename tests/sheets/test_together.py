"""Two people upload two edits of one export while a third changes orders, all at once.

The laws, for any field of any order, whoever comes first:
1. what stands afterwards is the base, or what one of the three wrote; a mixture never;
2. a person whose cell says “applied” is found in the field's story with exactly that change;
3. a story is a chain: each change begins where the one before it ended, and what stands now is
   its end; so nobody overwrote a value that they had not seen;
4. a wish that is not in the story is a conflict that shows the three values.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import BytesIO

import pytest
from django.db import connections

from ordercenter.core.actor import Actor
from ordercenter.core.models import Event
from orders.actions import set_memo, set_urgency
from orders.models import Order, Urgency
from orders.sheets import runs
from orders.sheets.models import SheetCell, SheetRun
from tests.factories import OrderFactory
from tests.sheets.world import Sheet, export, person
from tests.support.laws import broken_laws

ORDERS = 24
FIELDS = ("seller_memo", "urgency")


@pytest.fixture
def orders(committed_db: None) -> list[Order]:
    return [OrderFactory() for _ in range(ORDERS)]


def edited(content: bytes, orders: list[Order], memo: str, urgency: str) -> BytesIO:
    """Each edits two of three orders, so that some are edited by one and some by both."""
    sheet = Sheet(content)
    for order in orders:
        sheet.set(order, seller_memo=f"{memo} {order.pk}", urgency=urgency)
    return BytesIO(sheet.saved())


def all_at_once(*works: Callable[[], object]) -> None:
    gate, failures = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        try:
            gate.wait(timeout=30)
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    assert failures == []


@pytest.mark.parametrize("turn", range(3))
def test_nobody_loses_a_change_and_every_conflict_is_shown(
    orders: list[Order], turn: int, monkeypatch: pytest.MonkeyPatch
):
    one, two, third = person(full_name="甲"), person(full_name="乙"), person(full_name="丙")
    content = export(actor=one)
    red, yellow = str(Urgency.RED.label), str(Urgency.YELLOW.label)
    files = {
        one: edited(content, orders[: ORDERS * 2 // 3], "甲", red),
        two: edited(content, orders[ORDERS // 3 :], "乙", yellow),
    }
    made: dict[Actor, SheetRun] = {}
    # Both have compared before either writes: what the comparison said is stale for one of them.
    compared = threading.Barrier(2)
    compare = runs.compare

    def and_wait(*args: object, **kwargs: object) -> object:
        answer = compare(*args, **kwargs)  # type: ignore[arg-type]
        compared.wait(timeout=30)
        return answer

    monkeypatch.setattr(runs, "compare", and_wait)
    # Small batches: the two and the third meet many times.
    monkeypatch.setattr("orders.sheets.applying.BATCH", 4)

    def uploads(actor: Actor) -> None:
        run = runs.receive_workbook(files[actor], name="orders.xlsx", actor=actor)
        made[actor] = runs.sync_orders(run, actor=actor, is_dry=False)

    def works_on() -> None:
        for order in orders[turn::3]:
            set_memo(order.pk, seen=None, text=f"丙 {order.pk}", actor=third)
            set_urgency(order.pk, seen=None, urgency=Urgency.ORANGE, actor=third)

    all_at_once(lambda: uploads(one), lambda: uploads(two), works_on)

    for order in orders:
        for field in FIELDS:
            obey_the_laws(order, field, {one: made[one], two: made[two]}, third)
    assert broken_laws() == {}
    shown = SheetCell.objects.filter(outcome="conflict")
    assert shown.exists(), "nobody met anybody: the test shows nothing"


def obey_the_laws(order: Order, field: str, synced: dict[Actor, SheetRun], third: Actor) -> None:
    base, now = getattr(order, field), getattr(Order.objects.get(pk=order.pk), field)
    story = list(
        Event.objects.filter(stream=order.stream, changes__has_key=field).order_by("sequence")
    )
    steps = [(told.actor_id, *told.changes[field]) for told in story]
    stands = base
    for _who, before, after in steps:
        assert before == stands, f"{field} of {order}: a change of what was not there"
        stands = after
    assert now == stands, f"{field} of {order}: changed without a word"
    for actor, run in synced.items():
        cell = run.cells.filter(order_id=order.pk, field=field).first()
        mine = [after for who, _before, after in steps if who == actor.id]
        if cell is None:
            assert mine == [], "changed what was not edited"
        elif cell.outcome == SheetCell.Outcome.APPLIED:
            assert mine == [cell.yours], "told to be applied, and lost"
            assert (actor.id, base, cell.yours) in steps
        else:
            assert mine == []
            assert cell.outcome == SheetCell.Outcome.CONFLICT
            assert (cell.base, cell.theirs == cell.yours) == (base, False)
            assert cell.theirs in [after for _who, _before, after in steps], "theirs is somebody's"
            assert cell.changed_by in ("甲", "乙", "丙") and cell.changed_at is not None
