"""Partners' webhooks and what became of each message."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners import actions, wording
from integrations.partners.kinds import TEST
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, when, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import (
    event_name,
    name_events,
    name_machines,
    name_subjects,
    stream_link,
)
from orders.api.answers import SEE_RECEIVER

name_events(
    {
        "webhook.created": _("Webhook set up"),
        "webhook.changed": _("Webhook changed"),
        "webhook.deleted": _("Webhook deleted"),
        "webhook.secret_rotated": _("Signing secret replaced"),
        "webhook.switched_off": _("Webhook switched off"),
        "webhook.tested": _("Test message sent"),
        "webhook.replayed": _("Messages sent once more"),
        "webhook.resent": _("Dead letter sent again"),
        TEST: _("Test message"),
    }
)
name_subjects(WebhookEndpoint.KIND, _("Webhook"), "integrations_webhookendpoint")
name_machines({"timer:webhooks": _("Sender of webhooks")})

TONES: dict[str, str] = {
    PartnerDelivery.State.PENDING: "orange",
    PartnerDelivery.State.DONE: "green",
    PartnerDelivery.State.DEAD: "red",
    PartnerDelivery.State.WITHHELD: "gray",
}


class After(Dialog):
    """From which message on."""

    after = dialogs.whole(_("Behind message number"), least=0, initial=0)


@when
def _is_off(endpoint: WebhookEndpoint) -> bool:
    return not endpoint.is_active


@when
def _is_on(endpoint: WebhookEndpoint) -> bool:
    return endpoint.is_active


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(TransitionButtons, KeysetList, ShownOnly):
    """Set up by the partners' programs; here people look, switch, test and send again."""

    list_display = ("number", "partner", "host", "state_badge", "trouble_text", "waits", "reached")
    list_display_links = ("number",)
    list_select_related = ("partner",)
    search_fields = ("number", "partner__name")
    search_help_text = _("Number or partner")
    tabs = (
        Tab(
            "trouble",
            _("Not heard"),
            lambda rows, request: rows.exclude(trouble=""),
            urgent=True,
        ),
        EVERYTHING,
    )
    fields = (
        "number",
        "partner",
        "host",
        "description",
        "kinds_text",
        "receivers",
        "state_badge",
        "trouble_text",
        "last_sequence",
        "waits",
        "failures",
        "failing_since",
        "paused_until",
        "reached_at",
        "previous_until",
        "created_at",
        "messages",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # No page needs the secrets, so no page reads them.
        return super().get_queryset(request).defer("secrets")

    def dress(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        ids = [row.pk for row in rows]
        pending = PartnerDelivery.objects.filter(
            endpoint__in=ids, state=PartnerDelivery.State.PENDING
        )
        counts: dict[int, int] = {}
        for endpoint_id in pending.values_list("endpoint_id", flat=True)[:10_000]:
            counts[endpoint_id] = counts.get(endpoint_id, 0) + 1
        for row in rows:
            row.waiting = counts.get(row.pk, 0)
        return rows

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        return None if row is None else self.dress(request, [row])[0]

    @display(description=_("host"))
    def host(self, endpoint: WebhookEndpoint) -> str:
        # Path and query may hold a secret of the partner's.
        return actions.read_host(endpoint.url)

    @display(description=_("state"))
    def state_badge(self, endpoint: WebhookEndpoint) -> SafeString:
        if not endpoint.is_active:
            return looks.badge(_("off"), "red")
        return looks.badge(_("active"), "orange" if endpoint.trouble else "green")

    @display(description=_("trouble"))
    def trouble_text(self, endpoint: WebhookEndpoint) -> str:
        return wording.sentence(endpoint.trouble) or looks.NOTHING

    @display(description=_("waiting"))
    def waits(self, endpoint: Any) -> str:
        return f"{endpoint.waiting:,}"

    @display(description=_("last reached"))
    def reached(self, endpoint: WebhookEndpoint) -> str:
        return looks.short_moment(endpoint.reached_at)

    @display(description=_("kinds"))
    def kinds_text(self, endpoint: WebhookEndpoint) -> str:
        return "、".join(event_name(kind) for kind in endpoint.kinds) or str(_("All"))

    @display(description=_("shows receivers"), boolean=True)
    def receivers(self, endpoint: WebhookEndpoint) -> bool:
        return SEE_RECEIVER in endpoint.scopes

    @display(description=_("messages"))
    def messages(self, endpoint: WebhookEndpoint) -> SafeString:
        url = reverse("admin:integrations_partnerdelivery_changelist")
        return looks.link(f"{url}?tab=all&endpoint__id__exact={endpoint.pk}", _("Show messages"))

    @button(
        _("Switch on again"),
        icon="power_settings_new",
        permission=actions.MANAGE,
        possible=_is_off,
        says=_("It goes on with what waits. What happened while it was off is not sent."),
        done=_("The webhook is on."),
    )
    def switch_on(self, request: HttpRequest, form: Dialog, endpoint: WebhookEndpoint) -> None:
        values = {"is_active": True}
        actions.change_webhook(endpoint.pk, values, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Switch off"),
        icon="power_off",
        permission=actions.MANAGE,
        possible=_is_on,
        says=_("Nothing is sent, and nothing new is kept for it."),
        done=_("The webhook is off."),
    )
    def switch_off(self, request: HttpRequest, form: Dialog, endpoint: WebhookEndpoint) -> None:
        values = {"is_active": False}
        actions.change_webhook(endpoint.pk, values, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Send a test message"),
        icon="send",
        permission=actions.MANAGE,
        possible=_is_on,
        done=_("It is on its way."),
    )
    def send_test(self, request: HttpRequest, form: Dialog, endpoint: WebhookEndpoint) -> None:
        actions.send_test(endpoint.pk, seen=None, actor=actor_of(request))

    @button(
        _("Send messages once more"),
        icon="replay",
        permission=actions.MANAGE,
        possible=_is_on,
        form=After,
        says=_("Every message with a greater number is sent again, 30 days back at most."),
        done=_("They are on their way again."),
    )
    def replay(self, request: HttpRequest, form: Dialog, endpoint: WebhookEndpoint) -> None:
        after = form.cleaned_data["after"]
        actions.replay(endpoint.pk, after=after, seen=None, actor=actor_of(request))


@admin.register(PartnerDelivery)
class PartnerDeliveryAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("__str__", "partner", "what", "about", "state_badge", "attempts", "error")
    list_select_related = ("endpoint__partner",)
    list_filter = ("endpoint",)
    tabs = (
        Tab(
            "dead",
            _("Dead letters"),
            rows_in(PartnerDelivery.State.DEAD),
            urgent=True,
        ),
        Tab(
            "pending",
            _("Pending"),
            rows_in(PartnerDelivery.State.PENDING),
        ),
        EVERYTHING,
    )
    fields = (
        "__str__",
        "partner",
        "what",
        "about",
        "state_badge",
        "attempts",
        "status",
        "error",
        "not_before",
        "created_at",
        "finished_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related("endpoint__partner").defer("endpoint__secrets")

    @display(description=_("partner"))
    def partner(self, delivery: PartnerDelivery) -> str:
        return delivery.endpoint.partner.name

    @display(description=_("what"))
    def what(self, delivery: PartnerDelivery) -> str:
        return event_name(delivery.kind)

    @display(description=_("subject"))
    def about(self, delivery: PartnerDelivery) -> SafeString | str:
        return looks.NOTHING if delivery.kind == TEST else stream_link(delivery.stream)

    @display(description=_("state"))
    def state_badge(self, delivery: PartnerDelivery) -> SafeString:
        return looks.badge(delivery.get_state_display(), TONES[delivery.state])

    @display(description=_("last error"))
    def error(self, delivery: PartnerDelivery) -> str:
        return wording.sentence(delivery.last_error) or looks.NOTHING

    @button(
        _("Send again"),
        icon="send",
        tone="primary",
        permission="integrations.resend_partnerdelivery",
        possible=while_in(PartnerDelivery.State.DEAD),
        done=_("It is on its way again."),
    )
    def send_again(self, request: HttpRequest, form: Dialog, delivery: PartnerDelivery) -> None:
        actions.resend(delivery.pk, actor=actor_of(request))
