"""Customers' questions where their orders are: read here, answered on the order and at the desk."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.keyset import KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import who_name
from orders.care.models import Inquiry, TrackAttempt

OUTCOME_TONES: dict[str, str] = {
    TrackAttempt.Outcome.OPEN: "gray",
    TrackAttempt.Outcome.FOUND: "green",
    TrackAttempt.Outcome.WRONG: "orange",
    TrackAttempt.Outcome.REFUSED: "red",
}


@admin.register(Inquiry)
class InquiryAdmin(KeysetList, ShownOnly):
    list_display = ("asked_at", "order_link", "asker", "times", "answered_at", "answer_kind")
    list_display_links = ("asked_at",)
    list_filter = (("answer_kind", ChoicesDropdownFilter),)
    list_filter_submit = True
    list_select_related = ("order",)
    fields = (
        ("asked_at", "order_link", "asker"),
        ("times", "text"),
        ("answered_at", "answer_kind", "answerer"),
        ("place", "expected_at", "reason"),
    )
    readonly_fields = tuple(name for row in fields for name in row)

    @display(description=_("order"))
    def order_link(self, inquiry: Inquiry) -> SafeString:
        url = reverse("admin:orders_order_change", args=[inquiry.order_id])
        return format_html('<a class="oc-link" href="{}">{}</a>', url, inquiry.order.number)

    @display(description=_("noted by"))
    def asker(self, inquiry: Inquiry) -> str:
        return who_name(inquiry.asked_by)

    @display(description=_("answered by"))
    def answerer(self, inquiry: Inquiry) -> str:
        return who_name(inquiry.answered_by)


@admin.register(TrackAttempt)
class TrackAttemptAdmin(KeysetList, ShownOnly):
    """Who looked for orders on the customers' page; the digits they tried are never kept."""

    list_display = ("at", "ip", "number", "outcome_badge")
    list_display_links = ("at",)
    list_filter = (("outcome", ChoicesDropdownFilter),)
    list_filter_submit = True
    search_fields = ("number",)
    search_help_text = _("Address or order number")
    tabs = (
        Tab(
            "refused",
            _("Too many tries"),
            lambda rows, request: rows.filter(outcome=TrackAttempt.Outcome.REFUSED),
            counted=False,
        ),
        Tab("all", _("All"), lambda rows, request: rows, counted=False),
    )
    fields = (("at", "ip"), ("number", "outcome_badge"), "device")
    readonly_fields = ("at", "ip", "number", "outcome_badge", "device")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        try:
            return queryset.filter(ip=str(ip_address(text))), False
        except ValueError:
            return queryset.filter(number=text.upper()), False

    @display(description=_("outcome"))
    def outcome_badge(self, attempt: TrackAttempt) -> SafeString:
        return looks.badge(attempt.get_outcome_display(), OUTCOME_TONES[attempt.outcome])
