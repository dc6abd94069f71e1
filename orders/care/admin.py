"""Customers' questions where their orders are: read here, answered on the order and at the desk."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit.keyset import KeysetList
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import who_name
from orders.care.models import Inquiry


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
