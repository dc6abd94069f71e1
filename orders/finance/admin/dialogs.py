"""What the buttons of finance ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from ordercenter.core import moments
from ordercenter.core.adminkit import dialogs
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.errors import NotFound
from orders.finance.costs import cost_view
from orders.finance.figures import business_day
from orders.finance.models import InvoiceKind, SettlementFormat
from orders.models import Order, Shop


class NewInvoice(Dialog):
    """For which order, over what, to whom."""

    order_number = dialogs.text(_("Order number"), longest=24)
    kind = dialogs.choice(_("Kind"), InvoiceKind.choices)
    title = dialogs.text(_("Invoice title"), longest=100)
    tax_number = dialogs.text(_("Taxpayer number (empty for a person)"), required=False, longest=30)
    amount = dialogs.amount(_("Amount (empty: all that is left)"), required=False)
    email = dialogs.text(_("Sent to (e-mail)"), required=False, longest=254)
    note = dialogs.text(_("Note"), required=False, longest=200)

    def clean_order_number(self) -> Order:
        order = Order.objects.filter(number=self.cleaned_data["order_number"].strip()).first()
        if order is None:
            raise ValidationError(str(NotFound()))
        return order


class CostsShown(Dialog):
    """The costs of the invoice's goods; sending it says: I have seen them."""

    form_before_template = "finance/costs.html"

    fingerprint = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._view = cost_view(self.subject)
        self.fields["fingerprint"].initial = self._view.fingerprint

    def get_before_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        return {"view": self._view, "invoice": self.subject}


class Issued(Dialog):
    """Number and date of the invoice that was written."""

    number = dialogs.text(_("Invoice number"), longest=30)
    code = dialogs.text(_("Invoice code (only with 8-digit numbers)"), required=False, longest=20)
    issued_on = dialogs.day(_("Invoice date"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["issued_on"].initial = business_day(moments.now())


class TakenBack(Dialog):
    """Why, and the red invoice that reverses it."""

    reason = dialogs.words(_("Reason"), longest=200)
    red_number = dialogs.text(
        _("Number of the red invoice (empty when cancelled)"), required=False, longest=30
    )


class Upload(Dialog):
    """A channel's file, whose it is, and which days it is about."""

    shop = forms.ModelChoiceField(
        label=_("Shop"), queryset=Shop.objects.all(), widget=UnfoldAdminSelectWidget()
    )
    format = forms.ModelChoiceField(
        label=_("Format"), queryset=SettlementFormat.objects.all(), widget=UnfoldAdminSelectWidget()
    )
    file = dialogs.upload(_("File (.xlsx or .csv)"))
    first_day = dialogs.day(_("First day (empty: of the first row)"), required=False)
    last_day = dialogs.day(_("Last day (empty: of the last row)"), required=False)


class Days(Dialog):
    """Which business days, and whether gift orders are shown."""

    first_day = dialogs.day(_("First day"))
    last_day = dialogs.day(_("Last day"))
    with_gifts = forms.BooleanField(
        label=_("Show gift orders"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        yesterday = business_day(moments.now()) - timedelta(days=1)
        self.fields["first_day"].initial = self.fields["last_day"].initial = yesterday
