"""ERP accounts and the rule of the check in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.admin.credentials import SecretField, WithSecret
from integrations.erp import accounts
from integrations.erp.kingdee.bills import Settings
from integrations.erp.registry import ERPS
from integrations.models import (
    ErpAccount,
    ErpPolicy,
)
from ordercenter.core import moments
from ordercenter.core.adminkit.buttons import TransitionButtons, button, when
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.errors import BadInput


class ErpAccountForm(WithSecret):
    credentials = SecretField(
        help_text=_(
            'Written only: {"acct_id": "…", "user": "…", "app_id": "…", "app_secret": "…", '
            '"org_number": "100"}. Empty keeps what is stored.'
        )
    )
    system = forms.ChoiceField(label=_("ERP"), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = ErpAccount
        fields = (
            "system",
            "name",
            "base_url",
            "credentials",
            "options",
            "pushes",
            "pushes_since",
            "checks",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "system" in self.fields:
            self.fields["system"].choices = [(key, a.label) for key, a in ERPS.all.items()]
        if "pushes_since" in self.fields and self.instance.pk is None:
            self.fields["pushes_since"].initial = moments.now

    def clean_options(self) -> dict[str, Any]:
        options = self.cleaned_data["options"] or {}
        if not isinstance(options, dict):
            raise forms.ValidationError(_("Write an object: names and values in braces."))
        try:
            Settings.over_defaults(options)
        except BadInput as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return options


@when
def _is_off(account: ErpAccount) -> bool:
    return not account.is_active


@when
def _is_on(account: ErpAccount) -> bool:
    return account.is_active


@admin.register(ErpAccount)
class ErpAccountAdmin(TransitionButtons, ModelAdmin):
    form = ErpAccountForm
    list_display = ("name", "erp", "base_url", "is_active", "pushes", "checks", "trouble")
    readonly_fields = ("is_active", "trouble")

    @display(description=_("ERP"))
    def erp(self, account: ErpAccount) -> str:
        adapter = ERPS.all.get(account.system)
        return str(adapter.label) if adapter else account.system

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @button(
        _("Switch on"),
        icon="power_settings_new",
        tone="primary",
        permission="integrations.change_erpaccount",
        possible=_is_off,
        says=_(
            "Orders placed since the moment that was entered are pushed when they are paid, and "
            "each morning's check asks this account. Another account is switched off."
        ),
        done=_("The account is in use."),
    )
    def switch_on(self, request: HttpRequest, form: Dialog, account: ErpAccount) -> None:
        accounts.switch_on(account.pk)

    @button(
        _("Switch off"),
        icon="power_off",
        permission="integrations.change_erpaccount",
        possible=_is_on,
        says=_("Nothing more is pushed or asked."),
        done=_("The account is no longer in use."),
    )
    def switch_off(self, request: HttpRequest, form: Dialog, account: ErpAccount) -> None:
        accounts.switch_off(account.pk)


class ErpPolicyForm(forms.ModelForm):
    class Meta:
        model = ErpPolicy
        fields = ("tolerance", "number_headers", "amount_headers", "refund_headers", "date_headers")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name.endswith("_headers"):
                field.widget = UnfoldAdminTextInputWidget()
                field.help_text = " ".join(
                    [str(field.help_text), gettext("Several names with commas between them.")]
                ).strip()


@admin.register(ErpPolicy)
class ErpPolicyAdmin(ModelAdmin):
    form = ErpPolicyForm
    list_display = ("__str__", "tolerance", "number_headers", "amount_headers", "refund_headers")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
