"""Settlement files: loaded by a button, shown with what became of each line and order."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, go
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from orders.admin.linking import OrderLink
from orders.finance.actions import load_settlement
from orders.finance.admin.dialogs import Upload
from orders.finance.models import (
    Cause,
    LineOutcome,
    OrderOutcome,
    SettlementFile,
    SettlementLine,
)
from orders.finance.models.settlements import CLEAN, SELF_EXPLAINED

_RIGHT_LINES = (
    LineOutcome.EXACT,
    LineOutcome.BY_TRANSACTION,
    LineOutcome.IN_PARTS,
    LineOutcome.TOGETHER,
    LineOutcome.AFTER_FEE,
    LineOutcome.AFTER_REFUND,
    LineOutcome.REFUND_AGREES,
)
_BESIDE = (LineOutcome.FEE, LineOutcome.ASIDE)


def line_tone(outcome: str) -> str:
    """Green for what agrees, gray for what concerns no order, red for the rest."""
    return "green" if outcome in _RIGHT_LINES else "gray" if outcome in _BESIDE else "red"


@admin.register(SettlementFile)
class SettlementFileAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("name", "shop", "format", "days", "line_badges", "gap_badges", "loaded")
    list_display_links = ("name",)
    list_filter = (("shop", RelatedDropdownFilter), ("format", RelatedDropdownFilter))
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("shop", "format")
    search_fields = ("name",)
    fields = (
        ("name", "shop", "format"),
        ("days", "loaded_by", "loaded_at"),
        ("line_badges", "lines_link"),
        ("order_badges",),
        ("gap_badges", "gaps_link"),
    )
    readonly_fields = flatten(fields)

    @display(description=_("days"))
    def days(self, settlement: SettlementFile) -> str:
        return f"{settlement.first_day} – {settlement.last_day}"

    @display(description=_("loaded at"))
    def loaded(self, settlement: SettlementFile) -> str:
        return looks.short_moment(settlement.loaded_at)

    @display(description=_("lines"))
    def line_badges(self, settlement: SettlementFile) -> SafeString:
        return _counted(settlement, "lines", LineOutcome, line_tone)

    @display(description=_("orders"))
    def order_badges(self, settlement: SettlementFile) -> SafeString:
        right = (*CLEAN, OrderOutcome.ELSEWHERE)
        return _counted(
            settlement, "orders", OrderOutcome, lambda code: "green" if code in right else "red"
        )

    @display(description=_("differences"))
    def gap_badges(self, settlement: SettlementFile) -> SafeString:
        return _counted(
            settlement, "causes", Cause, lambda code: "gray" if code in SELF_EXPLAINED else "red"
        )

    @display(description=_("all lines"))
    def lines_link(self, settlement: SettlementFile) -> SafeString:
        return _link("settlementline", settlement, _("Show the lines"))

    @display(description=_("all differences"))
    def gaps_link(self, settlement: SettlementFile) -> SafeString:
        return _link("difference", settlement, _("Show the differences"))

    @button(
        _("Load a settlement file"),
        icon="upload_file",
        tone="primary",
        permission="finance.load_settlementfile",
        form=Upload,
        on_list=True,
        says=_("Each content is loaded once. Every line is compared with the shop's orders."),
    )
    def load(self, request: HttpRequest, form: Dialog, subject: None) -> HttpResponse:
        values = form.values()
        upload = values["file"]
        found = load_settlement(
            upload,
            name=upload.name,
            shop=values["shop"],
            layout=values["format"],
            first_day=values["first_day"],
            last_day=values["last_day"],
            actor=actor_of(request),
        )
        return go(request, self.url_of("change", found.pk))


@admin.register(SettlementLine)
class SettlementLineAdmin(OrderLink, KeysetList, ShownOnly):
    list_display = (
        "row",
        "settlement",
        "number",
        "transaction",
        "kind",
        "money",
        "outcome_badge",
        "order_link",
        "when",
    )
    list_display_links = ("row",)
    list_filter = (
        ("settlement", RelatedDropdownFilter),
        ("outcome", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("settlement", "order")
    search_fields = ("number", "transaction")
    tabs = (
        Tab(
            "wrong",
            _("That do not agree"),
            lambda rows, request: rows.exclude(outcome__in=[*_RIGHT_LINES, *_BESIDE]),
        ),
        EVERYTHING,
    )
    fields = (
        ("settlement", "row", "outcome_badge"),
        ("number", "order_link"),
        ("transaction", "kind"),
        ("money", "kept"),
        ("at", "as_it_came"),
    )
    readonly_fields = flatten(fields)

    def heading_of(self, row: Any) -> str:
        return f"{row.row} · {row.number or row.transaction} {looks.money(row.amount)}"

    @display(description=_("amount"))
    def money(self, line: SettlementLine) -> str:
        return looks.money(line.amount)

    @display(description=_("fee kept back"))
    def kept(self, line: SettlementLine) -> str:
        return looks.money(line.fee)

    @display(description=_("outcome"))
    def outcome_badge(self, line: SettlementLine) -> SafeString:
        return looks.badge(line.get_outcome_display(), line_tone(line.outcome))

    @display(description=_("when"))
    def when(self, line: SettlementLine) -> str:
        return looks.short_moment(line.at)

    @display(description=_("as it came"))
    def as_it_came(self, line: SettlementLine) -> str:
        return " | ".join(line.raw)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("raw")


def _counted(settlement: SettlementFile, part: str, choices: Any, tone: Any) -> SafeString | str:
    counts = settlement.counts.get(part, {})
    badges = [
        (f"{label} {counts[code]:,}", tone(code))
        for code, label in choices.choices
        if code in counts
    ]
    return looks.badges(badges) if badges else looks.NOTHING


def _link(model: str, settlement: SettlementFile, text: Any) -> SafeString:
    url = reverse(f"admin:finance_{model}_changelist")
    return looks.link(f"{url}?tab=all&settlement__id__exact={settlement.pk}", text)
