"""What is asked before a parcel is changed, and when each question makes sense."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from ordercenter.core.adminkit import dialogs
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.pieces import PiecesField, Row, fill
from orders.fulfilment.models import Carrier, Shipment
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

    def values(self) -> dict[str, Any]:
        return super().values() | {"carrier": self.cleaned_data["carrier"].pk}


class Weighed(Dialog):
    """The parcel was checked by hand and weighed."""

    weight_grams = dialogs.whole(_("Weight (g)"), least=1, required=False)


class Split(Dialog):
    """Which pieces go into a parcel of their own."""

    quantities = PiecesField(label=_("Pieces for the new parcel"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = self.subject.lines.select_related("sku")
        fill(
            self.fields["quantities"],
            [
                Row(
                    str(line.order_line_id),
                    f"{line.sku.code} {line.sku.name}",
                    f"/ {line.quantity}",
                )
                for line in lines
            ],
        )

    def values(self) -> dict[str, Any]:
        """Pieces by order line; lines that stay whole are left out."""
        pieces = self.cleaned_data["quantities"].items()
        return {"quantities": {int(line): quantity for line, quantity in pieces if quantity}}


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

    def values(self) -> dict[str, Any]:
        return {"into": self.cleaned_data["into"].pk}


def twins(shipment: Shipment) -> QuerySet[Any]:
    """Other parcels of the order that this one may be put into."""
    return Shipment.objects.filter(
        order=shipment.order_id,
        warehouse=shipment.warehouse_id,
        state__in=BEFORE_PICKING,
        label_printed_at__isnull=True,
    ).exclude(pk=shipment.pk)
