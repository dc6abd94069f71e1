"""Our accounts at payment systems. Keys go in and are never shown again."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from integrations.admin.credentials import WithSecret
from integrations.models import PaymentAccount


class PaymentAccountForm(WithSecret):
    class Meta:
        model = PaymentAccount
        fields = ("system", "name", "base_url", "credentials", "is_active")


@admin.register(PaymentAccount)
class PaymentAccountAdmin(ModelAdmin):
    form = PaymentAccountForm
    list_display = ("name", "system", "base_url", "is_active", "trouble")
    readonly_fields = ("trouble",)
