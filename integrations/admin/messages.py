"""Raw messages of channels: quarantine first."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from integrations.intake.retry import retry_quarantined
from integrations.models import RawMessage, RawState
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.visitors import may
from orders.admin.dialogs import SEE_RECEIVER
from orders.admin.linking import OrderLink

MOST_AT_ONCE = 200
STATE_TONES: dict[str, str] = {
    RawState.NEW: "orange",
    RawState.APPLIED: "green",
    RawState.UNCHANGED: "gray",
    RawState.STALE: "gray",
    RawState.QUARANTINED: "red",
}


def readable(body: str) -> str:
    """The body with line breaks where it is JSON, else as it came."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body


def _outcome(tally: Any) -> str:
    labels = dict(RawState.choices)
    parts = [f"{labels.get(end, end)} {count}" for end, count in tally.items()]
    return "，".join(parts) or str(_("Nothing came of it; look at the reason again."))


@admin.register(RawMessage)
class RawMessageAdmin(TransitionButtons, OrderLink, KeysetList, ShownOnly):
    list_display = (
        "external_number",
        "shop",
        "state_badge",
        "reason",
        "order_link",
        "channel_modified_at",
        "arrived",
    )
    list_filter = (
        ("shop", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("problem", ChoicesDropdownFilter),
    )
    list_filter_submit = True
    list_select_related = ("shop", "order")
    search_fields = ("external_number",)
    search_help_text = _("Channel's number")
    tabs = (
        Tab(
            "quarantined",
            _("Needs a person"),
            rows_in(RawState.QUARANTINED),
            urgent=True,
        ),
        Tab("new", _("To be read"), rows_in(RawState.NEW)),
        EVERYTHING,
    )
    fields = (
        "external_number",
        "shop",
        "api",
        "state_badge",
        "reason",
        "detail",
        "order_link",
        "mapping",
        "channel_modified_at",
        "arrived",
        "processed_at",
        "shown_body",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(external_number=text) if text else queryset), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The body holds buyers' data: only for those who may see receivers."""
        if may(request, SEE_RECEIVER):
            return self.fields
        return tuple(name for name in self.fields if name != "shown_body")

    @display(description=_("received at"))
    def arrived(self, message: RawMessage) -> str:
        return looks.moment(message.received_at)

    @display(description=_("state"))
    def state_badge(self, raw: RawMessage) -> SafeString:
        return looks.badge(raw.get_state_display(), STATE_TONES[raw.state])

    @display(description=_("reason"))
    def reason(self, raw: RawMessage) -> str:
        return raw.get_problem_display() or looks.NOTHING

    @display(description=_("message"))
    def shown_body(self, raw: RawMessage) -> SafeString:
        return format_html('<pre class="oc-body">{}</pre>', readable(raw.body))

    @button(
        _("Read again"),
        icon="refresh",
        tone="primary",
        permission="integrations.retry_rawmessage",
        possible=while_in(RawState.QUARANTINED),
        says=_("By the mapping that is in use now; what never came whole is asked for again."),
    )
    def retry(self, request: HttpRequest, form: Dialog, raw: RawMessage) -> str:
        return _outcome(retry_quarantined([raw.pk], actor=actor_of(request)))

    @button(
        _("Read all of the quarantine again"),
        icon="refresh",
        permission="integrations.retry_rawmessage",
        on_list=True,
        says=_("At most 200 at once, the oldest first."),
    )
    def retry_all(self, request: HttpRequest, form: Dialog, _subject: None) -> str:
        rows = RawMessage.objects.filter(state=RawState.QUARANTINED).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
        return _outcome(retry_quarantined(ids, actor=actor_of(request)))
