"""The invoice list: asked for, to be issued, issued; costs are looked at before one is issued."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import (
    TransitionButtons,
    action_button,
    actor_of,
    button,
    while_in,
)
from ordercenter.core.adminkit.dialogs import Dialog, Reason
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import who_name
from orders.admin.linking import OrderLink
from orders.finance import actions
from orders.finance.admin.dialogs import CostsShown, Issued, NewInvoice, TakenBack
from orders.finance.models import Invoice, InvoiceKind, InvoiceState
from orders.finance.models.invoices import ALIVE, WAITING

STATE_TONES: dict[str, str] = {
    InvoiceState.ASKED: "gray",
    InvoiceState.TO_ISSUE: "orange",
    InvoiceState.ISSUED: "green",
    InvoiceState.REFUSED: "gray",
    InvoiceState.VOID: "red",
}
SEE_COST = "finance.see_cost_invoice"


def to_issue(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """What finance has to write now."""
    return rows.filter(state=InvoiceState.TO_ISSUE)


def too_high(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """Living invoices of orders of which money was promised back since: less is covered."""
    alive = (
        Invoice.objects.filter(order=OuterRef("order"), state__in=ALIVE)
        .order_by()
        .values("order")
        .annotate(taken=Sum("amount"))
        .values("taken")
    )
    return rows.filter(state__in=ALIVE, order__refunded_amount__gt=0).filter(
        Q(order__paid_amount__lt=F("order__refunded_amount") + Subquery(alive, _MONEY))
    )


_MONEY: Any = DecimalField(max_digits=14, decimal_places=2)


@admin.register(Invoice)
class InvoiceAdmin(TransitionButtons, OrderLink, KeysetList, ShownOnly):
    list_display = (
        "request_number",
        "order_link",
        "kind",
        "title",
        "money",
        "state_badge",
        "number",
        "issued_on",
        "asked",
    )
    list_display_links = ("request_number",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("issued_on", RangeDateFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("order",)
    search_fields = ("number",)
    search_help_text = _("Invoice, request or order number, title")
    tabs = (
        Tab("to_issue", _("To be issued"), to_issue, urgent=True),
        Tab("too_high", _("To be taken back"), too_high, urgent=True),
        Tab("asked", _("Asked for"), rows_in(InvoiceState.ASKED)),
        Tab(
            "issued",
            _("Issued"),
            rows_in(InvoiceState.ISSUED),
            counted=False,
        ),
        EVERYTHING,
    )
    # Two beside each other: an invoice number has twenty digits.
    fields = (
        ("request_number", "state_badge"),
        ("order_link", "kind"),
        ("title", "tax_number"),
        ("money", "left"),
        ("email", "note"),
        ("asker", "asked_at"),
        ("number", "issued_on"),
        ("code", "issued_by"),
        ("looks_made", "red_number"),
        ("ended_at", "end_reason"),
    )
    readonly_fields = flatten(fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("order")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        found = Q(number=text) | Q(request_number=text.upper()) | Q(order__number=text.upper())
        return queryset.filter(found | Q(title__startswith=text)), False

    @display(description=_("amount"))
    def money(self, invoice: Invoice) -> str:
        return looks.money(invoice.amount, invoice.order.currency)

    @display(description=_("paid and not promised back"))
    def left(self, invoice: Invoice) -> str:
        order = invoice.order
        return looks.money(order.paid_amount - order.refunded_amount, order.currency)

    @display(description=_("state"))
    def state_badge(self, invoice: Invoice) -> SafeString:
        return looks.badge(invoice.get_state_display(), STATE_TONES[invoice.state])

    @display(description=_("asked for"))
    def asked(self, invoice: Invoice) -> str:
        return looks.short_moment(invoice.asked_at)

    @display(description=_("asked for by"))
    def asker(self, invoice: Invoice) -> str:
        return str(who_name(invoice.asked_by))

    @display(description=_("looks at costs"))
    def looks_made(self, invoice: Invoice) -> SafeString | str:
        """Who looked and when; what it had cost stands in the dialog, for who may see it."""
        made = invoice.looks.all()[:10]
        lines = ((look.looked_by, looks.moment(look.at)) for look in made)
        return format_html_join(" · ", "{} {}", lines) or looks.NOTHING

    @button(
        _("Ask for an invoice"),
        icon="request_quote",
        tone="primary",
        permission="finance.ask_invoice",
        form=NewInvoice,
        on_list=True,
        says=_("It joins finance's list once the goods are packed."),
        done=_("The invoice is asked for."),
    )
    def ask(self, request: HttpRequest, form: Dialog, subject: None) -> None:
        values = form.values()
        actions.ask_invoice(
            values["order_number"].pk,
            seen=None,
            draft=actions.InvoiceDraft(
                title=values["title"],
                kind=InvoiceKind(values["kind"]),
                tax_number=values["tax_number"],
                amount=values["amount"],
                email=values["email"],
                note=values["note"],
            ),
            actor=actor_of(request),
        )

    @button(
        _("Purchase costs"),
        confirm=_("I have seen them"),
        icon="query_stats",
        permission=SEE_COST,
        possible=while_in(*WAITING),
        form=CostsShown,
        says=_(
            "Weighted average of the last three purchases of each SKU. With the button below it is "
            "kept that you looked, and what you saw."
        ),
        done=_("Noted: you have looked at the purchase costs."),
    )  # fmt: skip
    def look(self, request: HttpRequest, form: Dialog, invoice: Invoice) -> None:
        actions.look_at_costs(
            invoice.pk,
            fingerprint=form.cleaned_data["fingerprint"],
            actor=actor_of(request),
        )

    issue = action_button(
        actions.issue_invoice,
        _("Note the issued invoice"),
        icon="receipt",
        tone="primary",
        permission="finance.issue_invoice",
        verb="issue",
        form=Issued,
        says=_("The invoice was written in the tax system; its number is kept here."),
        done=_("The invoice is issued."),
    )
    refuse = action_button(
        actions.refuse_invoice,
        _("Refuse"),
        icon="block",
        tone="danger",
        permission="finance.refuse_invoice",
        verb="refuse",
        form=Reason,
        done=_("The invoice is refused."),
    )
    take_back = action_button(
        actions.take_back_invoice,
        _("Take back"),
        icon="undo",
        tone="danger",
        permission="finance.take_back_invoice",
        verb="take_back",
        form=TakenBack,
        says=_("It was cancelled, or reversed by a red invoice; then money may go back."),
        done=_("The invoice is taken back."),
    )
