"""What was pushed into the ERP, and what it refused, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from integrations.erp import pushing
from integrations.models import (
    ErpDocument,
)
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from orders.admin.linking import OrderLink

DOCUMENT_TONES: dict[str, str] = {
    ErpDocument.State.WAITING: "orange",
    ErpDocument.State.BOOKED: "green",
    ErpDocument.State.REFUSED: "red",
}


@admin.register(ErpDocument)
class ErpDocumentAdmin(TransitionButtons, OrderLink, KeysetList, ShownOnly):
    list_display = (
        "number",
        "kind",
        "order_link",
        "shown_day",
        "money",
        "state_badge",
        "why",
        "created_at",
    )
    list_display_links = ("number",)
    list_select_related = ("order",)
    list_fullwidth = True
    search_fields = ("number", "order__number")
    tabs = (
        Tab(
            "refused",
            _("Refused"),
            rows_in(ErpDocument.State.REFUSED),
            urgent=True,
        ),
        Tab(
            "waiting",
            _("Being pushed"),
            rows_in(ErpDocument.State.WAITING),
        ),
        EVERYTHING,
    )
    fields = (
        ("number", "state_badge"),
        ("order_link", "kind"),
        ("shown_day", "money"),
        ("account_name", "why"),
        ("created_at", "booked_at"),
    )
    readonly_fields = flatten(fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("order", "account")

    @display(description=_("day"))
    def shown_day(self, document: ErpDocument) -> str:
        return f"{document.day:%Y-%m-%d}"

    @display(description=_("ERP account"))
    def account_name(self, document: ErpDocument) -> str:
        return str(document.account)

    @display(description=_("amount"))
    def money(self, document: ErpDocument) -> str:
        return looks.money(document.amount)

    @display(description=_("state"))
    def state_badge(self, document: ErpDocument) -> SafeString:
        return looks.badge(document.get_state_display(), DOCUMENT_TONES[document.state])

    @display(description=_("their answer"))
    def why(self, document: ErpDocument) -> str:
        said = document.answer or {}
        return f"{said.get('code', '')} {said.get('text', '')}".strip() or looks.NOTHING

    @button(
        _("Push again"),
        icon="send",
        tone="primary",
        permission="integrations.push_erpdocument",
        possible=while_in(ErpDocument.State.REFUSED),
        says=_("The ERP is asked first what it holds under this number."),
        done=_("It is on its way again."),
    )
    def push_again(self, request: HttpRequest, form: Dialog, document: ErpDocument) -> None:
        pushing.push_again(document.pk, actor=actor_of(request))
