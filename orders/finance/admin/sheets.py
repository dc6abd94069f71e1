"""Reconciliation sheets: made by the clock or by a button, kept, downloaded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import KeysetList
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import who_name
from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.finance.admin.dialogs import Days
from orders.finance.models import DailySheet
from orders.finance.sheets import make_sheet


@admin.register(DailySheet)
class DailySheetAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("days", "orders", "paid", "refunds", "net", "with_gifts", "who", "made", "take")
    list_display_links = ("days",)
    list_filter = (("first_day", RangeDateFilter), "with_gifts")
    list_filter_submit = True
    list_fullwidth = True
    fields = (
        ("days", "with_gifts", "take"),
        ("orders", "total", "paid"),
        ("refunds", "net", "settled"),
        ("who", "made_at"),
    )
    readonly_fields = flatten(fields)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        own = [path("<int:pk>/file/", view, name="finance_dailysheet_file")]
        return [*own, *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """The kept workbook."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sheet = DailySheet.objects.filter(pk=pk).first()
        if sheet is None:
            raise Http404
        return FileResponse(
            sheet.file.open("rb"), as_attachment=True, filename=sheet.name, content_type=MEDIA_TYPE
        )

    @display(description=_("days"))
    def days(self, sheet: DailySheet) -> str:
        if sheet.first_day == sheet.last_day:
            return f"{sheet.first_day}"
        return f"{sheet.first_day} – {sheet.last_day}"

    @display(description=_("orders"))
    def orders(self, sheet: DailySheet) -> str:
        return str(sheet.figures.get("orders", looks.NOTHING))

    @display(description=_("to pay"))
    def total(self, sheet: DailySheet) -> str:
        return _money(sheet, "total")

    @display(description=_("paid"))
    def paid(self, sheet: DailySheet) -> str:
        return _money(sheet, "paid")

    @display(description=_("refunded"))
    def refunds(self, sheet: DailySheet) -> str:
        return _money(sheet, "refunds")

    @display(description=_("net"))
    def net(self, sheet: DailySheet) -> str:
        return _money(sheet, "net")

    @display(description=_("settled by the channel"))
    def settled(self, sheet: DailySheet) -> str:
        return _money(sheet, "settled")

    @display(description=_("who"))
    def who(self, sheet: DailySheet) -> str:
        return str(who_name(sheet.operator))

    @display(description=_("sheet made at"))
    def made(self, sheet: DailySheet) -> str:
        return looks.short_moment(sheet.made_at)

    @display(description=_("workbook"))
    def take(self, sheet: DailySheet) -> SafeString:
        return looks.link(self.url_of("file", sheet.pk), _("Download"))

    @button(
        _("Make a sheet"),
        icon="table_chart",
        tone="primary",
        permission="finance.make_dailysheet",
        form=Days,
        on_list=True,
        says=_("A workbook with summary and details that tie to the cent. It is kept."),
        done=_("The sheet is made."),
    )
    def make(self, request: HttpRequest, form: Dialog, subject: None) -> None:
        values = form.values()
        make_sheet(
            values["first_day"],
            values["last_day"],
            with_gifts=values["with_gifts"],
            actor=actor_of(request),
        )


def _money(sheet: DailySheet, name: str) -> Any:
    amount = sheet.figures.get(name)
    return looks.money(None if amount is None else Decimal(amount))
