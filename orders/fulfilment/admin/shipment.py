"""Parcels by area, with the warehouse's buttons, and carriers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from ordercenter.core.actor import Actor
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button
from ordercenter.core.adminkit.dialogs import Dialog, Reason, TemplateWidget
from ordercenter.core.adminkit.keyset import KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.errors import DomainError, WrongState
from ordercenter.core.models import Timer
from orders.fulfilment import actions
from orders.fulfilment.labels import draw_label
from orders.fulfilment.models import Carrier, Shipment, ShipmentLine, ShipmentState
from orders.fulfilment.models.shipments import BEFORE_PICKING, IN_THE_HOUSE

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


PRINTABLE = (ShipmentState.RELEASED, ShipmentState.PICKING, ShipmentState.PACKED)


class ChosenCarrier(Dialog):
    """Who takes the parcel, under which number."""

    carrier = forms.ModelChoiceField(
        label=_("Carrier"),
        queryset=Carrier.objects.filter(is_active=True),
        widget=UnfoldAdminSelectWidget(),
    )
    waybill = dialogs.text(_("Waybill number"), required=False, longest=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["carrier"].initial = self.subject.carrier_id
        self.fields["waybill"].initial = self.subject.waybill


class Weighed(Dialog):
    """The parcel was checked by hand and weighed."""

    weight_grams = dialogs.whole(_("Weight (g)"), least=1, required=False)


class PiecesWidget(TemplateWidget):
    """The lines of a parcel with a number each."""

    template_name = "console/widgets/pieces.html"

    def __init__(self) -> None:
        self.lines: list[ShipmentLine] = []
        super().__init__()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        entered = value if isinstance(value, dict) else {}
        context["rows"] = [(line, entered.get(line.order_line_id, "0")) for line in self.lines]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return {
            line.order_line_id: str(data.get(f"{name}-{line.order_line_id}", "0")).strip()
            for line in self.lines
        }


class PiecesField(forms.Field):
    """Cleans to pieces by order line; lines with 0 are left out."""

    widget = PiecesWidget

    def clean(self, value: Mapping[int, str]) -> dict[int, int]:
        try:
            pieces = {line: int(text or "0") for line, text in value.items()}
        except ValueError as error:
            raise ValidationError(_("Enter whole numbers.")) from error
        return {line: quantity for line, quantity in pieces.items() if quantity}


class Split(Dialog):
    """Which pieces go into a parcel of their own."""

    quantities = PiecesField(label=_("Pieces for the new parcel"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = self.fields["quantities"].widget
        assert isinstance(widget, PiecesWidget)
        widget.lines = list(self.subject.lines.select_related("sku", "order_line"))


class Rejoin(Dialog):
    """The parcel that takes these pieces in."""

    into = forms.ModelChoiceField(
        label=_("Put into"), queryset=Shipment.objects.none(), widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["into"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = twins(self.subject)


def twins(shipment: Shipment) -> QuerySet[Any]:
    """Other parcels of the order that this one may be put into."""
    return Shipment.objects.filter(
        order=shipment.order_id,
        warehouse=shipment.warehouse_id,
        state__in=BEFORE_PICKING,
        label_printed_at__isnull=True,
    ).exclude(pk=shipment.pk)


def _untouched(shipment: Shipment, actor: Actor) -> DomainError | None:
    is_so = shipment.state in BEFORE_PICKING and shipment.label_printed_at is None
    return None if is_so else WrongState()


def _can_split(shipment: Shipment, actor: Actor) -> DomainError | None:
    pieces = sum(shipment.lines.values_list("quantity", flat=True))
    return _untouched(shipment, actor) if pieces > 1 else WrongState()


def _can_rejoin(shipment: Shipment, actor: Actor) -> DomainError | None:
    return _untouched(shipment, actor) if twins(shipment).exists() else WrongState()


def _has_no_label(shipment: Shipment, actor: Actor) -> DomainError | None:
    is_so = shipment.state in IN_THE_HOUSE and shipment.label_printed_at is None
    return None if is_so else WrongState()


def _can_print(shipment: Shipment, actor: Actor) -> DomainError | None:
    is_so = shipment.state in PRINTABLE and shipment.carrier_id is not None
    return None if is_so else WrongState()


def _can_void(shipment: Shipment, actor: Actor) -> DomainError | None:
    is_so = shipment.state in IN_THE_HOUSE and shipment.label_printed_at is not None
    return None if is_so else WrongState()


def in_states(*states: ShipmentState) -> Any:
    return lambda rows, request: rows.filter(state__in=states)


@admin.register(Shipment)
class ShipmentAdmin(TransitionButtons, KeysetList, ShownOnly):
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
        Tab("planned", _("To be released"), in_states(ShipmentState.PLANNED)),
        Tab(
            "packing",
            _("Packing area"),
            in_states(ShipmentState.RELEASED, ShipmentState.PICKING),
        ),
        Tab(
            "labelling",
            _("Labelling area"),
            lambda rows, request: rows.filter(
                state=ShipmentState.PACKED, label_printed_at__isnull=True
            ),
        ),
        Tab(
            "pickup",
            _("Waiting for pickup"),
            lambda rows, request: rows.filter(
                state=ShipmentState.PACKED, label_printed_at__isnull=False
            ),
        ),
        Tab(
            "road",
            _("On the road"),
            in_states(ShipmentState.DISPATCHED, ShipmentState.IN_TRANSIT),
        ),
        Tab("trouble", _("In trouble"), in_states(ShipmentState.EXCEPTION), urgent=True),
        Tab("all", _("All"), lambda rows, request: rows, counted=False),
    )
    fields = (
        ("number", "order_link", "state_badge"),
        ("warehouse", "carrier", "waybill"),
        ("weight_grams", "planned_at", "label_link"),
        ("label_printed_at", "left_warehouse_at", "carrier_picked_up_at"),
        ("delivered_at", "tracking_state", "last_tracked_at"),
    )
    readonly_fields = tuple(name for row in fields for name in row)
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

    def dress(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        clocks = Timer.objects.filter(
            subject_kind=Shipment.KIND,
            subject_id__in=[shipment.pk for shipment in rows],
            stopped_at__isnull=True,
        )
        by_shipment = {timer.subject_id: timer for timer in clocks}
        for shipment in rows:
            shipment.shown_clock = by_shipment.get(shipment.pk)
        return rows

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
    def order_link(self, shipment: Shipment) -> SafeString:
        url = reverse("admin:orders_order_change", args=[shipment.order_id])
        return format_html('<a class="oc-link" href="{}">{}</a>', url, shipment.order.number)

    @display(description=_("state"))
    def state_badge(self, shipment: Shipment) -> SafeString:
        return looks.badge(shipment.get_state_display(), STATE_TONES[shipment.state])

    @display(description=_("clock"))
    def clock(self, shipment: Any) -> SafeString:
        timer = shipment.shown_clock
        if timer is None:
            return looks.clock(None)
        return looks.clock(timer.due_at, timer.paused_at is not None)

    @display(description=_("ship by"))
    def ship_by(self, shipment: Shipment) -> str:
        return looks.short_moment(shipment.order.ship_by)

    @display(description=_("label"))
    def label_link(self, shipment: Shipment) -> SafeString | str:
        if shipment.label_printed_at is None:
            return looks.NOTHING
        return format_html(
            '<a class="oc-link" href="{}">{}</a>', self.url_of("label", shipment.pk), _("PDF")
        )

    # -- the label as a file -----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.label_view)
        own = path("<int:object_id>/label.pdf", view, name="fulfilment_shipment_label")
        return [own, *super().get_urls()]

    def label_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The label once more, for those who may print labels."""
        if not request.user.has_perm("fulfilment.print_label_shipment"):  # type: ignore[union-attr]
            raise PermissionDenied
        shipment = self.get_queryset(request).filter(pk=object_id).first()
        if shipment is None or shipment.label_printed_at is None:
            raise Http404
        answer = HttpResponse(draw_label(shipment), content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="{shipment.number}.pdf"'
        return answer

    # -- buttons -----------------------------------------------------------------------------

    @button(
        _("Release to the warehouse"),
        icon="play_arrow",
        tone="primary",
        permission="fulfilment.release_shipment",
        verb="release",
        says=_("Its goods are promised; the warehouse may pick it."),
        done=_("The parcel is on the picking list."),
    )
    def release(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.release_shipment(shipment.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Begin picking"),
        icon="shopping_cart",
        tone="primary",
        permission="fulfilment.start_picking_shipment",
        verb="start_picking",
        done=_("Picking has begun."),
    )
    def start_picking(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.start_picking(shipment.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Pack"),
        icon="package_2",
        tone="primary",
        permission="fulfilment.pack_shipment",
        verb="pack",
        form=Weighed,
        says=_("You have counted every piece by hand. The scan page counts for you."),
        done=_("The parcel is packed."),
    )
    def pack(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        lines = shipment.lines.select_related("sku")
        quantities: dict[str, int] = {}
        for line in lines:
            quantities[line.sku.code] = quantities.get(line.sku.code, 0) + line.quantity
        actions.pack_shipment(
            shipment.pk,
            seen=form.seen_version,
            quantities=quantities,
            actor=actor_of(request),
            **form.values(),
        )

    @button(
        _("Carrier and waybill"),
        icon="local_shipping",
        permission="fulfilment.set_carrier_shipment",
        possible=_has_no_label,
        form=ChosenCarrier,
        done=_("The carrier is set."),
    )
    def set_carrier(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        values = form.values()
        actions.set_carrier(
            shipment.pk,
            seen=form.seen_version,
            carrier=values["carrier"].pk,
            waybill=values["waybill"],
            actor=actor_of(request),
        )

    @button(
        _("Print label"),
        icon="print",
        tone="primary",
        permission="fulfilment.print_label_shipment",
        possible=_can_print,
        says=_("From then on the parcel goes where the label says."),
        done=_("The label is made; open the PDF below."),
    )
    def print_label(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.print_label(shipment.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Dispatch"),
        icon="outbox",
        tone="primary",
        permission="fulfilment.dispatch_shipment",
        verb="dispatch",
        says=_("The parcel leaves our warehouse; its goods are taken out of stock."),
        done=_("The parcel has left the warehouse."),
    )
    def dispatch(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.dispatch_shipment(shipment.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Carrier has it"),
        icon="hail",
        permission="fulfilment.collect_shipment",
        verb="start_transit",
        done=_("The carrier's pickup is noted."),
    )
    def collect(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.collect_shipment(shipment.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Delivered"),
        icon="where_to_vote",
        permission="fulfilment.deliver_shipment",
        verb="deliver",
        form=Reason,
        says=_("Only when the carrier's trace does not come by itself."),
        done=_("The delivery is noted."),
    )
    def deliver(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.deliver_shipment(
            shipment.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Trouble is over"),
        icon="healing",
        permission="fulfilment.recover_shipment",
        verb="recover",
        form=Reason,
        done=_("The parcel goes on."),
    )
    def recover(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.recover_shipment(
            shipment.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Split"),
        icon="call_split",
        permission="fulfilment.split_shipment",
        possible=_can_split,
        form=Split,
        done=_("The parcel is split."),
    )
    def split(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.split_shipment(
            shipment.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Put together"),
        icon="call_merge",
        permission="fulfilment.rejoin_shipment",
        possible=_can_rejoin,
        form=Rejoin,
        done=_("The two parcels are one."),
    )
    def rejoin(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        into = form.values()["into"]
        actions.rejoin_shipment(
            shipment.pk, seen=form.seen_version, into=into.pk, actor=actor_of(request)
        )

    @button(
        _("Unpack"),
        icon="unarchive",
        permission="fulfilment.unpack_shipment",
        verb="unpack",
        form=Reason,
        done=_("The parcel is open again."),
    )
    def unpack(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.unpack_shipment(
            shipment.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Void label"),
        icon="label_off",
        permission="fulfilment.void_label_shipment",
        possible=_can_void,
        form=Reason,
        done=_("The label must not be used any more."),
    )
    def void_label(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.void_label(
            shipment.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Cancel parcel"),
        icon="cancel",
        tone="danger",
        permission="fulfilment.cancel_shipment",
        verb="cancel",
        form=Reason,
        says=_("The order keeps its stock and can be planned anew."),
        done=_("The parcel is cancelled."),
    )
    def cancel(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        actions.cancel_shipment(
            shipment.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )


@admin.register(Carrier)
class CarrierAdmin(ModelAdmin):
    list_display = ("code", "name", "kuaidi100_code", "taobao_code", "is_cold_chain", "is_active")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
