"""What the buttons of returns and refunds ask for."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from ordercenter.core.adminkit import dialogs
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.pieces import PiecesField, Row, fill
from ordercenter.core.errors import NotFound
from orders.fulfilment.models import Carrier
from orders.models import Order, PaymentMethod
from rma.actions import Arrived, Inspected, propose_amount
from rma.models import Return, ReturnKind, ReturnLine, ReturnReason
from rma.models.refunds import BY_MACHINE

# A code may itself hold an x: only one before the last digits counts.
_TIMES = re.compile(r"(.*\S)\s*[×*xX]\s*(\d{1,6})", re.ASCII)
_PAYEE = ("name", "account", "bank")
BY_HAND = [(value, label) for value, label in PaymentMethod.choices if value not in BY_MACHINE]


def _lines(rma: Return) -> list[ReturnLine]:
    return list(rma.lines.select_related("sku"))


def _code_and_count(text: str, known: Collection[str]) -> tuple[str, int]:
    """`A-1 × 2`, with an x or a star too; a code alone means one piece, also one such as `Bx2`."""
    match = None if text in known else _TIMES.fullmatch(text)
    return (match[1], int(match[2])) if match else (text, 1)


def _title(line: ReturnLine) -> str:
    return f"{line.sku.code} {line.sku.name}"


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
        lines = list(order.lines.order_by("pk"))
        text = self.cleaned_data["skus"].strip().strip(",，")
        if not text:
            everything = {line.pk: line.quantity for line in lines}
            return {} if self.cleaned_data.get("amount") else everything
        found: dict[int, int] = {}
        for part in re.split("[,，]", text):
            code, count = _code_and_count(part.strip(), {line.sku_code for line in lines})
            fitting = [line for line in lines if line.sku_code == code]
            if not fitting:
                raise ValidationError(_("The order has no such line."))
            # A SKU may stand in several lines; what is more than all of them stays on the last.
            for line in fitting:
                taken = count if line is fitting[-1] else min(count, line.quantity)
                if taken:
                    found[line.pk] = found.get(line.pk, 0) + taken
                count -= taken
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
        fill(
            self.fields["pieces"],
            [
                Row(str(line.order_line_id), _title(line), preset=line.requested)
                for line in _lines(rma)
            ],
        )
        if rma.gives_money:
            self.fields["amount"].initial = rma.refund_amount
        else:
            del self.fields["amount"]

    def values(self) -> dict[str, Any]:
        given = super().values()
        pieces = given.pop("pieces")
        return given | {"quantities": {int(line): count for line, count in pieces.items()} or None}


class Posting(Dialog):
    """Who brings the goods back, under which number."""

    carrier = forms.ModelChoiceField(
        label=_("Carrier"),
        queryset=Carrier.objects.filter(is_active=True),
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    tracking_number = dialogs.text(_("Tracking number"), longest=40)

    def values(self) -> dict[str, Any]:
        carrier = self.cleaned_data["carrier"]
        return super().values() | {"carrier": carrier.pk if carrier else None}


class Arrival(Dialog):
    """What was counted by hand; the scan page counts piece by piece."""

    pieces = PiecesField(label=_("Pieces that came"))
    note = dialogs.text(_("Note"), required=False, longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fill(
            self.fields["pieces"],
            [
                Row(line.sku.code, _title(line), preset=left)
                for line in _lines(self.subject)
                if (left := line.authorised - line.received) > 0
            ],
        )

    def values(self) -> dict[str, Any]:
        given = super().values()
        pieces = given.pop("pieces").items()
        return given | {"arrived": [Arrived(code, count) for code, count in pieces if count]}


class Inspection(Dialog):
    """How many of the received pieces are defective; the others can be sold again."""

    defective = PiecesField(label=_("Defective pieces"))
    note = dialogs.text(_("What was found"), required=False, longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._received = {str(line.pk): line for line in _lines(self.subject)}
        fill(
            self.fields["defective"],
            [Row(key, _title(line), f"/ {line.received}") for key, line in self._received.items()],
        )

    def values(self) -> dict[str, Any]:
        """The decision on each line."""
        bad, note = self.cleaned_data["defective"], self.cleaned_data["note"]
        results = [
            Inspected(line.pk, line.received - bad.get(key, 0), bad.get(key, 0), note=note)
            for key, line in self._received.items()
        ]
        return {"results": results}


class WayBack(Dialog):
    """How money goes back: the way it came, or by hand to a payee."""

    method = dialogs.choice(
        _("Paid back by"), [("", _("the way it was paid")), *BY_HAND], required=False
    )
    name = dialogs.text(_("Payee"), required=False, longest=80)
    account = dialogs.text(_("Account"), required=False, longest=60)
    bank = dialogs.text(_("Bank"), required=False, longest=80)

    def values(self) -> dict[str, Any]:
        """The method, None for the way it was paid, and what was entered of the payee."""
        given = super().values()
        method, payee = given.pop("method", ""), {name: given.pop(name, "") for name in _PAYEE}
        return given | {
            "method": PaymentMethod(method) if method else None,
            "payee": {name: text for name, text in payee.items() if text},
        }


class Settlement(WayBack):
    """How much goes back, and how."""

    amount = dialogs.amount(_("To be paid back"), required=False)
    note = dialogs.text(_("Note"), required=False, longest=300)

    field_order = ("amount", "method", *_PAYEE, "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.subject.gives_money:
            self.fields["amount"].initial = propose_amount(self.subject)
        else:
            for name in ("amount", "method", *_PAYEE):
                del self.fields[name]


class PaidOut(Dialog):
    """Under which number finance has paid."""

    reference = dialogs.text(_("Number of the payment"), longest=64)


class NewRefund(WayBack):
    """Money for an order without a return."""

    order_number = dialogs.text(_("Order number"), longest=24)
    amount = dialogs.amount(_("Amount"))
    reason = dialogs.text(_("Reason"), longest=200)

    field_order = ("order_number", "amount", "reason", "method", *_PAYEE)

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
