"""What is asked before a parcel is changed, and when each question makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from ordercenter.core.adminkit import dialogs
from ordercenter.core.adminkit.dialogs import Dialog, TemplateWidget
from orders.fulfilment.models import Carrier, Shipment, ShipmentLine
from orders.fulfilment.models.shipments import BEFORE_PICKING


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
