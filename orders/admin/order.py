"""The list of orders and the order card. Nothing is edited here: buttons call actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from ordercenter.core import moments
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.clocks import ClockColumn
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.models import Timer
from ordercenter.core.visitors import may
from orders.admin.card import build_card, tag_name
from orders.admin.dialogs import SEE_RECEIVER
from orders.admin.order_buttons import OrderButtons
from orders.masking import mask_any, mask_name, mask_phone
from orders.models import (
    Attachment,
    Order,
    OrderState,
    Urgency,
    WorkOrder,
    WorkOrderState,
)
from orders.search import search_orders

log = structlog.get_logger(__name__)

STATE_TONES: dict[str, str] = {
    OrderState.PENDING_PAYMENT: "gray",
    OrderState.PENDING_REVIEW: "orange",
    OrderState.PENDING_FINANCE: "violet",
    OrderState.PREPARING: "blue",
    OrderState.PACKED: "blue",
    OrderState.DISPATCHED: "blue",
    OrderState.IN_TRANSIT: "blue",
    OrderState.DELIVERED: "green",
    OrderState.COMPLETED: "green",
    OrderState.CANCELLED: "gray",
    OrderState.CLOSED: "gray",
}
URGENCY_TONES: dict[str, str] = {
    Urgency.YELLOW: "orange",
    Urgency.ORANGE: "orange",
    Urgency.RED: "red",
}
OPEN_WORK = (WorkOrderState.OPEN, WorkOrderState.CLAIMED)
RowFacts = Callable[[list[Order]], Mapping[int, Any]]
_row_facts: dict[str, RowFacts] = {}


def add_row_facts(name: str, facts: RowFacts) -> None:
    """Let a room above hang a fact on each row of the list, with one query for all rows."""
    _row_facts[name] = facts


@dataclass(frozen=True, slots=True)
class ListLink:
    """A page of a room above that is reached from the list; `page` is the name of its address."""

    title: str | Promise
    icon: str
    page: str
    permission: str
    # The page gets the list's query string: tab, filters, search.
    keeps_filters: bool = False


_list_links: list[ListLink] = []


def add_list_link(link: ListLink) -> None:
    """Let a room above offer a page of its own above the list."""
    _list_links.append(link)


def overdue(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """Orders whose running clock has gone past its limit."""
    late = Timer.objects.filter(
        subject_kind=Order.KIND,
        stopped_at__isnull=True,
        paused_at__isnull=True,
        due_at__lt=moments.now(),
    )
    return rows.filter(pk__in=late.values("subject_id"))


def in_trouble(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """Orders with an open work order."""
    return rows.filter(pk__in=WorkOrder.objects.filter(state__in=OPEN_WORK).values("order_id"))


TABS = (
    Tab("review", _("To be reviewed"), rows_in(OrderState.PENDING_REVIEW)),
    Tab("finance", _("Payment to be checked"), rows_in(OrderState.PENDING_FINANCE)),
    Tab("preparing", _("Preparing"), rows_in(OrderState.PREPARING)),
    Tab("overdue", _("Overdue"), overdue, urgent=True),
    Tab("trouble", _("In trouble"), in_trouble, urgent=True),
    EVERYTHING,
)


@admin.register(Order)
class OrderAdmin(OrderButtons, ClockColumn, KeysetList, ShownOnly):
    list_display = (
        "number_and_mark",
        "shop_and_number",
        "who",
        "amount",
        "state_badge",
        "clock",
        "parcels",
        "tag_badges",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("shop", RelatedDropdownFilter),
        ("urgency", ChoicesDropdownFilter),
        ("placed_at", RangeDateFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("shop",)
    search_fields = ("number",)
    search_help_text = _("Phone, last four, order number, channel's number, name")
    tabs = TABS
    fields = ()
    change_form_template = "console/order_card.html"

    # -- list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return search_orders(search_term).select_related("shop"), False

    def dress(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Clock, work orders, parcels and what the reader may see; three queries for all rows."""
        ids = [order.pk for order in rows]
        troubled = set(
            WorkOrder.objects.filter(order__in=ids, state__in=OPEN_WORK).values_list(
                "order_id", flat=True
            )
        )
        facts = {name: read(rows) for name, read in _row_facts.items()}
        may_see = may(request, SEE_RECEIVER)
        for order in rows:
            order.is_troubled = order.pk in troubled
            order.is_shown = may_see
            order.facts = {name: known.get(order.pk) for name, known in facts.items()}
        return super().dress(request, rows)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        query = request.META.get("QUERY_STRING", "")
        links = [
            {
                "title": link.title,
                "icon": link.icon,
                "url": reverse(link.page) + (f"?{query}" if link.keeps_filters and query else ""),
            }
            for link in _list_links
            if may(request, link.permission)
        ]
        return super().changelist_view(request, {"list_links": links, **(extra_context or {})})

    @display(description=_("order number"))
    def number_and_mark(self, order: Any) -> SafeString:
        mark = ""
        if order.urgency != Urgency.NORMAL:
            tone = URGENCY_TONES[order.urgency]
            mark = looks.badge(f"⚡{order.get_urgency_display()}", tone)
        placed = looks.short_moment(order.placed_at)
        return format_html(
            '<span class="oc-two"><b>{}</b> {}<small>{}</small></span>', order.number, mark, placed
        )

    @display(description=_("shop"))
    def shop_and_number(self, order: Any) -> SafeString:
        return format_html(
            '<span class="oc-two">{}<small>{}</small></span>',
            order.shop.name,
            order.external_number,
        )

    @display(description=_("receiver"))
    def who(self, order: Any) -> SafeString:
        name, phone = order.receiver_name, order.receiver_phone
        if not order.is_shown and not order.receiver_is_masked:
            name, phone = mask_name(name), mask_phone(phone)
        return format_html('<span class="oc-two">{}<small>{}</small></span>', name, phone)

    @display(description=_("to pay"))
    def amount(self, order: Any) -> str:
        return looks.money(order.total, order.currency)

    @display(description=_("state"))
    def state_badge(self, order: Any) -> SafeString:
        return looks.badge(order.get_state_display(), STATE_TONES[order.state])

    @display(description=_("parcels"))
    def parcels(self, order: Any) -> Any:
        return order.facts.get("parcels") or looks.NOTHING

    @display(description=_("tags"))
    def tag_badges(self, order: Any) -> SafeString:
        marks = [(tag_name(tag), "orange") for tag in order.tags]
        if order.is_troubled:
            marks.insert(0, (_("work order"), "red"))
        if order.refund_open:
            marks.append((_("refund asked"), "red"))
        return looks.badges(marks)

    # -- card --------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("shop")

    def mask_for(self, request: HttpRequest) -> Callable[[str], str] | None:
        return None if may(request, SEE_RECEIVER) else mask_any

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        order = kwargs.get("obj")
        card = build_card(order, request)
        context["card"] = card
        context["state_tone"] = STATE_TONES[card.order.state]
        context["urgency_tone"] = URGENCY_TONES.get(card.order.urgency, "")
        if card.may_see and not card.order.receiver_is_masked:
            log.info("receiver_seen", order=card.order.pk, user=request.user.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        file_view = self.admin_site.admin_view(self.file_view)
        own = path("<int:object_id>/file/<int:pk>/", file_view, name="orders_order_file")
        return [own, *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: int, pk: int) -> FileResponse:
        """An attachment, for whoever may view orders; always as a download."""
        attachment = Attachment.objects.filter(pk=pk, order=object_id).first()
        if attachment is None or not self.has_view_permission(request, attachment.order):
            raise Http404
        return FileResponse(
            attachment.file.open("rb"), as_attachment=True, filename=attachment.name
        )
