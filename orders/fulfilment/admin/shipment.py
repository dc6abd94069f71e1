"""Parcels by area, with the warehouse's buttons, and carriers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.clocks import ClockColumn
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.pages import inline_pdf
from ordercenter.core.visitors import may
from orders.admin.linking import OrderLink
from orders.admin.order import URGENCY_TONES
from orders.fulfilment.admin.shipment_buttons import ShipmentButtons
from orders.fulfilment.labels import draw_label
from orders.fulfilment.models import Carrier, Shipment, ShipmentState
from orders.models import Urgency
from orders.selectors import urgent_orders

STATE_TONES: dict[str, str] = {
    ShipmentState.PLANNED: "gray",
    ShipmentState.RELEASED: "orange",
    ShipmentState.PICKING: "orange",
    ShipmentState.PACKED: "blue",
    ShipmentState.DISPATCHED: "blue",
    ShipmentState.IN_TRANSIT: "blue",
    ShipmentState.DELIVERED: "green",
    ShipmentState.EXCEPTION: "red",
    ShipmentState.CANCELLED: "gray",
}


def urgent_first(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The parcels of urgent orders, the soonest wanted first (F5)."""
    wanted = Coalesce("order__wanted_by", "order__ship_by")
    return rows.filter(order__in=urgent_orders()).order_by(wanted.asc(nulls_last=True), "pk")


@admin.register(Shipment)
class ShipmentAdmin(ShipmentButtons, OrderLink, ClockColumn, KeysetList, ShownOnly):
    list_display = (
        "number",
        "order_link",
        "warehouse",
        "carrier",
        "waybill",
        "state_badge",
        "clock",
        "ship_by",
    )
    list_display_links = ("number",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("warehouse", RelatedDropdownFilter),
        ("carrier", RelatedDropdownFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("order", "warehouse", "carrier")
    search_fields = ("number",)
    search_help_text = _("Shipment, waybill or order number")
    tabs = (
        Tab("planned", _("To be released"), rows_in(ShipmentState.PLANNED), on_top=urgent_first),
        Tab(
            "packing",
            _("Packing area"),
            rows_in(ShipmentState.RELEASED, ShipmentState.PICKING),
            on_top=urgent_first,
        ),
        Tab(
            "labelling",
            _("Labelling area"),
            lambda rows, request: rows.filter(
                state=ShipmentState.PACKED, label_printed_at__isnull=True
            ),
            on_top=urgent_first,
        ),
        Tab(
            "pickup",
            _("Waiting for pickup"),
            lambda rows, request: rows.filter(
                state=ShipmentState.PACKED, label_printed_at__isnull=False
            ),
            on_top=urgent_first,
        ),
        Tab(
            "road",
            _("On the road"),
            rows_in(ShipmentState.DISPATCHED, ShipmentState.IN_TRANSIT),
        ),
        Tab("trouble", _("In trouble"), rows_in(ShipmentState.EXCEPTION), urgent=True),
        EVERYTHING,
    )
    fields = (
        ("number", "state_badge"),
        ("order_link", "label_link"),
        ("warehouse", "carrier", "waybill"),
        ("weight_grams", "planned_at"),
        ("label_printed_at", "left_warehouse_at", "carrier_picked_up_at"),
        ("delivered_at", "tracking_state", "last_tracked_at"),
    )
    readonly_fields = flatten(fields)
    change_form_outer_after_template = "console/shipment_parts.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("order", "warehouse", "carrier")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        wanted = Q(waybill=text.upper()) | Q(number__startswith=text.upper())
        return queryset.filter(wanted | Q(order__number=text.upper())), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        shipment: Any = kwargs.get("obj")
        context["shipment"] = shipment
        context["parts"] = shipment.lines.select_related("sku", "order_line")
        context["points"] = shipment.points.all()[:100]
        context["notes"] = shipment.order.notes.all()[:20]
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=_("order"))
    def order_link(self, shipment: Shipment) -> SafeString | str:
        link, order = super().order_link(shipment), shipment.order
        if order.urgency == Urgency.NORMAL:
            return link
        flag = looks.badge(f"⚡{order.get_urgency_display()}", URGENCY_TONES[order.urgency])
        return format_html("{} {}", link, flag)

    @display(description=_("state"))
    def state_badge(self, shipment: Shipment) -> SafeString:
        return looks.badge(shipment.get_state_display(), STATE_TONES[shipment.state])

    @display(description=_("ship by"))
    def ship_by(self, shipment: Shipment) -> str:
        return looks.short_moment(shipment.order.ship_by)

    @display(description=_("label"))
    def label_link(self, shipment: Shipment) -> SafeString | str:
        if shipment.label_printed_at is None:
            return looks.NOTHING
        return looks.link(self.url_of("label", shipment.pk), _("PDF"))

    # -- the label as a file -----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.label_view)
        own = path("<int:object_id>/label.pdf", view, name="fulfilment_shipment_label")
        return [own, *super().get_urls()]

    def label_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The label once more, for those who may print labels."""
        if not may(request, "fulfilment.print_label_shipment"):
            raise PermissionDenied
        shipment = self.get_queryset(request).filter(pk=object_id).first()
        if shipment is None or shipment.label_printed_at is None:
            raise Http404
        return inline_pdf(draw_label(shipment), shipment.number)


@admin.register(Carrier)
class CarrierAdmin(ModelAdmin):
    list_display = ("code", "name", "kuaidi100_code", "taobao_code", "is_cold_chain", "is_active")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
