"""Returns over HTTP (DESIGN 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from ordercenter.core.actor import Actor
from ordercenter.core.api import schema
from ordercenter.core.api.finding import id_of
from ordercenter.core.api.idempotent import key_of, once
from ordercenter.core.api.lines import by_line
from ordercenter.core.api.paging import PAGE_FIELDS, newest_first
from ordercenter.core.api.shapes import (
    Choice,
    Integer,
    Money,
    Nested,
    Pattern,
    Several,
    Shape,
    Text,
)
from ordercenter.core.api.verbs import VerbView, created_answer, unless_known
from ordercenter.core.api.views import ApiView
from orders.api.reading import NUMBER as ORDER_NUMBER
from orders.api.reading import events_for, last_events, of_own_orders
from orders.api.reading import find_id as find_order
from orders.models import OrderLine
from rma.actions import request_return
from rma.api.answers import COMPONENTS, return_as_json
from rma.api.verbs import MOST_LINES, MOST_PIECES
from rma.models import Refund, Return, ReturnKind, ReturnLine, ReturnReason, ReturnState

TAG = "returns"
NUMBER = r"RMA[0-9]{12,22}"
VIEW_RETURN = "rma.view_return"

LIST_QUERY = Shape(
    Several("state", Choice("state", tuple(ReturnState.values)), 9),
    Pattern("order", ORDER_NUMBER, about="The number of an order."),
    Text("tracking_number", 40, about="Whole."),
    *PAGE_FIELDS,
)
WISH = Shape(
    Pattern("order", ORDER_NUMBER, required=True),
    Choice("kind", tuple(ReturnKind.values), required=True),
    Choice("reason", tuple(ReturnReason.values), required=True),
    Several(
        "lines",
        Nested(
            "line",
            Shape(
                Text("line", 64, required=True, about="Your name of the order's line."),
                Integer("quantity", 1, MOST_PIECES, required=True),
            ),
        ),
        MOST_LINES,
    ),
    Money("amount", about="Only for money; what the pieces are worth when you leave it out."),
    Text("note", 500),
)

schema.components(COMPONENTS)


def visible_to(actor: Actor) -> QuerySet[Return]:
    """The returns of the orders that are this actor's business."""
    return of_own_orders(Return.objects.all(), actor)


def find_id(number: str, actor: Actor) -> int:
    """The id behind an RMA number. Raises `NotFound`, also for another partner's."""
    return id_of(number, visible_to(actor))


def with_parts(rows: QuerySet[Return]) -> QuerySet[Return]:
    """The returns with everything their JSON needs, in three statements."""
    lines = ReturnLine.objects.select_related("sku", "order_line").order_by("pk")
    return rows.select_related("order", "warehouse", "carrier", "replacement").prefetch_related(
        Prefetch("lines", lines), Prefetch("refunds", Refund.objects.order_by("pk"))
    )


def read_return(pk: int) -> dict[str, Any]:
    """The return as it is now."""
    return return_as_json(with_parts(Return.objects.filter(pk=pk)).get())


class ReturnsView(ApiView):
    """All returns: look for some, ask for one."""

    reading_needs = VIEW_RETURN

    @schema.operation(
        "Returns, the newest first",
        tag=TAG,
        id="returns_list",
        answer="ReturnPage",
        query=LIST_QUERY,
    )
    def get(self, request: Request) -> Response:
        """Pages go by `next_cursor`; nothing is counted. Repeat `state` to ask for several."""
        asked = LIST_QUERY.read_query(request.query_params)
        rows = with_parts(_filtered(asked, self.actor))
        return Response(newest_first(request, rows, asked, return_as_json))

    @schema.operation(
        "Ask for a return",
        tag=TAG,
        id="returns_request",
        answer="Return",
        status=201,
        body=WISH,
        headers=(schema.idempotency_key(required=True), schema.ETAG, schema.REPLAYED),
        problems={
            **schema.NOT_FOUND,
            409: "Not eligible: `checks` lists every rule with its sentence.",
        },
    )
    def post(self, request: Request) -> Response:
        """It waits for an answer afterwards. Our staff decide, not the program that asks."""
        actor = self.actor
        key = key_of(request, required=actor.kind == "partner")
        values = WISH.read(request.data)
        return once(
            request,
            key,
            request.data,
            lambda: _request(values, actor),
            status=201,
            answer=created_answer(TAG),
        )


def _filtered(asked: Mapping[str, Any], actor: Actor) -> QuerySet[Return]:
    rows = visible_to(actor)
    if asked["state"]:
        rows = rows.filter(state__in=asked["state"])
    if asked["order"]:
        rows = rows.filter(order__number=asked["order"])
    if asked["tracking_number"]:
        rows = rows.filter(tracking_number=asked["tracking_number"])
    return rows


def _request(values: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    actor.require("rma.request_return")
    order_id = find_order(values["order"], actor)
    rma = request_return(
        order_id,
        seen=None,
        kind=ReturnKind(values["kind"]),
        reason=ReturnReason(values["reason"]),
        quantities=_quantities(order_id, values["lines"] or ()),
        amount=values["amount"],
        note=values["note"],
        actor=actor,
    )
    return read_return(rma.pk)


def _quantities(order_id: int, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    known = dict(OrderLine.objects.filter(order=order_id).values_list("channel_line", "pk"))
    named = by_line(rows, known, unknown=_("The order has no such line."))
    return {line: row["quantity"] for line, row in named}


class ReturnView(ApiView):
    """One return."""

    reading_needs = VIEW_RETURN

    @schema.one("One return", tag=TAG, id="returns_read", answer="Return")
    def get(self, request: Request, number: str) -> Response:
        """The ETag is its version; send it back as If-Match with whatever you decide."""
        return unless_known(request, read_return(find_id(number, self.actor)))


# What bumps a return's version is a move.
_BUMPS = ~Q(to_state="")


class ReturnVerbView(VerbView):
    """One verb of a return."""

    def find(self, number: str) -> int:
        return find_id(number, self.actor)

    def show(self, pk: int) -> dict[str, Any]:
        return read_return(pk)

    def happened_since(self, pk: int, seen: int, current: int) -> Sequence[dict[str, Any]]:
        order_id = Return.objects.values_list("order_id", flat=True).get(pk=pk)
        bumps = (
            events_for(order_id, self.actor)
            .filter(_BUMPS, subject_kind=Return.KIND, subject_id=pk)
            .exclude(kind="return.requested")
        )
        return last_events(bumps, current - seen, self.actor)
