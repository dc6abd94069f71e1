"""What the buttons of returns and refunds ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from ordercenter.core.adminkit import dialogs
from ordercenter.core.adminkit.dialogs import Dialog, TemplateWidget
from ordercenter.core.errors import NotFound
from orders.fulfilment.models import Carrier
from orders.models import Order, PaymentMethod
from rma.actions import Inspected, propose_amount
from rma.models import Return, ReturnKind, ReturnLine, ReturnReason
from rma.models.refunds import BY_MACHINE

BY_HAND = [(value, label) for value, label in PaymentMethod.choices if value not in BY_MACHINE]


class PiecesWidget(TemplateWidget):
    """A number for each line; `rows` are (key, title, hint, value)."""

    template_name = "rma/pieces.html"

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, int]] = []
        super().__init__()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        entered = value if isinstance(value, dict) else {}
        context["rows"] = [
            (key, title, hint, entered.get(key, preset)) for key, title, hint, preset in self.rows
        ]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return {key: str(data.get(f"{name}-{key}", "0")).strip() for key, *_rest in self.rows}


class PiecesField(forms.Field):
    """Cleans to whole numbers by key."""

    widget = PiecesWidget

    def clean(self, value: Mapping[str, str]) -> dict[str, int]:
        try:
            pieces = {key: int(text or "0") for key, text in value.items()}
        except ValueError as error:
            raise ValidationError(_("Enter whole numbers.")) from error
        if any(quantity < 0 or quantity > 1_000_000 for quantity in pieces.values()):
            raise ValidationError(_("Enter whole numbers."))
        return pieces


def _fill(field: forms.Field, rows: list[tuple[str, str, str, int]]) -> None:
    assert isinstance(field.widget, PiecesWidget)
    field.widget.rows = rows


def _lines(rma: Return) -> list[ReturnLine]:
    return list(rma.lines.select_related("sku"))


class NewReturn(Dialog):
    """Which order, what of it, and why."""

    order_number = dialogs.text(_("Order number"), longest=24)
    kind = dialogs.choice(_("Kind"), ReturnKind.choices)
    reason = dialogs.choice(_("Reason"), ReturnReason.choices)
    skus = dialogs.text(
        _("Goods: SKU code × quantity, with commas; empty for all"), required=False, longest=500
    )
    amount = dialogs.amount(_("Amount (only for money)"), required=False)
    note = dialogs.words(_("Customer's words"), required=False)
    override = dialogs.text(_("Reason to allow it against the rules"), required=False, longest=300)

    def clean_order_number(self) -> Order:
        order = Order.objects.filter(number=self.cleaned_data["order_number"].strip()).first()
        if order is None:
            raise ValidationError(str(NotFound()))
        return order

    def quantities(self) -> dict[int, int]:
        """Pieces by order line. Raises `ValidationError` for what is not in the order."""
        order: Order = self.cleaned_data["order_number"]
        lines = {line.sku_code: line for line in order.lines.all()}
        text = self.cleaned_data["skus"].replace("，", ",").replace("×", "*").replace("x", "*")
        if not text.strip():
            return (
                {}
                if self.cleaned_data.get("amount")
                else {line.pk: line.quantity for line in lines.values()}
            )
        found = {}
        for part in text.split(","):
            code, _star, number = part.partition("*")
            if code.strip() not in lines or not (number.strip() or "1").isdigit():
                raise ValidationError(_("The order has no such line."))
            found[lines[code.strip()].pk] = int(number.strip() or "1")
        return found

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "order_number" in values and "skus" in values:
            values["quantities"] = self.quantities()
        return values


class Authorisation(Dialog):
    """What we agree to."""

    pieces = PiecesField(label=_("Pieces we agree to"))
    amount = dialogs.amount(_("To be paid back"), required=False)
    note = dialogs.text(_("Note for the customer"), required=False, longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rma: Return = self.subject
        _fill(
            self.fields["pieces"],
            [
                (str(line.order_line_id), f"{line.sku.code} {line.sku.name}", "", line.requested)
                for line in _lines(rma)
            ],
        )
        if rma.gives_money:
            self.fields["amount"].initial = rma.refund_amount
        else:
            del self.fields["amount"]


class Posting(Dialog):
    """Who brings the goods back, under which number."""

    carrier = forms.ModelChoiceField(
        label=_("Carrier"),
        queryset=Carrier.objects.filter(is_active=True),
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    tracking_number = dialogs.text(_("Tracking number"), longest=40)


class Arrival(Dialog):
    """What was counted by hand; the scan page counts piece by piece."""

    pieces = PiecesField(label=_("Pieces that came"))
    note = dialogs.text(_("Note"), required=False, longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _fill(
            self.fields["pieces"],
            [
                (line.sku.code, f"{line.sku.code} {line.sku.name}", "", left)
                for line in _lines(self.subject)
                if (left := line.authorised - line.received) > 0
            ],
        )


class Inspection(Dialog):
    """How many of the received pieces are defective; the others can be sold again."""

    defective = PiecesField(label=_("Defective pieces"))
    note = dialogs.text(_("What was found"), required=False, longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._received = {str(line.pk): line for line in _lines(self.subject)}
        _fill(
            self.fields["defective"],
            [
                (key, f"{line.sku.code} {line.sku.name}", f"/ {line.received}", 0)
                for key, line in self._received.items()
            ],
        )

    def results(self) -> list[Inspected]:
        """The decision on each line."""
        bad = self.cleaned_data["defective"]
        return [
            Inspected(
                line.pk,
                line.received - bad.get(key, 0),
                bad.get(key, 0),
                note=self.cleaned_data["note"],
            )
            for key, line in self._received.items()
        ]


class Settlement(Dialog):
    """How much goes back, and how."""

    amount = dialogs.amount(_("To be paid back"), required=False)
    method = dialogs.choice(
        _("Paid back by"), [("", _("the way it was paid")), *BY_HAND], required=False
    )
    name = dialogs.text(_("Payee"), required=False, longest=80)
    account = dialogs.text(_("Account"), required=False, longest=60)
    bank = dialogs.text(_("Bank"), required=False, longest=80)
    note = dialogs.text(_("Note"), required=False, longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.subject.gives_money:
            self.fields["amount"].initial = propose_amount(self.subject)
        else:
            for name in ("amount", "method", "name", "account", "bank"):
                del self.fields[name]

    def wishes(self) -> dict[str, Any]:
        """The values as the action takes them."""
        values = self.values()
        return {
            "amount": values.get("amount"),
            "method": method_of(values.get("method")),
            "payee": payee_of(values),
            "note": values["note"],
        }


class Replacement(Dialog):
    """How a failed refund is paid after all."""

    method = dialogs.choice(
        _("Paid back by"), [("", _("the way it was paid")), *BY_HAND], required=False
    )
    name = dialogs.text(_("Payee"), required=False, longest=80)
    account = dialogs.text(_("Account"), required=False, longest=60)
    bank = dialogs.text(_("Bank"), required=False, longest=80)


class PaidOut(Dialog):
    """Under which number finance has paid."""

    reference = dialogs.text(_("Number of the payment"), longest=64)


class NewRefund(Replacement):
    """Money for an order without a return."""

    order_number = dialogs.text(_("Order number"), longest=24)
    amount = dialogs.amount(_("Amount"))
    reason = dialogs.text(_("Reason"), longest=200)

    field_order = ("order_number", "amount", "reason", "method", "name", "account", "bank")

    clean_order_number = NewReturn.clean_order_number


class Assignment(Dialog):
    """Which return or order the parcel belongs to."""

    number = dialogs.text(_("RMA or order number"), longest=24)

    def clean_number(self) -> Return | Order:
        number = self.cleaned_data["number"].strip().upper()
        found = (
            Return.objects.filter(number=number).first()
            or Order.objects.filter(number=number).first()
        )
        if found is None:
            raise ValidationError(str(NotFound()))
        return found


def method_of(text: str | None) -> PaymentMethod | None:
    """The chosen method, None for the way it was paid."""
    return PaymentMethod(text) if text else None


def payee_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What was entered of the payee."""
    return {key: values[key] for key in ("name", "account", "bank") if values.get(key)}
