"""E-mail to staff: who gets what, and what was sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.messaging import mail as mailing
from integrations.models import Mail, MailRoute
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, button, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly, Titled

MAIL_TONES: dict[str, str] = {
    Mail.State.PENDING: "orange",
    Mail.State.SENT: "green",
    Mail.State.FAILED: "red",
}


class MailRouteForm(forms.ModelForm):
    kind = forms.ChoiceField(
        label=_("kind"), choices=list(mailing.KINDS.items()), widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = MailRoute
        fields = ("kind", "role", "addresses", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "addresses" in self.fields:
            self.fields["addresses"].widget = UnfoldAdminTextInputWidget()
            self.fields["addresses"].help_text = gettext("Several addresses with commas.")


@admin.register(MailRoute)
class MailRouteAdmin(Titled, ModelAdmin):
    form = MailRouteForm
    list_display = ("shown_kind", "role", "shown_addresses", "is_active")

    def heading_of(self, row: Any) -> str:
        return self.shown_kind(row)

    @display(description=_("kind"))
    def shown_kind(self, route: MailRoute) -> str:
        return str(mailing.KINDS.get(route.kind, route.kind))

    @display(description=_("further addresses"))
    def shown_addresses(self, route: MailRoute) -> str:
        return "、".join(route.addresses) or looks.NOTHING


@admin.register(Mail)
class MailAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("subject", "address", "state_badge", "attempts", "answer", "created_at")
    list_display_links = ("subject",)
    search_fields = ("address", "subject")
    tabs = (
        Tab(
            "failed",
            _("Failed"),
            rows_in(Mail.State.FAILED),
            urgent=True,
        ),
        Tab(
            "pending",
            _("Pending"),
            rows_in(Mail.State.PENDING),
        ),
        EVERYTHING,
    )
    fields = (
        "address",
        "subject",
        "shown_body",
        ("state_badge", "attempts"),
        ("created_at", "finished_at"),
        "answer",
    )
    readonly_fields = (
        "address",
        "state_badge",
        "attempts",
        "subject",
        "shown_body",
        "answer",
        "created_at",
        "finished_at",
    )

    @display(description=_("state"))
    def state_badge(self, mail: Mail) -> SafeString:
        return looks.badge(mail.get_state_display(), MAIL_TONES[mail.state])

    @display(description=_("text"))
    def shown_body(self, mail: Mail) -> SafeString:
        style = "white-space:pre-wrap;overflow-wrap:anywhere"
        return format_html('<div style="{}">{}</div>', style, mail.body)

    @button(
        _("Send again"),
        icon="send",
        tone="primary",
        permission="integrations.resend_mail",
        possible=while_in(Mail.State.FAILED),
        done=_("It is on its way again."),
    )
    def send_again(self, request: HttpRequest, form: Dialog, mail: Mail) -> None:
        mailing.send_again([mail.pk])
