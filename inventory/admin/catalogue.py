"""SKUs, warehouses, bins and batches."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from inventory import actions
from inventory.models import Batch, Bin, Sku, StockLevel, Warehouse
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import Possible, TransitionButtons, actor_of, button, when
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import KeysetList
from ordercenter.core.adminkit.readonly import ShownOnly


def skus_like(rows: QuerySet[Any], text: str, prefix: str = "") -> QuerySet[Any]:
    """SKUs whose code or name holds the text; by the trigram indexes on both."""
    wanted = text.strip().upper()
    if not wanted:
        return rows
    rows = rows.alias(up_code=Upper(f"{prefix}code"), up_name=Upper(f"{prefix}name"))
    return rows.filter(Q(up_code__contains=wanted) | Q(up_name__contains=wanted))


class LevelInline(TabularInline):
    model = StockLevel
    extra = 0
    tab = True
    fields = ("warehouse", "on_hand", "reserved", "held", "defective", "safety", "free")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("available"))
    def free(self, level: StockLevel) -> int:
        return level.available


@admin.register(Sku)
class SkuAdmin(KeysetList, ModelAdmin):
    list_display = ("code", "name", "category", "brand", "unit", "price", "temperature_badge")
    list_filter = (("temperature", ChoicesDropdownFilter), "is_active")
    list_filter_submit = True
    search_fields = ("code", "name")
    search_help_text = _("Part of the code or name")
    inlines = (LevelInline,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return skus_like(queryset, search_term), False

    @display(description=_("temperature"))
    def temperature_badge(self, sku: Sku) -> SafeString:
        return looks.badge(
            sku.get_temperature_display(), "gray" if sku.temperature == "ambient" else "blue"
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Warehouse)
class WarehouseAdmin(ModelAdmin):
    list_display = ("code", "name", "province", "city", "rank", "is_active")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Bin)
class BinAdmin(ModelAdmin):
    list_display = ("code", "warehouse", "aisle", "bay", "level")
    list_select_related = ("warehouse",)
    search_fields = ("code",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Grounds(Dialog):
    """Why a batch is held or set free."""

    note = dialogs.words(_("Reason"))


def _is_of_quality(wanted: str) -> Possible:
    return when(lambda batch: batch.quality == wanted)


@admin.register(Batch)
class BatchAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("code", "sku", "inbound_at", "expires_on", "quality_badge")
    list_select_related = ("sku",)
    search_fields = ("code",)
    fields = ("code", "sku", "inbound_at", "expires_on", "quality_badge")
    readonly_fields = fields

    @display(description=_("quality"))
    def quality_badge(self, batch: Batch) -> SafeString:
        tone = "green" if batch.quality == Batch.Quality.PASSED else "red"
        return looks.badge(batch.get_quality_display(), tone)

    @button(
        _("Put on QC hold"),
        icon="block",
        permission="inventory.hold_batch",
        possible=_is_of_quality(Batch.Quality.PASSED),
        form=Grounds,
        done=_("No piece of the batch is promised any more."),
    )
    def hold(self, request: HttpRequest, form: Dialog, batch: Batch) -> None:
        actions.hold_batch(batch.pk, actor=actor_of(request), **form.values())

    @button(
        _("Release batch"),
        icon="check",
        permission="inventory.hold_batch",
        possible=_is_of_quality(Batch.Quality.HOLD),
        form=Grounds,
        done=_("The batch can be promised again."),
    )
    def release(self, request: HttpRequest, form: Dialog, batch: Batch) -> None:
        actions.release_batch(batch.pk, actor=actor_of(request), **form.values())
