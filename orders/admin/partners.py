"""Partners and their API keys: a key is shown once, when it is issued, and revoked for good."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, when
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.visitors import may
from orders.actions.keys import SCOPES, issue_api_key, revoke_api_key
from orders.models import ApiKey, Partner

SCOPE_WORDS = {
    "orders.view_order": _("Read orders and their stories"),
    "orders.see_receiver_order": _("Read names, phones and streets without stars"),
    "orders.place_order": _("Place orders"),
    "orders.pay_order": _("Note payments"),
    "orders.cancel_order": _("Cancel orders"),
    "orders.complete_order": _("Complete orders"),
    "orders.change_address_order": _("Change addresses"),
    "orders.note_order": _("Write notes, say how urgent an order is"),
    "inventory.view_stocklevel": _("Read what is available"),
    "fulfilment.view_shipment": _("Read parcels"),
    "rma.view_return": _("Read returns"),
    "rma.request_return": _("Ask for returns"),
    "rma.post_return": _("Say that returned goods were posted"),
    "integrations.manage_webhookendpoint": _("Set up webhooks"),
}


class NewKey(Dialog):
    """What the key may do: as far as the person who issues it may do it."""

    scopes = forms.MultipleChoiceField(
        label=_("What the key may do"), widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [
            (scope, SCOPE_WORDS[scope]) for scope in SCOPES if may(self.request, scope)
        ]


class WhichKey(Dialog):
    """One of the partner's keys that still open something."""

    key = dialogs.choice(_("API key"), ())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].choices = [
            (key.pk, f"{key.prefix}… · {looks.moment(key.created_at)}")
            for key in _live_keys(self.subject)
        ]


def _live_keys(partner: Partner) -> Any:
    return partner.keys.filter(revoked_at=None).order_by("-pk")


@when
def _has_keys(partner: Partner) -> bool:
    return bool(_live_keys(partner).exists())


class ApiKeyInline(TabularInline):
    """The keys as they are; the card's buttons issue and revoke them."""

    model = ApiKey
    extra = 0
    fields = ("prefix", "shown_scopes", "created_at", "revoked_at")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("What the key may do"))
    def shown_scopes(self, key: ApiKey) -> str:
        return "、".join(str(SCOPE_WORDS.get(scope, scope)) for scope in key.scopes)


@admin.register(Partner)
class PartnerAdmin(TransitionButtons, ModelAdmin):
    list_display = ("name", "is_active")
    filter_horizontal = ("shops",)
    inlines = (ApiKeyInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @button(
        _("Issue API key"),
        icon="key",
        tone="primary",
        permission="orders.add_apikey",
        form=NewKey,
        says=_("It opens the partner's own shops only. It is shown once; copy it at once."),
    )
    def issue_key(self, request: HttpRequest, form: Dialog, partner: Partner) -> SafeString:
        _key, token = issue_api_key(partner, form.cleaned_data["scopes"], actor=actor_of(request))
        return format_html("{} <code>{}</code>", _("The new key, shown only now:"), token)

    @button(
        _("Revoke API key"),
        icon="key_off",
        tone="danger",
        permission="orders.delete_apikey",
        possible=_has_keys,
        form=WhichKey,
        says=_("It opens nothing after ten seconds at most, and can't be given back."),
        done=_("The key is revoked."),
    )
    def revoke_key(self, request: HttpRequest, form: Dialog, partner: Partner) -> None:
        revoke_api_key(int(form.cleaned_data["key"]), actor=actor_of(request))
