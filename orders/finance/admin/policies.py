"""How channels' files look, and which checks are on."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.dialogs import SeenVersion
from orders.finance.models import FinanceGate, SettlementColumn, SettlementFormat
from orders.models import channel_name

# Words with commas between them: one line is enough.
_IN_A_LINE = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}


class ColumnInline(TabularInline):
    formfield_overrides = _IN_A_LINE
    model = SettlementColumn
    extra = 0
    verbose_name_plural = _("Our field ← their headers")


@admin.register(SettlementFormat)
class SettlementFormatAdmin(ModelAdmin):
    form = SeenVersion
    formfield_overrides = _IN_A_LINE
    list_display = ("name", "shown_channels")
    inlines = (ColumnInline,)
    fields = (
        "name",
        "channels",
        "number_prefixes",
        "refund_words",
        "fee_words",
        "aside_words",
        "seen_version",
    )

    @display(description=_("channels"))
    def shown_channels(self, one: SettlementFormat) -> str:
        return "、".join(map(channel_name, one.channels)) or looks.NOTHING


@admin.register(FinanceGate)
class FinanceGateAdmin(ModelAdmin):
    list_display = ("code", "is_on")
    fields = ("code", "is_on")
    readonly_fields = ("code",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FinanceGate | None = None) -> bool:
        return False
