"""A small known world, told by the actions that staff and customers use, at known moments."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Max

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.models import Event
from ordercenter.core.moments import SHANGHAI
from ordercenter.core.outbox import drain
from orders.actions import (
    approve_order,
    cancel_order,
    change_address,
    complete_order,
    confirm_funds_order,
    hold_order,
    resolve_work_order,
)
from orders.care.actions import answer_inquiry, ask_where
from orders.fulfilment.actions import deliver_shipment
from orders.insight import keeping
from orders.insight.models import ReadUpTo
from orders.models import Order
from orders.receiver import Receiver
from rma.models import ReturnReason
from tests.fulfilment import world as warehouse
from tests.rma import world as returns

TODAY = datetime(2026, 11, 20, 12, 0, tzinfo=SHANGHAI)
_ends = [TODAY]
CUSTOMER = Actor(
    kind="customer",
    label="王小明",
    door="page",
    permissions=frozenset(
        {"rma.request_return", "care.ask_where", "care.urge_order", "orders.change_address_order"}
    ),
)
CLERK = Actor(kind="person", label="客服小美", door="admin", id=None)
ELSEWHERE = Receiver("王小明", "13812345678", "上海市", "上海市", "浦东新区", "世纪大道 1 号")


def at(days_ago: float, hours: float = 0) -> datetime:
    """Noon so many days before the present, and so many hours later."""
    return _ends[-1] - timedelta(days=days_ago) + timedelta(hours=hours)


@contextmanager
def ending(moment: datetime) -> Iterator[None]:
    """Within the block stories end there instead of on `TODAY`."""
    _ends.append(moment)
    try:
        yield
    finally:
        _ends.pop()


def released(order: Order) -> Order:
    approve_order(order.pk, seen=None, actor=SYSTEM)
    return confirm_funds_order(order.pk, seen=None, actor=SYSTEM)


def sent(placed_at: datetime, left_at: datetime) -> Order:
    """An order of 30 yuan that was placed and paid then, and left then; promised in 48 hours."""
    with moments.pretend(placed_at):
        order = returns.paid_order()
        released(order)
    with moments.pretend(left_at):
        warehouse.dispatched(Order.objects.get(pk=order.pk))
    return Order.objects.get(pk=order.pk)


def tell_story() -> dict[str, Order]:
    """Three orders that left, one late; returns, questions, a hold, a cancellation.

    ==============  ==========================================================================
    ten days ago    on time: placed, left after 2 h, delivered a day later
    ten days ago    late: placed, left three days later, returned as the wrong thing
    yesterday       fresh: placed; left today after 24 h; asked about, answered after 20 min
    today           waiting: another address by the customer, one by staff; on hold, resolved
    today           gone: placed and cancelled
    ==============  ==========================================================================
    """
    warehouse.make_house()
    orders = {
        "on time": sent(at(10), at(10, 2)),
        "late": sent(at(10), at(7)),
        "fresh": sent(at(1), at(0)),
    }
    with moments.pretend(at(9, 2)):
        parcel = orders["on time"].shipments.get()
        deliver_shipment(parcel.pk, seen=None, reason="签收", actor=SYSTEM)
    with moments.pretend(at(8, 2)):
        complete_order(orders["on time"].pk, seen=None, actor=SYSTEM)
    with moments.pretend(at(6)):
        parcel = orders["late"].shipments.get()
        deliver_shipment(parcel.pk, seen=None, reason="签收", actor=SYSTEM)
    with moments.pretend(at(5)):
        returns.requested(orders["late"], reason=ReturnReason.WRONG_ITEM, actor=CUSTOMER)
    with moments.pretend(at(0, 1)):
        question = ask_where(orders["fresh"].pk, actor=CUSTOMER)
    with moments.pretend(at(0, 1) + timedelta(minutes=20)):
        answer_inquiry(question.pk, place="杭州", expected_at=at(-1), reason="天气", actor=CLERK)
    with moments.pretend(at(0)):
        orders["waiting"] = returns.paid_order()
        change_address(orders["waiting"].pk, seen=None, receiver=ELSEWHERE, actor=CUSTOMER)
        change_address(orders["waiting"].pk, seen=None, receiver=warehouse.RECEIVER, actor=CLERK)
        work = hold_order(orders["waiting"].pk, reason="等客户回复", actor=SYSTEM)
        orders["gone"] = returns.paid_order()
        cancel_order(orders["gone"].pk, seen=None, reason="不要了", actor=SYSTEM)
    with moments.pretend(at(0, 0.5)):
        resolve_work_order(work.pk, seen=None, resolution="客户确认", actor=CLERK)
    return orders


def read_to_the_end() -> None:
    """Keep until nothing of the timeline is left to be read again.

    Transactions of other databases of the server count as running, too: the tests beside this.
    """
    newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
    deadline = time.monotonic() + 30
    while True:
        keeping.keep()
        floor = ReadUpTo.objects.get().floor
        if floor is not None and floor >= newest:
            return
        assert time.monotonic() < deadline, "some transaction does not end"
        time.sleep(0.02)


def tell_everybody() -> None:
    """Let the relay's handlers hear all there is."""
    while drain():
        pass
