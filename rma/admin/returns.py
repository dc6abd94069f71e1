"""Returns by step, with the buttons of each role."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.clocks import ClockColumn
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.pages import inline_pdf
from ordercenter.core.visitors import may
from orders.admin.linking import OrderLink
from rma.admin.return_buttons import ReturnButtons
from rma.labels import draw_return_label
from rma.models import Return, ReturnPolicy, ReturnState
from rma.models.returns import BEFORE_ARRIVAL
from rma.selectors import steps_of

STATE_TONES: dict[str, str] = {
    ReturnState.REQUESTED: "orange",
    ReturnState.AUTHORISED: "blue",
    ReturnState.REFUSED: "gray",
    ReturnState.ON_THE_WAY: "blue",
    ReturnState.RECEIVED: "orange",
    ReturnState.INSPECTED: "violet",
    ReturnState.SETTLING: "blue",
    ReturnState.SETTLED: "green",
    ReturnState.CLOSED: "gray",
}


@admin.register(Return)
class ReturnAdmin(ReturnButtons, OrderLink, ClockColumn, KeysetList, ShownOnly):
    list_display = ("number", "order_link", "kind", "reason", "amount", "state_badge", "clock")
    list_display_links = ("number",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("order",)
    search_fields = ("number",)
    search_help_text = _("RMA, order or tracking number, phone's last four digits")
    tabs = (
        Tab("requested", _("To be answered"), rows_in(ReturnState.REQUESTED), urgent=True),
        Tab("coming", _("Coming back"), rows_in(*BEFORE_ARRIVAL)),
        Tab("received", _("To be inspected"), rows_in(ReturnState.RECEIVED)),
        Tab("inspected", _("To be settled"), rows_in(ReturnState.INSPECTED), urgent=True),
        Tab("settling", _("Money on its way"), rows_in(ReturnState.SETTLING)),
        EVERYTHING,
    )
    fields = (
        ("number", "order_link", "state_badge"),
        ("kind", "reason", "amount"),
        ("note", "decision", "override_reason"),
        "pieces",
        "eligibility",
        "found",
        ("warehouse", "carrier", "tracking_number"),
        ("replacement_link", "minutes_to_money"),
        "way",
    )
    readonly_fields = flatten(fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("order", "warehouse", "carrier")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip().upper()
        if not text:
            return queryset, False
        if len(text) == 4 and text.isdigit():
            return queryset.filter(order__receiver_phone_tail=text), False
        wanted = Q(number__startswith=text) | Q(tracking_number=text)
        return queryset.filter(wanted | Q(order__number=text)), False

    @display(description=_("replacement order"))
    def replacement_link(self, rma: Return) -> SafeString | str:
        if rma.replacement is None:
            return looks.NOTHING
        url = reverse("admin:orders_order_change", args=[rma.replacement_id])
        return looks.link(url, rma.replacement.number)

    @display(description=_("to be paid back"))
    def amount(self, rma: Return) -> str:
        return looks.money(rma.refund_amount) if rma.gives_money else looks.NOTHING

    @display(description=_("state"))
    def state_badge(self, rma: Return) -> SafeString:
        return looks.badge(rma.get_state_display(), STATE_TONES[rma.state])

    @display(description=_("pieces"))
    def pieces(self, rma: Return) -> SafeString:
        heads = [
            _("SKU"),
            _("requested"),
            _("authorised"),
            _("pieces here"),
            _("good"),
            _("defective"),
            _("pieces settled"),
        ]
        rows = [
            (
                f"{line.sku.code} {line.sku.name}",
                line.requested,
                line.authorised,
                line.received,
                line.ok,
                line.defective,
                line.settled,
            )
            for line in rma.lines.select_related("sku")
        ]
        head = format_html_join("", "<th>{}</th>", ((text,) for text in heads))
        body = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            rows,
        )
        return format_html(
            '<div class="oc-scroll" tabindex="0" role="region" aria-label="{}">'
            '<table class="oc-table oc-goods"><thead><tr>{}</tr></thead>'
            "<tbody>{}</tbody></table></div>",
            _("pieces"),
            head,
            body,
        )

    @display(description=_("eligibility"))
    def eligibility(self, rma: Return) -> SafeString:
        return looks.badges(
            [(check["says"], "green" if check["ok"] else "red") for check in rma.checks]
        )

    @display(description=_("findings on arrival"))
    def found(self, rma: Return) -> SafeString | str:
        if not rma.findings:
            return looks.NOTHING
        return looks.badges([(finding["says"], "red") for finding in rma.findings])

    @display(description=_("what the customer sees"))
    def way(self, rma: Return) -> str:
        return " → ".join(f"{step.title} {looks.short_moment(step.at)}" for step in steps_of(rma))

    # The label as a file

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.label_view)
        own = path("<int:object_id>/label.pdf", view, name="rma_return_label")
        return [own, *super().get_urls()]

    def label_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The label once more, for those who may print labels."""
        if not may(request, "rma.print_label_return"):
            raise PermissionDenied
        rma = self.get_queryset(request).filter(pk=object_id).first()
        if rma is None or not rma.has_parcel or rma.authorised_at is None:
            raise Http404
        return inline_pdf(draw_return_label(rma), rma.number)


@admin.register(ReturnPolicy)
class ReturnPolicyAdmin(ModelAdmin):
    list_display = ("__str__", "no_reason_days", "quality_days", "auto_refund_limit")
