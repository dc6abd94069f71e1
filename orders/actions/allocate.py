"""Promises of stock that must be made again, and those nobody paid for."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from inventory.actions import release_reservations, reserve
from inventory.actions.reserve import Promise
from inventory.errors import OutOfStock
from inventory.models import Reservation
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import WrongState
from ordercenter.core.lifecycle import ask_guards
from ordercenter.core.timeline import record
from orders.actions.place import stock_request
from orders.actions.work_orders import withdraw_work_orders
from orders.models import Order, OrderLine, OrderState, WorkOrderKind
from orders.models.orders import BEFORE_PACKING
from orders.selectors import warehouses_of

EXPIRY = Actor.system("timer:stock holds")


@transaction.atomic
def allocate_order(order_id: int, *, seen: int | None, actor: Actor) -> Order:
    """Promise stock to an order that has none, and withdraw its shortage work orders.

    Raises `OutOfStock` with all shortages, `WrongState` once goods are packed, and whatever a
    guard on "allocate" refuses with (a parcel that is labelled or has left).
    """
    actor.require("orders.allocate_order")
    order = Order.objects.locked(order_id, seen=seen)
    if order.state not in BEFORE_PACKING:
        raise WrongState(state=order.state, verb="allocate")
    ask_guards(order, "allocate", actor)
    lines = list(order.lines.all())
    promise = promise_anew(order, lines)
    record(order, "order.allocated", actor=actor, data={"warehouse": promise.warehouse})
    end_shortage(order, actor=actor)
    return order


def promise_anew(order: Order, lines: Sequence[OrderLine]) -> Promise:
    """The stock of all the order's lines is promised from scratch; the order is locked.

    Raises `OutOfStock` with all shortages.
    """
    release_reservations([line.pk for line in lines])
    promise = reserve([stock_request(order, lines, warehouses_of(order.shop))])[0]
    if promise.shortages:
        raise OutOfStock(promise.shortages)
    return promise


def end_shortage(order: Order, *, actor: Actor) -> None:
    """Nobody has to look for the order's stock any more."""
    withdraw_work_orders(
        order,
        [WorkOrderKind.SHORTAGE, WorkOrderKind.PAID_AFTER_EXPIRY],
        reason=str(_("Stock was found.")),
        actor=actor,
    )


_EXPIRED = """
SELECT DISTINCT l.order_id
  FROM inventory_reservation r JOIN orders_orderline l ON l.id = r.line
 WHERE r.state = 'held' AND r.expires_at <= %s
 LIMIT %s
"""


def release_expired_holds(limit: int = 500) -> int:
    """Give back stock that unpaid orders held for too long; how many orders lost their hold.

    Works order by order, each under its order's lock, so a payment that comes at the same
    moment either confirms the hold first or finds it gone and asks for stock anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRED, [moments.now(), limit])
        ids = [row[0] for row in cursor.fetchall()]
    return sum(_release_expired(order_id) for order_id in ids)


def _is_hold_over(lines: Sequence[int]) -> bool:
    return Reservation.objects.filter(
        line__in=lines, state=Reservation.State.HELD, expires_at__lte=moments.now()
    ).exists()


@transaction.atomic
def _release_expired(order_id: int) -> bool:
    order = Order.objects.locked(order_id, seen=None)
    lines = list(order.lines.values_list("pk", flat=True))
    if order.state != OrderState.PENDING_PAYMENT or not _is_hold_over(lines):
        return False
    pieces = release_reservations(lines)
    record(order, "order.hold_expired", actor=EXPIRY, data={"pieces": pieces})
    return True
