"""Refunds: what machines pay, what finance pays from its list, what is in trouble."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
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
    when,
)
from ordercenter.core.adminkit.dialogs import Dialog, Reason
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from orders.admin.linking import OrderLink
from rma import actions
from rma.admin.dialogs import NewRefund, PaidOut, WayBack
from rma.models import Refund, RefundState
from rma.models.refunds import BY_MACHINE

STATE_TONES: dict[str, str] = {
    RefundState.PLANNED: "orange",
    RefundState.SENDING: "blue",
    RefundState.SUCCEEDED: "green",
    RefundState.FAILED: "red",
}


def payout_list(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """What finance has to pay by hand."""
    return rows.filter(state=RefundState.PLANNED).exclude(method__in=BY_MACHINE)


def in_trouble(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """Failed and not planned anew, or open with something to be said against it."""
    failed = Q(state=RefundState.FAILED, replaced_at__isnull=True, sent_at__isnull=False)
    return rows.filter(failed | (Q(state=RefundState.SENDING) & ~Q(trouble="")))


@when
def _can_pay_out(refund: Refund) -> bool:
    return refund.state == RefundState.PLANNED and not refund.is_by_machine


@when
def _can_replace(refund: Refund) -> bool:
    return refund.state == RefundState.FAILED and refund.replaced_at is None


@admin.register(Refund)
class RefundAdmin(TransitionButtons, OrderLink, KeysetList, ShownOnly):
    list_display = (
        "number",
        "order_link",
        "method",
        "money",
        "state_badge",
        "trouble",
        "planned",
        "done",
    )
    list_display_links = ("number",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("method", ChoicesDropdownFilter),
        ("done_at", RangeDateFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("order",)
    search_fields = ("number",)
    search_help_text = _("Refund, order or RMA number")
    tabs = (
        Tab("payout", _("To be paid by hand"), payout_list, urgent=True),
        Tab("trouble", _("In trouble"), in_trouble, urgent=True),
        Tab(
            "open",
            _("On their way"),
            rows_in(RefundState.SENDING),
        ),
        EVERYTHING,
    )
    fields = (
        ("number", "order_link", "state_badge"),
        ("method", "money", "return_link"),
        ("reason", "payment"),
        ("payee_text", "reference", "trouble"),
        ("planned_by", "planned_at", "sent_at"),
        ("done_at", "replaced_at", "checks"),
    )
    readonly_fields = flatten(fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("order", "rma", "payment")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip().upper()
        if not text:
            return queryset, False
        return queryset.filter(
            Q(number__startswith=text) | Q(order__number=text) | Q(rma__number=text)
        ), False

    @display(description=_("return"))
    def return_link(self, refund: Refund) -> SafeString | str:
        if refund.rma is None:
            return looks.NOTHING
        url = reverse("admin:rma_return_change", args=[refund.rma_id])
        return looks.link(url, refund.rma.number)

    @display(description=_("amount"))
    def money(self, refund: Refund) -> str:
        return looks.money(refund.amount, refund.order.currency)

    @display(description=_("state"))
    def state_badge(self, refund: Refund) -> SafeString:
        return looks.badge(refund.get_state_display(), STATE_TONES[refund.state])

    @display(description=_("refund planned at"))
    def planned(self, refund: Refund) -> str:
        return looks.short_moment(refund.planned_at)

    @display(description=_("paid back at"))
    def done(self, refund: Refund) -> str:
        return looks.short_moment(refund.done_at)

    @display(description=_("payee"))
    def payee_text(self, refund: Refund) -> str:
        parts = [refund.payee.get(key, "") for key in ("name", "account", "bank")]
        return " ".join(part for part in parts if part) or looks.NOTHING

    @button(
        _("New refund"),
        icon="currency_exchange",
        tone="primary",
        permission="rma.approve_refund",
        form=NewRefund,
        on_list=True,
        says=_("Money for an order without a return, for example a compensation."),
        done=_("The refund is planned."),
    )
    def plan(self, request: HttpRequest, form: Dialog, subject: None) -> None:
        values = form.values()
        actions.plan_refund(
            values["order_number"].pk,
            seen=None,
            amount=values["amount"],
            reason=values["reason"],
            method=values["method"],
            payee=values["payee"],
            actor=actor_of(request),
        )

    pay_out = action_button(
        actions.pay_out_refund,
        _("Paid"),
        icon="price_check",
        tone="primary",
        permission="rma.pay_out_refund",
        possible=_can_pay_out,
        form=PaidOut,
        says=_("You have paid the amount yourself."),
        done=_("The refund is paid."),
    )

    replace = action_button(
        actions.replace_refund,
        _("Plan anew"),
        icon="restart_alt",
        tone="primary",
        permission="rma.approve_refund",
        possible=_can_replace,
        form=WayBack,
        says=_("The failed amount goes out again, under a new number."),
        done=_("The refund is planned."),
    )

    call_off = action_button(
        actions.call_off_refund,
        _("Call off"),
        icon="cancel",
        tone="danger",
        permission="rma.approve_refund",
        verb="call_off",
        form=Reason,
        says=_("Nobody is paid; the amount can be promised again."),
        done=_("The refund is called off."),
    )
