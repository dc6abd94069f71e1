"""Differences between our books and the channels': open ones first, accepted with a reason."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, action_button
from ordercenter.core.adminkit.dialogs import Reason
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from orders.admin.linking import OrderLink
from orders.finance.actions import accept_difference
from orders.finance.models import Difference, DifferenceState

STATE_TONES: dict[str, str] = {
    DifferenceState.OPEN: "red",
    DifferenceState.EXPLAINED: "gray",
    DifferenceState.ACCEPTED: "green",
}


def open_ones(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """What finance has to look into."""
    return rows.filter(state=DifferenceState.OPEN)


@admin.register(Difference)
class DifferenceAdmin(TransitionButtons, OrderLink, KeysetList, ShownOnly):
    list_display = (
        "what",
        "order_link",
        "number",
        "our_money",
        "their_money",
        "gap_money",
        "state_badge",
        "settlement",
        "reason",
    )
    list_display_links = ("what",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("cause", ChoicesDropdownFilter),
        ("settlement", RelatedDropdownFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("order", "settlement")
    search_fields = ("order__number", "number")
    tabs = (
        Tab("open", _("Open"), open_ones, urgent=True),
        EVERYTHING,
    )
    fields = (
        ("what", "state_badge"),
        ("settlement", "row"),
        ("order_link", "number"),
        ("our_money", "their_money", "gap_money"),
        ("accepted_by", "accepted_at", "reason"),
    )
    readonly_fields = flatten(fields)

    @display(description=_("cause"))
    def what(self, difference: Difference) -> str:
        return str(difference.get_cause_display())

    @display(description=_("ours"))
    def our_money(self, difference: Difference) -> str:
        return looks.money(difference.ours)

    @display(description=_("theirs"))
    def their_money(self, difference: Difference) -> str:
        return looks.money(difference.theirs)

    @display(description=_("gap"))
    def gap_money(self, difference: Difference) -> str:
        sign = "−" if difference.gap < 0 else ""
        return sign + looks.money(abs(difference.gap))

    @display(description=_("state"))
    def state_badge(self, difference: Difference) -> SafeString:
        return looks.badge(difference.get_state_display(), STATE_TONES[difference.state])

    accept = action_button(
        accept_difference,
        _("Accept"),
        icon="task_alt",
        tone="primary",
        permission="finance.accept_difference",
        verb="accept",
        form=Reason,
        says=_("The difference stays as it is. Your name and the reason stand on it."),
        done=_("The difference is accepted."),
    )
