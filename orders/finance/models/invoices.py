from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from ordercenter.core.lifecycle import Lifecycle
from orders.models import Order


class InvoiceState(models.TextChoices):
    ASKED = "asked", _("waits for packing")
    TO_ISSUE = "to_issue", _("to be issued")
    ISSUED = "issued", _("issued")
    REFUSED = "refused", _("refused")
    VOID = "void", _("taken back")


class InvoiceKind(models.TextChoices):
    GENERAL = "general", _("general VAT invoice")
    SPECIAL = "special", _("special VAT invoice")


# These speak for money of the order.
ALIVE = (InvoiceState.ASKED, InvoiceState.TO_ISSUE, InvoiceState.ISSUED)
WAITING = (InvoiceState.ASKED, InvoiceState.TO_ISSUE)


class Invoice(Lifecycle):
    """An invoice that a buyer wants, from the question to its number, or to its end.

    Those of an order that are alive never come to more than what was paid and not promised back
    when they were asked for. An issued one is `void` once it was cancelled, or reversed by a red
    invoice (`red_number`).
    """

    KIND = "invoice"

    state = FSMField(
        _("state"), choices=InvoiceState.choices, default=InvoiceState.ASKED, protected=True
    )
    request_number = models.CharField(
        _("request number"), max_length=24, unique=True, editable=False, db_default=Value("")
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("order")
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=InvoiceKind.choices, default=InvoiceKind.GENERAL
    )
    title = models.CharField(_("invoice title"), max_length=100)
    tax_number = models.CharField(_("taxpayer number"), max_length=20, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    email = models.EmailField(_("sent to (e-mail)"), blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    asked_by = models.CharField(_("asked for by"), max_length=80)
    asked_at = models.DateTimeField(_("asked for"))
    code = models.CharField(_("invoice code"), max_length=12, blank=True)
    number = models.CharField(_("invoice number"), max_length=20, blank=True)
    issued_on = models.DateField(_("invoice date"), null=True, blank=True)
    issued_by = models.CharField(_("issued by"), max_length=80, blank=True)
    cost_look = models.ForeignKey(
        "CostLook",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("costs looked at"),
    )
    red_number = models.CharField(_("number of the red invoice"), max_length=20, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        permissions = [
            ("ask_invoice", _("Can ask for invoices")),
            ("issue_invoice", _("Can note issued invoices")),
            ("refuse_invoice", _("Can refuse invoices")),
            ("take_back_invoice", _("Can take invoices back")),
            ("see_cost_invoice", _("Can see purchase costs")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="invoice_amount_positive"),
            models.CheckConstraint(
                condition=~Q(state__in=["issued", "void"])
                | (~Q(number="") & Q(issued_on__isnull=False)),
                name="issued_invoice_has_number_and_date",
            ),
            models.CheckConstraint(
                condition=~Q(kind="special") | ~Q(tax_number=""),
                name="special_invoice_has_tax_number",
            ),
            models.UniqueConstraint(
                fields=["code", "number"], condition=~Q(number=""), name="invoice_number_once"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="invoice_state"),
            models.Index(fields=["issued_on"], name="invoice_issued"),
        ]

    def __str__(self) -> str:
        return self.number or self.request_number

    @property
    def stream(self) -> str:
        """An invoice is part of its order's story."""
        return f"{Order.KIND}:{self.order_id}"

    def clock_key(self) -> Mapping[str, str]:
        return {}

    @transition(state, source=InvoiceState.ASKED, target=InvoiceState.TO_ISSUE)
    def queue(self) -> None:
        """The goods are packed; finance may write the invoice."""

    @transition(
        state,
        source=InvoiceState.TO_ISSUE,
        target=InvoiceState.ISSUED,
        permission="finance.issue_invoice",
    )
    def issue(self) -> None:
        """The invoice exists; its number and date are known."""

    @transition(
        state,
        source=[InvoiceState.ASKED, InvoiceState.TO_ISSUE],
        target=InvoiceState.REFUSED,
        permission="finance.refuse_invoice",
    )
    def refuse(self) -> None:
        """None will be written; the reason says why."""

    @transition(
        state,
        source=InvoiceState.ISSUED,
        target=InvoiceState.VOID,
        permission="finance.take_back_invoice",
    )
    def take_back(self) -> None:
        """It was cancelled, or reversed by a red one; money may go back."""


class CostLook(models.Model):
    """Somebody has looked at what an invoice's goods had cost; what they saw, word by word.

    `fingerprint` stands for all of `shown`: the look counts as long as the present costs, goods
    and amount still give the same one. Append-only.
    """

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="looks", verbose_name=_("invoice")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    looked_by = models.CharField(_("who"), max_length=80)
    at = models.DateTimeField(_("when"))
    cost = models.DecimalField(
        _("purchase cost"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    shown = models.JSONField(_("what was shown"))
    fingerprint = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("look at costs")
        verbose_name_plural = _("looks at costs")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.looked_by} {self.at:%Y-%m-%d %H:%M}"


class FinanceGate(models.Model):
    """Whether a check stands before a move of this room. One row for each check."""

    COST_LOOK = "cost_look"
    NAMES = ((COST_LOOK, _("purchase cost looked at before an invoice is issued")),)

    code = models.CharField(_("check"), max_length=30, unique=True, choices=NAMES)
    is_on = models.BooleanField(_("switched on"), default=True)

    class Meta:
        verbose_name = _("finance check")
        verbose_name_plural = _("finance checks")

    def __str__(self) -> str:
        return str(dict(self.NAMES).get(self.code, self.code))
