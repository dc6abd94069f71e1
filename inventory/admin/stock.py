"""Stock levels with their dialogs; movements and reservations to read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from inventory import actions
from inventory.models import Movement, Reservation, Sku, StockLevel, Warehouse
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import (
    name_details,
    name_events,
    name_fields,
    name_machines,
    name_subjects,
    story,
    who_name,
)

name_events(
    {
        "stock.received": _("Goods came in"),
        "stock.adjusted": _("Stock adjusted"),
        "stock.low": _("Fell below safety stock"),
        "stock.batch_expired": _("Batch expired"),
        "stock.recovered": _("Above safety stock again"),
        "stock.safety_set": _("Safety stock set"),
        "stock.batch_hold": _("Batch put on QC hold"),
        "stock.batch_passed": _("Batch released"),
    }
)
name_fields({f.name: f.verbose_name for f in StockLevel._meta.concrete_fields})
name_details({"document": _("document"), "note": _("note"), "batch": _("batch")})
name_subjects(StockLevel.KIND, _("Stock"), "inventory_stocklevel")
name_machines({"timer:stock": _("Stock watch"), "timer:expiry dates": _("Expiry dates")})

REASONS = [
    (Movement.Reason.COUNTED, _("stock count")),
    (Movement.Reason.DAMAGED, _("damaged")),
    (Movement.Reason.CORRECTED, _("correction")),
    (Movement.Reason.RETURNED, _("returned")),
]


class Delivery(Dialog):
    """What came in, with which paper, where it was put."""

    quantity = dialogs.whole(_("Quantity"), least=1)
    document = dialogs.text(_("Document"), longest=80)
    bin_code = dialogs.text(_("Bin"), required=False, longest=20)
    batch_code = dialogs.text(_("Batch"), required=False, longest=40)
    expires_on = dialogs.day(_("Expires on"), required=False)
    unit_cost = dialogs.amount(_("Purchase cost of a piece (CNY)"), required=False)


class FirstDelivery(Delivery):
    """The same, for a SKU that a warehouse may never have had."""

    sku_code = dialogs.text(_("SKU code"), longest=64)
    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"),
        queryset=Warehouse.objects.filter(is_active=True),
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ("sku_code", "warehouse")

    def clean_sku_code(self) -> Sku:
        sku = Sku.objects.filter(code=self.cleaned_data["sku_code"].strip()).first()
        if sku is None:
            raise forms.ValidationError(_("There is no SKU with this code."))
        return sku


class Adjustment(Dialog):
    """More or fewer pieces, and why."""

    quantity = dialogs.whole(_("Pieces (negative: taken away)"), required=False)
    defective = dialogs.whole(_("Defective pieces (negative: taken away)"), required=False)
    reason = dialogs.choice(_("Reason"), REASONS)
    note = dialogs.words(_("Note"), longest=200)


class Safety(Dialog):
    """The number below which stock is low."""

    safety = dialogs.whole(_("Safety stock"), least=0)


@admin.register(StockLevel)
class StockLevelAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = (
        "sku",
        "warehouse",
        "on_hand",
        "reserved",
        "held",
        "free",
        "defective",
        "safety",
        "low_badge",
    )
    list_filter = (("warehouse", RelatedDropdownFilter),)
    list_filter_submit = True
    list_select_related = ("sku", "warehouse")
    search_fields = ("sku__code",)
    search_help_text = _("Part of the SKU's code or name")
    tabs = (
        Tab(
            "low",
            _("Below safety stock"),
            lambda rows, request: rows.filter(low_since__isnull=False),
            urgent=True,
        ),
        EVERYTHING,
    )
    fields = (
        ("sku", "warehouse", "low_badge"),
        ("on_hand", "reserved", "free"),
        ("held", "defective", "safety"),
    )
    readonly_fields = (
        "sku",
        "warehouse",
        "on_hand",
        "reserved",
        "held",
        "free",
        "defective",
        "safety",
        "low_badge",
    )
    change_form_outer_after_template = "console/stock_story.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        wanted = search_term.strip().upper()
        if not wanted:
            return queryset, False
        skus = Sku.objects.alias(up_code=Upper("code"), up_name=Upper("name")).filter(
            Q(up_code__contains=wanted) | Q(up_name__contains=wanted)
        )
        return queryset.filter(sku__in=skus.values("pk")), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        level: Any = kwargs.get("obj")
        context["lines"] = story(level.stream, limit=50)
        moves = level.movements.select_related("bin", "batch").order_by("-at")[:50]
        context["movements"] = [(move, who_name(move.actor_label)) for move in moves]
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=_("available"))
    def free(self, level: StockLevel) -> int:
        return level.available

    @display(description=_("state"))
    def low_badge(self, level: StockLevel) -> SafeString:
        if level.low_since is not None:
            return looks.badge(_("below safety stock"), "red")
        return looks.badge(_("enough"), "green")

    @button(
        _("Receive goods"),
        icon="add_box",
        tone="primary",
        permission="inventory.receive_stock",
        form=FirstDelivery,
        on_list=True,
        done=_("The goods are in stock."),
    )
    def receive_new(self, request: HttpRequest, form: Dialog, _subject: None) -> None:
        values = form.values()
        sku, house = values.pop("sku_code"), values.pop("warehouse")
        actions.receive_stock(sku=sku.pk, warehouse=house.pk, actor=actor_of(request), **values)

    @button(
        _("Receive goods"),
        icon="add_box",
        tone="primary",
        permission="inventory.receive_stock",
        form=Delivery,
        done=_("The goods are in stock."),
    )
    def receive(self, request: HttpRequest, form: Dialog, level: StockLevel) -> None:
        actions.receive_stock(
            sku=level.sku_id,
            warehouse=level.warehouse_id,
            actor=actor_of(request),
            **form.values(),
        )

    @button(
        _("Adjust"),
        icon="tune",
        permission="inventory.adjust_stock",
        form=Adjustment,
        done=_("The stock is adjusted."),
    )
    def adjust(self, request: HttpRequest, form: Dialog, level: StockLevel) -> None:
        values = form.values()
        actions.adjust_stock(
            sku=level.sku_id,
            warehouse=level.warehouse_id,
            quantity=values["quantity"] or 0,
            defective=values["defective"] or 0,
            reason=Movement.Reason(values["reason"]),
            note=values["note"],
            actor=actor_of(request),
        )

    @button(
        _("Set safety stock"),
        icon="shield",
        permission="inventory.adjust_stock",
        form=Safety,
        done=_("The safety stock is set."),
    )
    def set_safety(self, request: HttpRequest, form: Dialog, level: StockLevel) -> None:
        actions.set_safety_stock(
            sku=level.sku_id,
            warehouse=level.warehouse_id,
            actor=actor_of(request),
            **form.values(),
        )


@admin.register(Movement)
class MovementAdmin(KeysetList, ShownOnly):
    # What goods had cost is for finance, who see it where an invoice is written.
    exclude = ("unit_cost",)
    list_display = (
        "at",
        "sku",
        "house",
        "quantity",
        "defective",
        "reason",
        "document",
        "bin",
        "batch",
        "who",
    )
    fields = (*list_display, "note")
    readonly_fields = fields
    list_filter = (("reason", ChoicesDropdownFilter),)
    list_filter_submit = True
    list_select_related = ("level__sku", "level__warehouse", "bin", "batch")
    search_fields = ("document",)
    search_help_text = _("Document")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(document=text) if text else queryset), False

    def heading_of(self, row: Any) -> str:
        return f"{row.get_reason_display()} {row.quantity:+d} {row.level.sku.code}"

    @display(description=_("SKU"))
    def sku(self, movement: Movement) -> str:
        return str(movement.level.sku)

    @display(description=_("warehouse"))
    def house(self, movement: Movement) -> str:
        return str(movement.level.warehouse)

    @display(description=_("who"))
    def who(self, movement: Movement) -> str:
        return who_name(movement.actor_label)


@admin.register(Reservation)
class ReservationAdmin(KeysetList, ShownOnly):
    list_display = (
        "line",
        "sku",
        "house",
        "quantity",
        "consumed",
        "state",
        "expires_at",
        "made_at",
    )
    fields = (*list_display, "closed_at")
    readonly_fields = fields
    list_filter = (("state", ChoicesDropdownFilter),)
    list_filter_submit = True
    list_select_related = ("level__sku", "level__warehouse")

    def heading_of(self, row: Any) -> str:
        return f"{row.level.sku.code} × {row.quantity} · {row.get_state_display()}"

    @display(description=_("SKU"))
    def sku(self, reservation: Reservation) -> str:
        return str(reservation.level.sku)

    @display(description=_("warehouse"))
    def house(self, reservation: Reservation) -> str:
        return str(reservation.level.warehouse)
