"""What people change in a sheet reaches the orders; what others changed meanwhile is not lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import WrongState
from ordercenter.core.merge import merge_field
from ordercenter.core.models import Event
from orders.actions import add_note, change_address, hold_order, set_memo, set_urgency
from orders.models import Order, OrderNote, OrderState, Urgency
from orders.receiver import Receiver
from orders.sheets import runs
from orders.sheets.models import SheetRun
from tests.factories import RECEIVER, OrderFactory
from tests.sheets.world import Sheet, Synced, export, person, sync
from tests.support.laws import broken_laws

pytestmark = pytest.mark.django_db


def read(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def kinds(order: Order) -> list[str]:
    told = Event.objects.filter(stream=order.stream).order_by("sequence")
    return list(told.values_list("kind", flat=True))


def test_every_kind_of_cell_reaches_the_order_through_its_action():
    order = OrderFactory()
    boss = person()
    sheet = Sheet(export(actor=boss)).set(
        order,
        state="待核款",
        urgency="特急",
        receiver_name="李雷",
        receiver_phone=13900001111,
        receiver_street="龙井路 1 号",
        seller_memo="贵重，走顺丰",
        note="客户催了两次",
    )
    sheet.set(order, urgency=str(Urgency.RED.label))

    done = sync(sheet.saved(), actor=boss)

    now = read(order)
    assert (now.state, now.urgency) == (OrderState.PENDING_FINANCE, Urgency.RED)
    assert (now.receiver_name, now.receiver_phone) == ("李雷", "13900001111")
    assert (now.receiver_street, now.receiver_phone_tail) == ("龙井路 1 号", "1111")
    assert now.seller_memo == "贵重，走顺丰"
    assert OrderNote.objects.get(order=order).text == "客户催了两次"
    assert {outcome for _field, outcome in done.cells()} == {"applied"}
    assert kinds(order)[1:] == [
        "order.address_changed",
        "order.memo_set",
        "order.urgency_set",
        "order.note_added",
        "order.approved",
    ]
    assert set(Event.objects.filter(stream=order.stream, sequence__gt=1).values_list("door")) == {
        ("sheet",)
    }


def test_plain_fields_of_many_orders_go_together_and_leave_the_same_trace():
    orders = [OrderFactory() for _ in range(3)]
    boss = person()
    sheet = Sheet(export(actor=boss))
    for order in orders:
        sheet.set(order, seller_memo=f"memo {order.pk}")
    sheet.set(orders[0], urgency=str(Urgency.YELLOW.label))

    sync(sheet.saved(), actor=boss)

    assert [read(order).seller_memo for order in orders] == [f"memo {o.pk}" for o in orders]
    assert [read(order).version - order.version for order in orders] == [2, 1, 1]
    assert kinds(orders[0])[1:] == ["order.urgency_set", "order.memo_set"]
    told = Event.objects.get(stream=orders[1].stream, kind="order.memo_set")
    assert told.changes == {"seller_memo": ["", f"memo {orders[1].pk}"]}
    assert broken_laws() == {}


def test_statements_follow_the_batches_and_not_the_rows():
    orders = [OrderFactory() for _ in range(40)]
    boss = person()
    taken = []
    for count in (4, 40):
        sheet = Sheet(export(actor=boss))
        for order in orders[:count]:
            sheet.set(order, seller_memo=f"memo {count}")
        with CaptureQueriesContext(connection) as statements:
            sync(sheet.saved(), actor=boss)
        taken.append(len(statements))

    assert Order.objects.filter(seller_memo="memo 40").count() == 40
    assert taken[0] == taken[1]


def test_a_dry_run_tells_everything_and_changes_nothing():
    order, ready = OrderFactory(), OrderFactory(state=OrderState.PENDING_FINANCE)
    boss = person()
    content = Sheet(export(actor=boss)).set(order, state="已完成", seller_memo="x", note="n")
    content.set(ready, state="备货中")
    events = Event.objects.count()

    looked = sync(content.saved(), actor=boss, is_dry=True)

    assert looked.run.state == SheetRun.State.LOOKED
    assert looked.outcome(order, "state") == "refused"
    assert looked.outcome(order, "seller_memo") == "applied"
    assert looked.outcome(ready, "state") == "applied"
    assert Event.objects.count() == events
    assert (read(order).seller_memo, read(ready).state) == ("", OrderState.PENDING_FINANCE)


def test_two_people_edit_one_export_while_others_change_orders():
    orders = [OrderFactory() for _ in range(4)]
    one, two, cs = person(full_name="甲"), person(full_name="乙"), person(full_name="丙")
    content = export(actor=one)
    mine = Sheet(content).set(orders[0], seller_memo="甲的").set(orders[1], seller_memo="甲的")
    mine.set(orders[3], receiver_name="甲改")
    yours = Sheet(content).set(orders[1], seller_memo="乙的").set(orders[2], seller_memo="乙的")
    yours.set(orders[3], receiver_phone="13911112222")
    set_memo(orders[2].pk, seen=None, text="丙的", actor=cs)

    first = sync(mine.saved(), actor=one)
    second = sync(yours.saved(), actor=two)

    assert {outcome for _f, outcome in first.cells()} == {"applied"}
    assert [read(order).seller_memo for order in orders] == ["甲的", "甲的", "丙的", ""]
    assert second.outcome(orders[1], "seller_memo") == "conflict"
    clash = second.cell(orders[2], "seller_memo")
    assert clash is not None
    assert (clash.base, clash.theirs, clash.yours) == ("", "丙的", "乙的")
    assert clash.changed_by == "丙" and clash.changed_at is not None
    # Different fields of one order: both survive.
    both = read(orders[3])
    assert (both.receiver_name, both.receiver_phone) == ("甲改", "13911112222")


def test_an_address_is_never_made_of_two_peoples_halves():
    order = OrderFactory()
    boss = person()
    sheet = Sheet(export(actor=boss)).set(order, receiver_city="宁波市", receiver_name="李雷")
    moved = Receiver(**{**_parts(), "street": "天目山路 8 号"})
    change_address(order.pk, seen=None, receiver=moved, actor=SYSTEM)

    done = sync(sheet.saved(), actor=boss)

    now = read(order)
    assert (now.receiver_city, now.receiver_street) == ("杭州市", "天目山路 8 号")
    assert now.receiver_name == "李雷"
    clash = done.cell(order, "receiver_city")
    assert clash is not None and clash.outcome == "conflict" and clash.changed_by == "system"


def test_what_turns_stale_between_look_and_confirmation_is_a_conflict():
    order, other = OrderFactory(), OrderFactory()
    boss = person()
    content = Sheet(export(actor=boss)).set(order, seller_memo="mine").set(other, seller_memo="ok")
    looked = sync(content.saved(), actor=boss, is_dry=True)
    assert looked.outcome(order, "seller_memo") == "applied"
    set_memo(order.pk, seen=None, text="faster", actor=SYSTEM)

    done = Synced(runs.sync_orders(looked.run, actor=boss, is_dry=False))

    assert done.outcome(order, "seller_memo") == "conflict"
    assert read(order).seller_memo == "faster"
    assert read(other).seller_memo == "ok"
    assert done.run.counts["conflict"] == 1 and done.run.counts["applied"] == 1


@pytest.mark.parametrize("field", ["seller_memo", "receiver_name", "receiver_city", "urgency"])
def test_what_turns_stale_after_the_comparison_is_seen_under_the_lock(
    field: str, monkeypatch: pytest.MonkeyPatch
):
    order = OrderFactory()
    boss = person()
    wish = {"urgency": str(Urgency.RED.label)}.get(field, "宁波市")
    content = Sheet(export(actor=boss)).set(order, **{field: wish})
    compare = runs.compare

    def and_then_somebody_is_faster(*args: Any, **kwargs: Any) -> Any:
        answer = compare(*args, **kwargs)
        set_memo(order.pk, seen=None, text="faster", actor=SYSTEM)
        set_urgency(order.pk, seen=None, urgency=Urgency.YELLOW, actor=SYSTEM)
        faster = Receiver(**{**_parts(), "name": "韩梅梅", "street": "天目山路 8 号"})
        change_address(order.pk, seen=None, receiver=faster, actor=SYSTEM)
        return answer

    monkeypatch.setattr(runs, "compare", and_then_somebody_is_faster)

    done = sync(content.saved(), actor=boss)

    clash = done.cell(order, field)
    assert clash is not None
    assert (clash.outcome, clash.changed_by) == ("conflict", "system")
    now = read(order)
    assert (now.seller_memo, now.urgency, now.receiver_name, now.receiver_city) == (
        "faster",
        Urgency.YELLOW,
        "韩梅梅",
        "杭州市",
    )


def test_the_same_file_again_changes_nothing():
    order = OrderFactory()
    boss = person()
    content = Sheet(export(actor=boss)).set(order, seller_memo="m", note="once", state="待核款")
    sync(content.saved(), actor=boss)
    events, version = Event.objects.count(), read(order).version

    again = sync(content.saved(), actor=boss)

    assert {outcome for _f, outcome in again.cells()} == {"merged"}
    assert (Event.objects.count(), read(order).version) == (events, version)
    assert OrderNote.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "wish"),
    [
        (OrderState.PENDING_REVIEW, "备货中"),
        (OrderState.PENDING_REVIEW, "运输中"),
        (OrderState.PENDING_PAYMENT, "待审核"),
        (OrderState.PREPARING, "待核款"),
        (OrderState.CANCELLED, "待核款"),
        (OrderState.PENDING_REVIEW, "随便什么"),
    ],
)
def test_only_moves_that_exist_are_made(state: OrderState, wish: str):
    order = OrderFactory(state=state)
    boss = person()

    done = sync(Sheet(export(actor=boss)).set(order, state=wish).saved(), actor=boss)

    cell = done.cell(order, "state")
    assert cell is not None and cell.outcome == "refused"
    assert cell.message or cell.reason
    assert read(order).state == state


def test_cancelling_needs_the_reason_column():
    bare, told = OrderFactory(), OrderFactory()
    boss = person()
    sheet = Sheet(export(actor=boss)).set(bare, state="已取消")
    sheet.set(told, state="已取消", cancel_reason="客户不要了")

    done = sync(sheet.saved(), actor=boss)

    assert done.outcome(bare, "state") == "refused"
    assert read(bare).state == OrderState.PENDING_REVIEW
    assert read(told).state == OrderState.CANCELLED
    event = Event.objects.get(stream=told.stream, kind="order.cancelled")
    assert event.data == {"reason": "客户不要了"}


def test_a_hold_stops_a_state_cell_and_says_so():
    order = OrderFactory()
    hold_order(order.pk, reason="等客户确认", actor=SYSTEM)
    boss = person()

    done = sync(Sheet(export(actor=boss)).set(order, state="待核款").saved(), actor=boss)

    cell = done.cell(order, "state")
    assert cell is not None and cell.reason == "on_hold" and "等客户确认" in cell.message


def test_a_bad_address_is_refused_with_what_is_wrong_and_the_rest_is_written():
    order = OrderFactory()
    boss = person()
    sheet = Sheet(export(actor=boss)).set(order, receiver_phone="123", seller_memo="ok")

    done = sync(sheet.saved(), actor=boss)

    assert done.outcome(order, "receiver_phone") == "refused"
    assert read(order).receiver_phone == RECEIVER.phone
    assert read(order).seller_memo == "ok"


def test_rows_may_be_sorted_filtered_and_left_out():
    kept, gone = OrderFactory(), OrderFactory()
    boss = person()
    sheet = Sheet(export(actor=boss)).set(kept, seller_memo="kept").set(gone, seller_memo="gone")
    sheet.main.delete_rows(sheet.row_of(gone))

    done = sync(sheet.saved(), actor=boss)

    assert (read(kept).seller_memo, read(gone).seller_memo) == ("kept", "")
    assert done.run.counts["rows"] == 1


def test_a_run_is_applied_once():
    order = OrderFactory()
    boss = person()
    done = sync(Sheet(export(actor=boss)).set(order, note="once").saved(), actor=boss)

    with pytest.raises(WrongState):
        runs.sync_orders(done.run, actor=boss, is_dry=False)

    assert OrderNote.objects.count() == 1


def test_a_note_that_stood_there_before_the_export_may_be_written_again():
    order = OrderFactory()
    add_note(order.pk, text="再打一次电话", actor=SYSTEM)
    boss = person()

    done = sync(Sheet(export(actor=boss)).set(order, note="再打一次电话").saved(), actor=boss)

    assert done.outcome(order, "note") == "applied"
    assert OrderNote.objects.count() == 2


def test_changed_locked_cells_are_told_and_not_written():
    order = OrderFactory()
    boss = person()
    sheet = Sheet(export(actor=boss)).set(order, total=1, seller_memo="ok")

    done = sync(sheet.saved(), actor=boss)

    row = done.cell(order, "")
    assert row is not None and (row.outcome, row.reason) == ("refused", "locked")
    assert read(order).total == order.total
    assert read(order).seller_memo == "ok"


MEMOS = st.sampled_from(["", "a", "b", "甲"])
NAMES = st.sampled_from(["王小明", "李雷", "韩梅梅"])
CITIES = st.sampled_from(["杭州市", "宁波市"])
STREETS = st.sampled_from(["文三路 1 号", "龙井路 2 号"])
URGENCIES = st.sampled_from([Urgency.NORMAL, Urgency.RED])
VALUES = st.fixed_dictionaries(
    {
        "seller_memo": MEMOS,
        "urgency": URGENCIES,
        "receiver_name": NAMES,
        "receiver_city": CITIES,
        "receiver_street": STREETS,
    }
)


@given(base=VALUES, theirs=VALUES, yours=VALUES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_whole_path_is_the_three_way_merge(
    base: dict[str, str], theirs: dict[str, str], yours: dict[str, str], settled: Callable[..., Any]
):
    """For any base, theirs and yours: outcomes and what stands afterwards are core.merge's."""
    order, boss = settled()
    bring_to(order, base)
    sheet = Sheet(export(order, actor=boss))
    bring_to(order, theirs)
    words = {**yours, "urgency": str(Urgency(yours["urgency"]).label)}

    done = sync(sheet.set(order, **words).saved(), actor=boss)

    now = read(order)
    for field in ("seller_memo", "urgency", "receiver_name"):
        merged = merge_field(field, base[field], theirs[field], yours[field])
        assert done.outcome(order, field) == merged.outcome, field
        assert getattr(now, field) == merged.result, field
    parts = ("receiver_city", "receiver_street")
    b, t, y = (tuple(values[part] for part in parts) for values in (base, theirs, yours))
    merged = merge_field("address", b, t, y)
    assert (now.receiver_city, now.receiver_street) == merged.result
    for part in parts:
        expected = merged.outcome if yours[part] != base[part] else "unchanged"
        assert done.outcome(order, part) == expected, part


@pytest.fixture
def settled() -> Callable[..., Any]:
    order, boss = OrderFactory(), person()
    return lambda: (order, boss)


def bring_to(order: Order, values: dict[str, str]) -> None:
    set_memo(order.pk, seen=None, text=values["seller_memo"], actor=SYSTEM)
    set_urgency(order.pk, seen=None, urgency=Urgency(values["urgency"]), actor=SYSTEM)
    receiver = Receiver(
        **{
            **_parts(),
            "name": values["receiver_name"],
            "city": values["receiver_city"],
            "street": values["receiver_street"],
        }
    )
    change_address(order.pk, seen=None, receiver=receiver, actor=SYSTEM)


def _parts() -> dict[str, str]:
    return {
        name: getattr(RECEIVER, name)
        for name in ("name", "phone", "province", "city", "district", "street")
    }
