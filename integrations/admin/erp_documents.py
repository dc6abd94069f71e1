"""What was pushed into the ERP, and what it refused, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from integrations.erp import pushing
from integrations.models import (
    ErpDocument,
)
from ordercenter.core.actor import Actor
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.errors import DomainError, WrongState

DOCUMENT_TONES: dict[str, str] = {
    ErpDocument.State.WAITING: "orange",
    ErpDocument.State.BOOKED: "green",
    ErpDocument.State.REFUSED: "red",
}


def _is_refused(document: ErpDocument, actor: Actor) -> DomainError | None:
    return None if document.state == ErpDocument.State.REFUSED else WrongState()


@admin.register(ErpDocument)
class ErpDocumentAdmin(TransitionButtons, KeysetList, ShownOnly):
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
            lambda rows, request: rows.filter(state=ErpDocument.State.REFUSED),
            urgent=True,
        ),
        Tab(
            "waiting",
            _("Being pushed"),
            lambda rows, request: rows.filter(state=ErpDocument.State.WAITING),
        ),
        Tab("all", _("All"), lambda rows, request: rows, counted=False),
    )
    fields = (
        ("number", "state_badge"),
        ("order_link", "kind"),
        ("shown_day", "money"),
        ("account_name", "why"),
        ("created_at", "booked_at"),
    )
    readonly_fields = tuple(name for row in fields for name in row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("order", "account")

    @display(description=_("day"))
    def shown_day(self, document: ErpDocument) -> str:
        return f"{document.day:%Y-%m-%d}"

    @display(description=_("order"))
    def order_link(self, document: ErpDocument) -> SafeString:
        url = reverse("admin:orders_order_change", args=[document.order_id])
        return format_html('<a class="oc-link" href="{}">{}</a>', url, document.order.number)

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
        possible=_is_refused,
        says=_("The ERP is asked first what it holds under this number."),
        done=_("It is on its way again."),
    )
    def push_again(self, request: HttpRequest, form: Dialog, document: ErpDocument) -> None:
        pushing.push_again(document.pk, actor=actor_of(request))


# -- settings --------------------------------------------------------------------------------
