"""What people type on the pages, read and judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from orders.cleaning import is_phone
from orders.models import UrgentReason
from orders.receiver import Receiver, tidy_phone, tidy_text

FARTHEST = timedelta(days=60)
MOMENT = "%Y-%m-%dT%H:%M"


class PageForm(forms.Form):
    """A form whose fields tell a reader of the screen what is wrong with them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = True
        for name in self.fields:
            complaints = self.is_bound and name in self.errors
            widget = self.fields[name].widget
            if complaints:
                widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}
                widget.attrs |= {"autofocus": True} if first else {}
                first = False


class QuickForm(PageForm):
    """Whose order, why, by when."""

    phone = forms.CharField(
        label=_("Customer's phone"),
        max_length=40,
        error_messages={"required": _("Enter the customer's phone.")},
        widget=forms.TextInput(
            attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off", "enterkeyhint": "next"}
        ),
    )
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=[("", _("Choose …")), *UrgentReason.choices],
        error_messages={"required": _("Choose why it is urgent.")},
    )
    wanted_by = forms.DateTimeField(
        label=_("Wanted by"),
        error_messages={
            "required": _("Enter by when it is wanted."),
            "invalid": _("This is no date with a time."),
        },
        widget=forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"}),
    )
    note = forms.CharField(
        label=_("Note (may be empty)"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_phone(self) -> str:
        phone = tidy_phone(str(self.cleaned_data["phone"]))
        if not is_phone(phone):
            raise forms.ValidationError(_("This phone number can't be dialled."))
        return phone

    def clean_wanted_by(self) -> datetime:
        wanted: datetime = self.cleaned_data["wanted_by"]
        if wanted <= moments.now():
            raise forms.ValidationError(_("This moment is over."))
        if wanted > moments.now() + FARTHEST:
            raise forms.ValidationError(_("Not more than 60 days ahead."))
        return wanted


class FindForm(PageForm):
    """The order's number and the last four digits of the receiver's phone."""

    number = forms.CharField(
        label=_("Order number"),
        max_length=64,
        error_messages={"required": _("Enter the order number.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    tail = forms.RegexField(
        label=_("Last four digits of the receiver's phone"),
        regex=r"^\s*[0-9]{4}\s*$",
        max_length=8,
        error_messages={
            "required": _("Enter the last four digits."),
            "invalid": _("Enter exactly four digits."),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_number(self) -> str:
        return tidy_text(self.cleaned_data["number"])

    def clean_tail(self) -> str:
        return str(self.cleaned_data["tail"]).strip()


class AddressForm(PageForm):
    """A new address. The phone stays: it is what proves whose order this is."""

    name = forms.CharField(label=_("Receiver"), max_length=100)
    province = forms.CharField(label=_("Province"), max_length=40)
    city = forms.CharField(label=_("City"), max_length=40)
    district = forms.CharField(label=_("District"), max_length=40)
    street = forms.CharField(label=_("Street and house number"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hints = {
            "name": "name",
            "province": "address-level1",
            "city": "address-level2",
            "district": "address-level3",
            "street": "street-address",
        }
        for name, hint in hints.items():
            self.fields[name].widget.attrs["autocomplete"] = hint

    def receiver(self, phone: str) -> Receiver:
        """The receiver as entered, with the phone of before."""
        return Receiver(
            phone=phone, **{name: tidy_text(text) for name, text in self.cleaned_data.items()}
        )
