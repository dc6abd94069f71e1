"""Orders over HTTP (DESIGN 10)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.api import schema
from ordercenter.core.api.idempotent import key_of, once
from ordercenter.core.api.paging import PAGE_FIELDS, newest_first
from ordercenter.core.api.shapes import Choice, Integer, Moment, Pattern, Several, Shape, Text
from ordercenter.core.api.verbs import VerbView, created_answer, unless_known
from ordercenter.core.api.views import ApiView
from ordercenter.core.errors import BadInput
from orders.actions import Placed, place_order
from orders.api import answers
from orders.api.placing import ORDER, draft_of
from orders.api.reading import (
    as_json,
    events_for,
    find_id,
    read_order,
    visible_to,
    what_happened_since,
    with_parts,
)
from orders.cleaning import Finding
from orders.models import Order, OrderState, Shop
from orders.search import search_orders

TAG = "orders"
VIEW_ORDER = "orders.view_order"

LIST_QUERY = Shape(
    Several("state", Choice("state", tuple(OrderState.values)), 11),
    Text("shop", 40),
    Moment("placed_after"),
    Moment("placed_before"),
    Text("tag", 40),
    Pattern("phone_tail", "[0-9]{4}", about="Last four digits of the receiver's phone."),
    Text("external_number", 64, about="The order's number in your system, whole."),
    Text("search", 64, about="Order number, phone, receiver's name, channel's number."),
    *PAGE_FIELDS,
)
TIMELINE_QUERY = Shape(
    Integer("after", 0, 2**31 - 1, default=0, about="Only events behind this sequence number."),
    Integer("limit", 1, 500, default=100),
)

schema.components(answers.COMPONENTS)


class OrdersView(ApiView):
    """All orders: look for some, place one."""

    reading_needs = VIEW_ORDER

    @schema.operation(
        "Orders, the newest first",
        tag=TAG,
        id="orders_list",
        answer="OrderPage",
        query=LIST_QUERY,
    )
    def get(self, request: Request) -> Response:
        """Pages go by `next_cursor`; nothing is counted. Repeat `state` to ask for several."""
        asked = LIST_QUERY.read_query(request.query_params)
        rows = with_parts(filtered_orders(asked, self.actor))
        return Response(newest_first(request, rows, asked, lambda row: as_json(row, self.actor)))

    @schema.operation(
        "Place an order",
        tag=TAG,
        id="orders_place",
        answer="Order",
        status=201,
        body=ORDER,
        headers=(schema.idempotency_key(required=True), schema.ETAG, schema.REPLAYED),
        problems={409: "Out of stock with all shortages, a duplicate, or its twin still runs."},
    )
    def post(self, request: Request) -> Response:
        """Stored with its stock promised, or nothing at all. What looks wrong becomes a tag."""
        actor = self.actor
        key = key_of(request, required=actor.kind == "partner")
        values = ORDER.read(request.data)
        return once(
            request,
            key,
            request.data,
            lambda: _place(values, actor),
            status=201,
            answer=created_answer(TAG),
        )


def filtered_orders(asked: dict[str, Any], actor: Actor) -> Any:
    """The orders that the query asks for, as far as they are this actor's business."""
    rows = visible_to(actor, search_orders(asked["search"]) if asked["search"] else None)
    if asked["state"]:
        rows = rows.filter(state__in=asked["state"])
    if asked["shop"]:
        rows = rows.filter(shop__code=asked["shop"])
    if asked["placed_after"]:
        rows = rows.filter(placed_at__gt=asked["placed_after"])
    if asked["placed_before"]:
        rows = rows.filter(placed_at__lt=asked["placed_before"])
    if asked["tag"]:
        rows = rows.filter(tags__contains=[asked["tag"]])
    if asked["phone_tail"]:
        rows = rows.filter(receiver_phone_tail=asked["phone_tail"])
    if asked["external_number"]:
        rows = rows.filter(external_number=asked["external_number"])
    return rows


def _place(values: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Place the order in the running transaction; its JSON."""
    actor.require("orders.place_order")
    shop = shop_for(values["shop"], actor)
    main_order = values["main_order"]
    draft = draft_of(
        values,
        at=moments.now(),
        main_order_id=_main_order_id(main_order, shop) if main_order else None,
    )
    placed = place_order(shop, draft, actor=actor, savepoint=False)
    _refuse_unknown_skus(placed, values)
    return answers.order_as_json(
        placed.order, draft.lines, shop=shop.code, main_order=main_order or None, actor=actor
    )


SHOP_CACHE_SECONDS = 10.0
_shops: dict[str, tuple[float, Shop]] = {}


def forget_shops() -> None:
    """Read the shops again at the next request (between tests)."""
    _shops.clear()


def shop_for(code: str, actor: Actor) -> Shop:
    """The active shop with this code, read at most every ten seconds.

    Raises `BadInput` when there is none, or it is not this actor's.
    """
    found = _shops.get(code)
    if found is None or time.monotonic() - found[0] > SHOP_CACHE_SECONDS:
        shop = Shop.objects.filter(code=code, is_active=True).first()
        if shop is not None:
            found = _shops[code] = (time.monotonic(), shop)
    if found is None or not actor.may_see_shop(found[1].pk):
        raise BadInput(fields={"shop": [str(_("You have no shop with this code."))]})
    return found[1]


def _main_order_id(number: str, shop: Shop) -> int:
    pk = Order.objects.filter(number=number, shop=shop).values_list("pk", flat=True).first()
    if pk is None:
        raise BadInput(fields={"main_order": [str(_("The shop has no such order."))]})
    return int(pk)


def _refuse_unknown_skus(placed: Placed, values: dict[str, Any]) -> None:
    """A program can be told at once what a channel's message would need a person for."""
    unknown = placed.findings.get(Finding.UNKNOWN_SKU)
    if unknown:
        raise BadInput(
            fields={
                f"lines.{place}.sku": [str(_("There is no such SKU."))]
                for place, line in enumerate(values["lines"])
                if line["sku"] in unknown
            }
        )


class OrderView(ApiView):
    """One order."""

    reading_needs = VIEW_ORDER

    @schema.one("One order", tag=TAG, id="orders_read", answer="Order")
    def get(self, request: Request, number: str) -> Response:
        """The ETag is its version; send it back as If-Match with whatever you decide."""
        return unless_known(request, read_order(find_id(number, self.actor), self.actor))


class OrderVerbView(VerbView):
    """One verb of an order."""

    def find(self, number: str) -> int:
        return find_id(number, self.actor)

    def lock(self, pk: int, seen: int) -> None:
        # Notes and holds don't ask for the version themselves.
        Order.objects.locked(pk, seen=seen)

    def show(self, pk: int) -> dict[str, Any]:
        return read_order(pk, self.actor)

    def happened_since(self, pk: int, seen: int, current: int) -> Sequence[dict[str, Any]]:
        return what_happened_since(pk, seen, current, self.actor)


class TimelineView(ApiView):
    """An order's story."""

    reading_needs = VIEW_ORDER

    @schema.operation(
        "What happened to an order",
        tag=TAG,
        id="orders_timeline",
        answer="Timeline",
        query=TIMELINE_QUERY,
        problems=schema.NOT_FOUND,
    )
    def get(self, request: Request, number: str) -> Response:
        """In the order it happened. Sequence numbers rise; some may be missing for you."""
        asked = TIMELINE_QUERY.read_query(request.query_params)
        pk = find_id(number, self.actor)
        events = list(
            events_for(pk, self.actor)
            .filter(sequence__gt=asked["after"])
            .order_by("sequence")[: asked["limit"] + 1]
        )
        shown = events[: asked["limit"]]
        return Response(
            {
                "results": [answers.event_as_json(event, self.actor) for event in shown],
                "last": shown[-1].sequence if shown else asked["after"],
                "has_more": len(events) > len(shown),
            }
        )
