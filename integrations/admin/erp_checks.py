"""The daily check in the admin: both sides, the lines that differ, an upload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from integrations.erp import checks
from integrations.erp.alarms import percent
from integrations.erp.comparing import share_of
from integrations.erp.export import workbook_file
from integrations.models import (
    ErpCheck,
    ErpCheckLine,
)
from ordercenter.core import moments
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, go
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import name_events, name_machines, name_subjects
from ordercenter.core.errors import BadInput, DomainError
from ordercenter.core.visitors import may
from ordercenter.core.workbooks.errors import BadWorkbook
from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.finance.figures import business_day

name_events(
    {
        "order.erp_booked": _("Entered in the ERP"),
        "order.erp_refused": _("Refused by the ERP"),
        "order.erp_pushed_again": _("Pushed to the ERP again"),
        "erp_check.alarmed": _("ERP check: differs"),
        "erp_check.passed": _("ERP check: within the tolerance"),
    }
)
name_subjects(ErpCheck.KIND, _("ERP check"), "integrations_erpcheck")
name_machines({"erp": _("Push to the ERP"), "erp:check": _("ERP check by itself")})

RESULT_TONES: dict[str, str] = {
    ErpCheck.Result.EQUAL: "green",
    ErpCheck.Result.WITHIN: "orange",
    ErpCheck.Result.ALARM: "red",
}
CAUSE_TONES: dict[str, str] = {
    ErpCheckLine.Cause.MISSING: "red",
    ErpCheckLine.Cause.NOT_BOOKED: "orange",
    ErpCheckLine.Cause.UNKNOWN: "violet",
}
LINES_SHOWN = 1000


def _yesterday() -> date:
    return business_day(moments.now()) - timedelta(days=1)


# -- checks ----------------------------------------------------------------------------------


class Upload(Dialog):
    """An export of the ERP and the day it is of."""

    day = dialogs.day(_("Day"), initial=_yesterday)
    file = dialogs.upload(
        _("Export of the ERP"),
        help_text=_(
            ".xlsx or .csv (UTF-8 or GBK), one row for each order or line; columns: order number, "
            "amount, refund, date. Their names stand under “Rules of the ERP check”."
        ),
    )


class OneDay(Dialog):
    """Which day."""

    day = dialogs.day(_("Day"), initial=_yesterday)


class Days(Dialog):
    """From which day until which."""

    first = dialogs.day(_("First day"), initial=_yesterday)
    last = dialogs.day(_("Last day"), initial=_yesterday)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and not 0 <= (last - first).days < 31:
            self.add_error("last", _("At most 31 days, the last not before the first."))
        return data


@admin.register(ErpCheck)
class ErpCheckAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = (
        "shown_day",
        "result_badge",
        "orders",
        "total",
        "refunds",
        "difference",
        "differing",
        "compared",
        "made",
    )
    list_display_links = ("shown_day",)
    list_filter = (
        ("result", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("day", RangeDateFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    tabs = (
        Tab(
            "alarm",
            _("Differ"),
            lambda rows, request: rows.filter(result=ErpCheck.Result.ALARM),
            urgent=True,
        ),
        EVERYTHING,
    )
    fields = (
        ("shown_day", "result_badge"),
        ("difference", "left_out"),
        ("compared", "made"),
    )
    readonly_fields = flatten(fields)
    change_form_outer_after_template = "erp/check.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.workbook_view)
        own = path("workbook/file/", view, name="integrations_erpcheck_file")
        return [own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        check = kwargs.get("obj")
        if check is not None:
            lines = check.lines.select_related("order")[:LINES_SHOWN]
            context |= {
                "sides": _sides(check),
                "check": check,
                "lines": [_shown(line) for line in lines],
                "more": max(check.differing - LINES_SHOWN, 0),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=_("day"))
    def shown_day(self, check: ErpCheck) -> str:
        return str(check)

    @display(description=_("result"))
    def result_badge(self, check: ErpCheck) -> SafeString:
        return looks.badge(check.get_result_display(), RESULT_TONES[check.result])

    @display(description=_("orders here / ERP"))
    def orders(self, check: ErpCheck) -> str:
        return f"{check.our_orders:,} / {check.their_orders:,}"

    @display(description=_("total here / ERP"))
    def total(self, check: ErpCheck) -> str:
        return f"{looks.money(check.our_total)} / {looks.money(check.their_total)}"

    @display(description=_("refunds here / ERP"))
    def refunds(self, check: ErpCheck) -> str:
        return f"{looks.money(check.our_refunds)} / {looks.money(check.their_refunds)}"

    @display(description=_("largest difference"))
    def difference(self, check: ErpCheck) -> str:
        return gettext("%(share)s (allowed %(tolerance)s %%)") % {
            "share": percent(check.share),
            "tolerance": f"{check.tolerance.normalize():f}",
        }

    @display(description=_("compared with"))
    def compared(self, check: ErpCheck) -> str:
        return f"{check.get_source_display()}：{check.source_name}"

    @display(description=_("made"))
    def made(self, check: ErpCheck) -> str:
        who = gettext("by itself") if check.is_scheduled else check.made_by_label
        return f"{looks.moment(check.made_at)} {who}"

    @button(
        _("Upload ERP export"),
        icon="upload_file",
        tone="primary",
        permission="integrations.run_erpcheck",
        on_list=True,
        form=Upload,
        says=_("The export is compared with our figures of that day; it changes nothing."),
    )
    def upload(self, request: HttpRequest, form: Dialog, _subject: None) -> HttpResponse:
        given = form.values()
        file = given["file"]
        try:
            check = checks.check_upload(
                file, name=file.name, day=given["day"], actor=actor_of(request)
            )
        except BadWorkbook as refusal:
            # Beside the file, so that another one can be chosen at once.
            raise BadInput(str(refusal), fields={"file": [str(refusal)]}) from refusal
        return go(request, self.url_of("change", check.pk))

    @button(
        _("Ask the ERP now"),
        icon="compare_arrows",
        permission="integrations.run_erpcheck",
        on_list=True,
        form=OneDay,
        says=_("The day's documents are read from the ERP account that is switched on."),
    )
    def ask_erp(self, request: HttpRequest, form: Dialog, _subject: None) -> HttpResponse:
        check = checks.check_erp(form.values()["day"], actor=actor_of(request))
        assert check is not None, "a check that a person asks for is always made"
        return go(request, self.url_of("change", check.pk))

    @button(
        _("Workbook for the ERP"),
        icon="download",
        permission="integrations.export_erp",
        on_list=True,
        form=Days,
        says=_("Sales and refunds of these days, to be imported into the ERP by hand."),
    )
    def workbook(self, request: HttpRequest, form: Dialog, _subject: None) -> HttpResponse:
        return go(request, f"{self.url_of('file')}?{urlencode(form.values())}")

    def workbook_view(self, request: HttpRequest) -> HttpResponse:
        """The workbook itself; reading changes nothing."""
        if not may(request, "integrations.export_erp"):
            raise PermissionDenied
        try:
            first = parse_date(request.GET.get("first", ""))
            last = parse_date(request.GET.get("last", ""))
        except ValueError:
            first = last = None
        if first is None or last is None:
            raise Http404
        try:
            file = workbook_file(first, last, actor=actor_of(request))
        except DomainError as refusal:
            raise Http404(str(refusal)) from refusal
        name = f"erp-{first:%Y%m%d}-{last:%Y%m%d}.xlsx"
        return FileResponse(file, as_attachment=True, filename=name, content_type=MEDIA_TYPE)


def _sides(check: ErpCheck) -> list[dict[str, Any]]:
    """Three figures of both sides, with the difference and its share."""
    rows = (
        (_("number of orders"), check.our_orders, check.their_orders, "{:,}".format),
        (_("order total"), check.our_total, check.their_total, looks.money),
        (_("money paid back"), check.our_refunds, check.their_refunds, looks.money),
    )
    return [
        {
            "title": title,
            "ours": shown(ours),
            "theirs": shown(theirs),
            "difference": _signed(theirs - ours, shown) if ours != theirs else looks.NOTHING,
            "share": percent(share_of(Decimal(ours), Decimal(theirs))) if ours != theirs else "",
        }
        for title, ours, theirs, shown in rows
    ]


def _signed(value: Any, shown: Callable[[Any], str]) -> str:
    """With its sign in front of the currency's."""
    return f"{'+' if value > 0 else '−'}{shown(abs(value))}"


def _shown(line: ErpCheckLine) -> dict[str, Any]:
    return {
        "number": line.number,
        "url": reverse("admin:orders_order_change", args=[line.order_id]) if line.order_id else "",
        "shop": line.shop,
        "has_refund": line.our_refund or line.their_refund,
        "ours": looks.money(line.our_total),
        "theirs": looks.money(line.their_total),
        "our_refund": looks.money(line.our_refund),
        "their_refund": looks.money(line.their_refund),
        "badge": looks.badge(line.get_cause_display(), CAUSE_TONES.get(line.cause, "orange")),
    }
