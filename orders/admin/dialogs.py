"""What the buttons of an order ask for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from ordercenter.core.adminkit import dialogs
from ordercenter.core.adminkit.dialogs import Dialog, TemplateWidget
from ordercenter.core.roles import role_choices
from ordercenter.core.visitors import may
from orders.actions import CardLine, LineRevision
from orders.actions.notes import LARGEST_FILE, LONGEST_NOTE, SIGNATURES
from orders.masking import masked
from orders.models import Attachment, Order, OrderLine, Urgency, UrgentReason
from orders.receiver import Receiver, tidy_phone, tidy_text

SEE_RECEIVER = "orders.see_receiver_order"
_RECEIVER = ("name", "phone", "province", "city", "district", "street")


class Payment(Dialog):
    """How much has come in."""

    amount = dialogs.amount(_("Amount paid"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = self.subject.total


class Address(Dialog):
    """Where the goods shall go."""

    name = dialogs.text(_("Receiver"), longest=100)
    phone = dialogs.text(_("Phone"), longest=40)
    province = dialogs.text(_("Province"), longest=40)
    city = dialogs.text(_("City"), required=False, longest=40)
    district = dialogs.text(_("District"), required=False, longest=40)
    street = dialogs.text(_("Street and house number"), longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        receiver = self.subject.receiver
        if not may(self.request, SEE_RECEIVER):
            receiver = masked(receiver)
        # What is starred is not offered: it would be saved as the address.
        shown = Receiver() if receiver.is_masked else receiver
        for name in _RECEIVER:
            source = receiver if name in ("province", "city", "district") else shown
            self.fields[name].initial = getattr(source, name)

    def values(self) -> dict[str, Any]:
        """The receiver as entered, tidied, beside everything else."""
        given = super().values()
        data = {name: tidy_text(given.pop(name)) for name in _RECEIVER}
        return given | {"receiver": Receiver(**(data | {"phone": tidy_phone(data["phone"])}))}


class Note(Dialog):
    """Something the next person must know."""

    text = dialogs.words(_("Note"), longest=LONGEST_NOTE)


class Pressing(Dialog):
    """How urgent, wanted by when, why; at normal nothing else is asked."""

    urgency = dialogs.choice(_("Urgency"), Urgency.choices)
    wanted_by = dialogs.moment(_("Must leave by"), required=False)
    reason = dialogs.choice(_("Reason"), [("", "—"), *UrgentReason.choices], required=False)
    note = dialogs.words(_("Note"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order: Order = self.subject
        self.fields["urgency"].initial = order.urgency
        self.fields["wanted_by"].initial = order.wanted_by or order.ship_by
        self.fields["reason"].initial = order.urgent_reason

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("urgency") != Urgency.NORMAL:
            for name in ("wanted_by", "reason"):
                if name not in self.errors and not data.get(name):
                    self.add_error(name, _("Say it, so that everybody knows what to hurry for."))
        return data


class AttachedFile(Dialog):
    """A photo, a video, an agreement."""

    kind = dialogs.choice(_("Kind"), Attachment.Kind.choices)
    file = dialogs.upload(_("File"), help_text=", ".join(sorted(SIGNATURES)).upper())

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(
                _("The file is larger than %(most)s.") % {"most": filesizeformat(LARGEST_FILE)}
            )
        return file


class Task(Dialog):
    """A new work order."""

    title = dialogs.text(_("What is to do"))
    owner_role = dialogs.choice(_("For"), role_choices())


class LinesWidget(TemplateWidget):
    """The lines of an order as a small table of inputs."""

    template_name = "console/widgets/lines.html"

    def __init__(self) -> None:
        self.lines: list[OrderLine] = []
        super().__init__()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        entered = value if isinstance(value, dict) else {}
        context["rows"] = [
            {"line": line, **entered.get(str(line.pk), _as_entered(line))} for line in self.lines
        ]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return {
            str(line.pk): {
                part: str(data.get(f"{name}-{line.pk}-{part}", "")).strip()
                for part in ("sku", "quantity", "price")
            }
            for line in self.lines
        }

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False


def _as_entered(line: OrderLine) -> dict[str, str]:
    return {"sku": line.sku_code, "quantity": str(line.quantity), "price": f"{line.unit_price:.2f}"}


class LinesField(forms.Field):
    """Cleans to `LineRevision`s."""

    widget = LinesWidget

    def clean(self, value: Mapping[str, Mapping[str, str]]) -> list[LineRevision]:
        return [self._revision(pk, entered) for pk, entered in value.items()]

    @staticmethod
    def _revision(pk: str, entered: Mapping[str, str]) -> LineRevision:
        quantity, price = _numbers(entered["quantity"], entered["price"])
        return LineRevision(int(pk), entered["sku"], quantity, price)


def _numbers(quantity: str, price: str) -> tuple[int, Decimal]:
    """Pieces and the price of one; raises `ValidationError` for what a column can't hold."""
    try:
        pieces, yuan = int(quantity), Decimal(price)
    except (ValueError, InvalidOperation) as error:
        raise ValidationError(_("Enter quantities and prices as numbers.")) from error
    if not 1 <= pieces <= 1_000_000 or not yuan.is_finite() or not 0 <= yuan < 10**10:
        raise ValidationError(_("A quantity or price is too small or too large."))
    return pieces, yuan.quantize(Decimal("0.01"))


class Revision(Dialog):
    """New content for the order's lines, and why."""

    lines = LinesField(label=_("Lines"))
    reason = dialogs.words(_("Reason"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order: Order = self.subject
        widget = self.fields["lines"].widget
        assert isinstance(widget, LinesWidget)
        widget.lines = list(order.lines.order_by("pk"))

    def values(self) -> dict[str, Any]:
        given = super().values()
        return {"revisions": given["lines"], "reason": given["reason"]}

    def wish(self) -> list[tuple[str, str]]:
        revisions: list[LineRevision] = self.cleaned_data["lines"]
        lines = "；".join(f"{r.sku_code} × {r.quantity} @ {r.unit_price}" for r in revisions)
        return [(str(_("Lines")), lines), (str(_("Reason")), self.cleaned_data["reason"])]


class NewLinesWidget(LinesWidget):
    """Empty rows for lines that are not there yet."""

    ROWS = 6

    def __init__(self) -> None:
        super().__init__()
        self.lines = [OrderLine(pk=place) for place in range(1, self.ROWS + 1)]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        empty = {"sku": "", "quantity": "", "price": ""}
        entered = {str(line.pk): empty for line in self.lines}
        return super().get_context(name, entered | (value or {}), attrs)


class NewLinesField(forms.Field):
    """Cleans to `CardLine`s; rows without any entry are left out."""

    widget = NewLinesWidget

    def clean(self, value: Mapping[str, Mapping[str, str]]) -> list[CardLine]:
        lines = [self._line(entered) for entered in value.values() if any(entered.values())]
        if not lines:
            raise ValidationError(_("Enter at least one SKU code with its quantity."))
        return lines

    @staticmethod
    def _line(entered: Mapping[str, str]) -> CardLine:
        if not entered["sku"]:
            raise ValidationError(_("A line has no SKU code."))
        quantity, price = _numbers(entered["quantity"] or "1", entered["price"] or "0")
        return CardLine(entered["sku"], quantity, price if entered["price"] else None)


class Card(Address):
    """What the customer of an empty card wants, where it goes, what the way costs."""

    lines = NewLinesField(
        label=_("Lines"), help_text=_("Without a price the catalogue's price is used.")
    )
    freight = dialogs.amount(_("freight"), initial=Decimal("0.00"))
    field_order = ("lines", "freight", *_RECEIVER)

    def wish(self) -> list[tuple[str, str]]:
        lines: list[CardLine] = self.cleaned_data["lines"]
        return [
            (str(_("Lines")), "；".join(f"{line.sku_code} × {line.quantity}" for line in lines)),
            *(pair for pair in super().wish() if pair[0] != str(_("Lines"))),
        ]
