"""How much of what lies where."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import StockLevel
from ordercenter.core.api import schema
from ordercenter.core.api.paging import PAGE_FIELDS, oldest_first
from ordercenter.core.api.parts import NUMBER, TEXT, a_page
from ordercenter.core.api.shapes import Several, Shape, Text
from ordercenter.core.api.views import ApiView

STOCK_QUERY = Shape(
    Several("sku", Text("sku", 64, required=True), 200),
    Text("warehouse", 20),
    *PAGE_FIELDS,
)

_INSIDE = ("on_hand", "reserved", "held", "defective", "safety")

schema.components(
    {
        "StockLevel": {
            "type": "object",
            "properties": {
                "sku": TEXT,
                "warehouse": TEXT,
                "available": {**NUMBER, "description": "Pieces that can be promised now."},
                **{name: {**NUMBER, "description": "For staff."} for name in _INSIDE},
            },
            "required": ["sku", "warehouse", "available"],
        },
        "StockPage": a_page("StockLevel"),
    }
)


class StockView(ApiView):
    """Stock levels. A room above may limit them to the warehouses that concern the actor."""

    reading_needs = "inventory.view_stocklevel"

    def warehouses(self) -> Collection[int] | None:
        """The ids of the warehouses this actor may look into; None for all."""
        return None

    @schema.operation(
        "Stock by SKU and warehouse",
        tag="stock",
        id="stock_list",
        answer="StockPage",
        query=STOCK_QUERY,
    )
    def get(self, request: Request) -> Response:
        """Repeat `sku` to ask for several. Partners see what is available, nothing else."""
        asked = STOCK_QUERY.read_query(request.query_params)
        rows = StockLevel.objects.select_related("sku", "warehouse")
        if (houses := self.warehouses()) is not None:
            rows = rows.filter(warehouse__in=houses)
        if asked["sku"]:
            rows = rows.filter(sku__code__in=asked["sku"])
        if asked["warehouse"]:
            rows = rows.filter(warehouse__code=asked["warehouse"])
        return Response(oldest_first(request, rows, asked, self._show))

    def _show(self, level: StockLevel) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "sku": level.sku.code,
            "warehouse": level.warehouse.code,
            "available": level.available,
        }
        if self.actor.kind != "partner":
            shown |= {name: getattr(level, name) for name in _INSIDE}
        return shown
