"""Orders as an API caller may find them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import F, Model, Prefetch, Q, QuerySet

from ordercenter.core.actor import Actor
from ordercenter.core.api.finding import id_of
from ordercenter.core.models import Event
from orders.api.answers import event_as_json, order_as_json
from orders.models import Order, OrderLine

# Events of an order that tell what the ERP did with it.
BOOKS = "order.erp_"
NUMBER = r"OC[0-9]{13,22}"

Row = TypeVar("Row", bound=Model)


def visible_to(actor: Actor, orders: QuerySet[Order] | None = None) -> QuerySet[Order]:
    """The orders that are this actor's business."""
    rows = Order.objects.all() if orders is None else orders
    if actor.shops is None:
        return rows
    if len(actor.shops) == 1:
        # Equality lets (shop, -id) give the page in its order; a list of shops would sort.
        return rows.filter(shop=next(iter(actor.shops)))
    return rows.filter(shop__in=actor.shops)


def of_own_orders(rows: QuerySet[Row], actor: Actor) -> QuerySet[Row]:
    """The rows that belong to orders which are this actor's business."""
    return rows if actor.shops is None else rows.filter(order__shop__in=actor.shops)


def find_id(number: str, actor: Actor) -> int:
    """The id behind an order number. Raises `NotFound`, also for another partner's order."""
    return id_of(number, visible_to(actor))


def with_parts(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The orders with everything their JSON needs, in two statements."""
    lines = Prefetch("lines", OrderLine.objects.order_by("pk"))
    return orders.annotate(
        shop_code=F("shop__code"), main_number=F("main_order__number")
    ).prefetch_related(lines)


def as_json(order: Order, actor: Actor) -> dict[str, Any]:
    """The JSON of an order that was read `with_parts`."""
    row: Any = order
    return order_as_json(
        order,
        order.lines.all(),
        shop=row.shop_code,
        main_order=row.main_number,
        actor=actor,
    )


def read_order(pk: int, actor: Actor) -> dict[str, Any]:
    """The order as it is now."""
    return as_json(with_parts(Order.objects.filter(pk=pk)).get(), actor)


def events_for(order_id: int, actor: Actor) -> QuerySet[Event]:
    """The order's story. Partners read what became of it, of its parcels, returns and refunds, and
    their own notes; how our books take it is no business of theirs."""
    events = Event.objects.filter(stream=f"{Order.KIND}:{order_id}")
    if actor.kind != "partner":
        return events
    told = Q(kind__startswith="order.") | Q(kind__startswith="shipment.")
    told |= Q(kind__startswith="return.") | Q(kind__startswith="refund.")
    own_note = Q(actor_kind="partner", actor_id=actor.id)
    return (
        events.filter(told)
        .exclude(kind__startswith=BOOKS)
        .filter(~Q(kind="order.note_added") | own_note)
    )


# What bumps an order's version leaves one event each: a move, or fields before and after.
_BUMPS = ~Q(to_state="") | ~Q(changes={}) | Q(kind="order.refund_flagged")


def what_happened_since(
    order_id: int, seen: int, current: int, actor: Actor
) -> Sequence[dict[str, Any]]:
    """The events between two versions of the order, oldest first, the last twenty at most."""
    bumps = events_for(order_id, actor).filter(_BUMPS, subject_kind=Order.KIND, sequence__gt=1)
    return last_events(bumps, current - seen, actor)


def last_events(events: QuerySet[Event], count: int, actor: Actor) -> Sequence[dict[str, Any]]:
    """The last so many of these events, twenty at most, oldest first."""
    found = events.order_by("-sequence")[: min(max(count, 0), 20)]
    return [event_as_json(event, actor) for event in reversed(found)]
