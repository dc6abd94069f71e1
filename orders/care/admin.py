"""Customers' questions where their orders are: read here, answered on the order and at the desk."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import who_name
from orders.admin.linking import OrderLink
from orders.care.models import Inquiry, TrackAttempt

OUTCOME_TONES: dict[str, str] = {
    TrackAttempt.Outcome.OPEN: "gray",
    TrackAttempt.Outcome.FOUND: "green",
    TrackAttempt.Outcome.WRONG: "orange",
    TrackAttempt.Outcome.REFUSED: "red",
}


@admin.register(Inquiry)
class InquiryAdmin(OrderLink, KeysetList, ShownOnly):
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
    readonly_fields = flatten(fields)

    def heading_of(self, row: Any) -> str:
        return f"{row.order.number} · {looks.short_moment(row.asked_at)}"

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
        EVERYTHING,
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

    def heading_of(self, row: Any) -> str:
        return f"{row.number} · {row.get_outcome_display()}"

    @display(description=_("outcome"))
    def outcome_badge(self, attempt: TrackAttempt) -> SafeString:
        return looks.badge(attempt.get_outcome_display(), OUTCOME_TONES[attempt.outcome])
