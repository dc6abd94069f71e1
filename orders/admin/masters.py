"""Shops and customers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from ordercenter.core.adminkit.keyset import KeysetList
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.visitors import may
from orders.admin.dialogs import SEE_RECEIVER
from orders.masking import mask_name, mask_phone
from orders.models import Customer, Shop, channel_name


@admin.register(Shop)
class ShopAdmin(ModelAdmin):
    list_display = (
        "code",
        "name",
        "shown_channel",
        "ship_within_hours",
        "hold_minutes",
        "is_active",
    )
    search_fields = ("code", "name")
    filter_horizontal = ("warehouses",)

    @display(description=_("channel"))
    def shown_channel(self, shop: Shop) -> str:
        return channel_name(shop.channel)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Customer)
class CustomerAdmin(KeysetList, ShownOnly):
    list_display = ("shown_name", "shown_phone", "kind", "level", "first_seen_at")
    search_fields = ("phone",)
    search_help_text = _("Phone, from its beginning")
    fields = ("shown_name", "shown_phone", "kind", "level", "remark", "first_seen_at")
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(phone__startswith=search_term.strip()), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request)

    def dress(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        return [self._marked(request, row) for row in rows]

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        return None if row is None else self._marked(request, row)

    @staticmethod
    def _marked(request: HttpRequest, row: Any) -> Any:
        row.is_shown = may(request, SEE_RECEIVER)
        return row

    @display(description=_("name"))
    def shown_name(self, row: Any) -> str:
        return row.name if row.is_shown else mask_name(row.name)

    @display(description=_("phone"))
    def shown_phone(self, row: Any) -> str:
        return row.phone if row.is_shown else mask_phone(row.phone)
