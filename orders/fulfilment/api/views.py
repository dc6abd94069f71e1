"""Shipments over HTTP (DESIGN 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ordercenter.core.actor import Actor
from ordercenter.core.api import schema
from ordercenter.core.api.files import FileRenderer
from ordercenter.core.api.finding import id_of
from ordercenter.core.api.paging import PAGE_FIELDS, newest_first
from ordercenter.core.api.shapes import Choice, Pattern, Several, Shape, Text
from ordercenter.core.api.verbs import VerbView, unless_known
from ordercenter.core.api.views import ApiView
from orders.api.reading import NUMBER as ORDER_NUMBER
from orders.api.reading import events_for, last_events, of_own_orders
from orders.fulfilment.api.answers import COMPONENTS, shipment_as_json
from orders.fulfilment.labels import draw_label
from orders.fulfilment.models import Shipment, ShipmentLine, ShipmentState

TAG = "shipments"
NUMBER = r"SH[0-9]{13,22}"
VIEW_SHIPMENT = "fulfilment.view_shipment"
PRINT_LABEL = "fulfilment.print_label_shipment"

LIST_QUERY = Shape(
    Several("state", Choice("state", tuple(ShipmentState.values)), 9),
    Pattern("order", ORDER_NUMBER, about="The number of an order."),
    Text("warehouse", 20),
    Text("waybill", 40, about="Whole."),
    *PAGE_FIELDS,
)

schema.components(COMPONENTS)


def visible_to(actor: Actor) -> QuerySet[Shipment]:
    """The shipments of the orders that are this actor's business."""
    return of_own_orders(Shipment.objects.all(), actor)


def find_id(number: str, actor: Actor) -> int:
    """The id behind a shipment number. Raises `NotFound`, also for another partner's."""
    return id_of(number, visible_to(actor))


def with_parts(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    """The shipments with everything their JSON needs, in two statements."""
    lines = ShipmentLine.objects.select_related("sku", "order_line").order_by("pk")
    return rows.select_related("order", "warehouse", "carrier").prefetch_related(
        Prefetch("lines", lines)
    )


def read_shipment(pk: int, actor: Actor) -> dict[str, Any]:
    """The shipment as it is now."""
    return shipment_as_json(with_parts(Shipment.objects.filter(pk=pk)).get(), actor)


class ShipmentsView(ApiView):
    """All shipments."""

    reading_needs = VIEW_SHIPMENT

    @schema.operation(
        "Shipments, the newest first",
        tag=TAG,
        id="shipments_list",
        answer="ShipmentPage",
        query=LIST_QUERY,
    )
    def get(self, request: Request) -> Response:
        """Pages go by `next_cursor`; nothing is counted. Repeat `state` to ask for several."""
        asked = LIST_QUERY.read_query(request.query_params)
        rows = with_parts(_filtered(asked, self.actor))
        page = newest_first(request, rows, asked, lambda row: shipment_as_json(row, self.actor))
        return Response(page)


def _filtered(asked: Mapping[str, Any], actor: Actor) -> QuerySet[Shipment]:
    rows = visible_to(actor)
    if asked["state"]:
        rows = rows.filter(state__in=asked["state"])
    if asked["order"]:
        rows = rows.filter(order__number=asked["order"])
    if asked["warehouse"]:
        rows = rows.filter(warehouse__code=asked["warehouse"])
    if asked["waybill"]:
        rows = rows.filter(waybill=asked["waybill"])
    return rows


class ShipmentView(ApiView):
    """One shipment."""

    reading_needs = VIEW_SHIPMENT

    @schema.one("One shipment", tag=TAG, id="shipments_read", answer="Shipment")
    def get(self, request: Request, number: str) -> Response:
        """The ETag is its version; send it back as If-Match with whatever you decide."""
        return unless_known(request, read_shipment(find_id(number, self.actor), self.actor))


class PdfRenderer(FileRenderer):
    """A printed page."""

    media_type = "application/pdf"
    format = "pdf"


class LabelView(ApiView):
    """The printed label of one shipment."""

    reading_needs = PRINT_LABEL
    renderer_classes = (PdfRenderer, JSONRenderer)

    @schema.download(
        "The printed label",
        tag=TAG,
        id="shipments_label",
        media_type=PdfRenderer.media_type,
        problems=schema.NOT_FOUND,
    )
    def get(self, request: Request, number: str) -> Response:
        """What was printed, again: 100 × 150 mm. 404 while there is no label."""
        pk = find_id(number, self.actor)
        shipment = with_parts(Shipment.objects.filter(pk=pk)).get()
        if shipment.label_printed_at is None:
            raise Http404
        return Response(draw_label(shipment), content_type="application/pdf")


# What bumps a shipment's version leaves one event each.
_BUMPS = (
    ~Q(to_state="")
    | ~Q(changes={})
    | Q(kind__in=["shipment.item_scanned", "shipment.label_printed", "shipment.label_voided"])
)


class ShipmentVerbView(VerbView):
    """One verb of a shipment."""

    def find(self, number: str) -> int:
        return find_id(number, self.actor)

    def show(self, pk: int) -> dict[str, Any]:
        return read_shipment(pk, self.actor)

    def happened_since(self, pk: int, seen: int, current: int) -> Sequence[dict[str, Any]]:
        order_id = Shipment.objects.values_list("order_id", flat=True).get(pk=pk)
        bumps = (
            events_for(order_id, self.actor)
            .filter(_BUMPS, subject_kind=Shipment.KIND, subject_id=pk)
            .exclude(kind="shipment.planned")
        )
        return last_events(bumps, current - seen, self.actor)
