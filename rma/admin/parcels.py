"""The inbox of parcels that say no RMA number."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, action_button, actor_of, button
from ordercenter.core.adminkit.dialogs import Dialog, Reason
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from orders.models import Order
from rma import actions
from rma.admin.dialogs import Assignment
from rma.matching import Match, suggest_for
from rma.models import UnknownParcel, UnknownParcelState

STATE_TONES: dict[str, str] = {
    UnknownParcelState.WAITING: "orange",
    UnknownParcelState.ASSIGNED: "green",
    UnknownParcelState.CLOSED: "gray",
}
BECAUSE = {
    "tracking_number": _("tracking number"),
    "waybill": _("our own waybill"),
    "phone_tail": _("phone, last four"),
    "sku": _("SKU"),
}


@admin.register(UnknownParcel)
class UnknownParcelAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("__str__", "phone_tail", "sender", "skus", "arrived", "state_badge")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_filter_submit = True
    search_fields = ("tracking_number",)
    search_help_text = _("Tracking number or phone's last four digits")
    tabs = (
        Tab(
            "waiting",
            _("Waiting"),
            rows_in(UnknownParcelState.WAITING),
            urgent=True,
        ),
        EVERYTHING,
    )
    fields = (
        ("tracking_number", "phone_tail", "sender"),
        ("skus", "state_badge", "rma"),
        "note",
        ("warehouse", "found_by", "arrived_at"),
        "photo",
        "matches",
    )
    readonly_fields = flatten(fields)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip().upper()
        if not text:
            return queryset, False
        return queryset.filter(Q(tracking_number=text) | Q(phone_tail=text)), False

    @display(description=_("SKUs found"))
    def skus(self, parcel: UnknownParcel) -> str:
        return "、".join(parcel.sku_codes) or looks.NOTHING

    @display(description=_("arrived"))
    def arrived(self, parcel: UnknownParcel) -> str:
        return looks.short_moment(parcel.arrived_at)

    @display(description=_("state"))
    def state_badge(self, parcel: UnknownParcel) -> SafeString:
        return looks.badge(parcel.get_state_display(), STATE_TONES[parcel.state])

    @display(description=_("may belong to"))
    def matches(self, parcel: UnknownParcel) -> SafeString | str:
        if parcel.state != UnknownParcelState.WAITING:
            return looks.NOTHING
        rows = [(_url(match), match.number, _why(match)) for match in suggest_for(parcel)]
        return (
            format_html_join(
                "", '<div><a class="oc-link" href="{}">{}</a> <small>{}</small></div>', rows
            )
            or looks.NOTHING
        )

    @button(
        _("Assign"),
        icon="link",
        tone="primary",
        permission="rma.assign_unknownparcel",
        verb="assign",
        form=Assignment,
        says=_("For an order without a return, one is opened; money then waits for finance."),
    )
    def assign(self, request: HttpRequest, form: Dialog, parcel: UnknownParcel) -> str:
        found = form.cleaned_data["number"]
        actor, seen = actor_of(request), form.seen_version
        if isinstance(found, Order):
            rma = actions.open_return_for_parcel(
                parcel.pk, seen=seen, order_id=found.pk, actor=actor
            )
        else:
            rma = found
            actions.assign_parcel(parcel.pk, seen=seen, return_id=rma.pk, actor=actor)
        return str(_("The parcel belongs to %(number)s.")) % {"number": rma.number}

    close = action_button(
        actions.close_parcel,
        _("Close"),
        icon="cancel",
        tone="danger",
        permission="rma.assign_unknownparcel",
        verb="close",
        form=Reason,
        says=_("It is not ours, or was given back."),
        done=_("The parcel is closed."),
    )


def _url(match: Match) -> str:
    if match.rma:
        return reverse("admin:rma_return_change", args=[match.rma.pk])
    return reverse("admin:orders_order_change", args=[match.order.pk])


def _why(match: Match) -> str:
    return "、".join(str(BECAUSE[reason]) for reason in match.because)
