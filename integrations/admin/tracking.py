"""The tracking service's account, followed parcels, and what came in by callback."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from integrations.admin.credentials import WithSecret
from integrations.inbound import read_again
from integrations.models import InboundCall, TrackingAccount, TrackingSubscription
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, button, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import subject_link
from orders.fulfilment.models import Shipment

CALL_TONES: dict[str, str] = {
    InboundCall.State.NEW: "orange",
    InboundCall.State.DONE: "green",
    InboundCall.State.REFUSED: "gray",
    InboundCall.State.FAILED: "red",
}


class TrackingAccountForm(WithSecret):
    class Meta:
        model = TrackingAccount
        fields = ("name", "base_url", "credentials", "is_active")


@admin.register(TrackingAccount)
class TrackingAccountAdmin(ModelAdmin):
    form = TrackingAccountForm
    list_display = ("name", "base_url", "is_active", "trouble")
    readonly_fields = ("trouble",)


@admin.register(TrackingSubscription)
class TrackingSubscriptionAdmin(KeysetList, ShownOnly):
    list_display = ("number", "company", "state", "heard_at", "last_polled_at", "next_poll")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_filter_submit = True
    fields = (*list_display, "shipment", "created_at")
    readonly_fields = fields

    @display(description=_("shipment"))
    def shipment(self, followed: TrackingSubscription) -> SafeString | str:
        return subject_link(Shipment.KIND, followed.shipment_id)

    @display(description=_("asked again at"))
    def next_poll(self, followed: TrackingSubscription) -> str:
        """Only parcels that are still followed are asked for."""
        is_followed = followed.state == TrackingSubscription.State.ACTIVE
        return looks.moment(followed.next_poll_at if is_followed else None)


@admin.register(InboundCall)
class InboundCallAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("source", "received_at", "state_badge", "attempts", "repeats", "error")
    tabs = (
        Tab(
            "failed",
            _("Failed"),
            rows_in(InboundCall.State.FAILED),
            urgent=True,
        ),
        EVERYTHING,
    )
    fields = (
        "source",
        "received_at",
        "state_badge",
        "attempts",
        "repeats",
        "error",
        "processed_at",
        "shown_body",
    )
    readonly_fields = fields

    @display(description=_("state"))
    def state_badge(self, call: InboundCall) -> SafeString:
        return looks.badge(call.get_state_display(), CALL_TONES[call.state])

    @display(description=_("message"))
    def shown_body(self, call: InboundCall) -> SafeString:
        return format_html('<pre class="oc-body">{}</pre>', call.text)

    @button(
        _("Read again"),
        icon="refresh",
        tone="primary",
        permission="integrations.replay_inboundcall",
        possible=while_in(InboundCall.State.FAILED),
        done=_("It waits to be read anew."),
    )
    def read_again(self, request: HttpRequest, form: Dialog, call: InboundCall) -> None:
        read_again(call.pk)
