"""Work orders: what people must do, mine first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, action_button
from ordercenter.core.adminkit.clocks import ClockColumn
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import data_in_words, who_name
from ordercenter.core.roles import role_name
from ordercenter.core.visitors import user_of
from orders import actions
from orders.admin.card import tag_name
from orders.admin.linking import OrderLink
from orders.models import WorkOrder, WorkOrderState

STATE_TONES: dict[str, str] = {
    WorkOrderState.OPEN: "orange",
    WorkOrderState.CLAIMED: "blue",
    WorkOrderState.RESOLVED: "green",
    WorkOrderState.WITHDRAWN: "gray",
}
OPEN = (WorkOrderState.OPEN, WorkOrderState.CLAIMED)


class Resolution(Dialog):
    """How it was resolved."""

    resolution = dialogs.words(_("What was done"))


def open_work(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(state__in=OPEN)


def claimed_by_me(rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    return open_work(rows).filter(assignee=request.user)


def for_my_roles(rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    roles = user_of(request).groups.values("name")
    return open_work(rows).filter(owner_role__in=roles)


@admin.register(WorkOrder)
class WorkOrderAdmin(TransitionButtons, OrderLink, ClockColumn, KeysetList, ShownOnly):
    list_display = ("title", "order_link", "kind", "role", "assignee", "clock", "state_badge")
    list_display_links = ("title",)
    list_filter = (("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    list_filter_submit = True
    list_select_related = ("order", "assignee")
    tabs = (
        Tab("mine", _("Mine"), claimed_by_me, personal=True),
        Tab("role", _("For my role"), for_my_roles, personal=True, urgent=True),
        Tab("open", _("All open"), lambda rows, request: open_work(rows)),
        EVERYTHING,
    )
    fields = (
        "title",
        ("order_link", "state_badge"),
        ("kind", "role"),
        ("assignee", "blocked_moves"),
        "found",
        ("opener", "opened_at"),
        "resolution",
        ("closer", "closed_at"),
    )
    readonly_fields = (
        "title",
        "order_link",
        "kind",
        "state_badge",
        "role",
        "assignee",
        "blocked_moves",
        "found",
        "opener",
        "opened_at",
        "resolution",
        "closer",
        "closed_at",
    )

    @display(description=_("owner role"))
    def role(self, work: WorkOrder) -> str:
        return role_name(work.owner_role)

    @display(description=_("state"))
    def state_badge(self, work: WorkOrder) -> SafeString:
        return looks.badge(work.get_state_display(), STATE_TONES[work.state])

    @display(description=_("opened by"))
    def opener(self, work: WorkOrder) -> str:
        return who_name(work.opened_by)

    @display(description=_("closed by"))
    def closer(self, work: WorkOrder) -> str:
        return who_name(work.closed_by) or looks.NOTHING

    @display(description=_("stops"))
    def blocked_moves(self, work: WorkOrder) -> str:
        return "、".join(str(BLOCKED.get(verb, verb)) for verb in work.blocks) or looks.NOTHING

    @display(description=_("what was found"))
    def found(self, work: WorkOrder) -> str:
        # A machine's code says nothing beside its words.
        facts = {k: v for k, v in work.detail.items() if k != "code" or "text" not in work.detail}
        shown = data_in_words({key: _flat(value) for key, value in facts.items()})
        parts = [
            f"{tag_name(name)}：{text}" if value else tag_name(name)
            for (name, text), value in zip(shown, facts.values(), strict=True)
        ]
        return "；".join(parts) or looks.NOTHING

    claim = action_button(
        actions.claim_work_order,
        _("Claim"),
        icon="front_hand",
        tone="primary",
        permission="orders.claim_workorder",
        verb="claim",
        says=_("You work on it from now on."),
        done=_("The work order is yours."),
    )

    resolve = action_button(
        actions.resolve_work_order,
        _("Resolve"),
        icon="task_alt",
        tone="primary",
        permission="orders.resolve_workorder",
        verb="resolve",
        form=Resolution,
        says=_("What it stopped goes on."),
        done=_("The work order is resolved."),
    )


BLOCKED = {
    "approve": _("Approve"),
    "confirm_funds": _("Confirm payment"),
    "pack": _("Pack"),
    "dispatch": _("Dispatch"),
    "complete": _("Complete"),
}


def _flat(value: Any) -> Any:
    """A list of lists as one text for each of them."""
    if not isinstance(value, list):
        return value
    rows = [one if isinstance(one, list) else [one] for one in value]
    return ["，".join(map(str, row)) for row in rows]
