"""import-export's pages on the order list: export what the list shows, put it back, confirm.

They ask and hand over; the run's own page shows progress, every changed cell, and the button
that confirms.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportMixin
from unfold.contrib.import_export.forms import ExportForm

from ordercenter.core.adminkit.buttons import actor_of
from ordercenter.core.adminkit.counts import capped_count
from ordercenter.core.errors import DomainError, NotFound
from ordercenter.core.visitors import may, user_of
from orders.admin.order import ListLink, OrderAdmin, add_list_link
from orders.models import Order
from orders.sheets import runs
from orders.sheets.admin.forms import Confirm, Upload
from orders.sheets.columns import MOST_ROWS
from orders.sheets.models import SheetRun
from orders.sheets.resources import (
    OrderResource,
    OrderWorkbook,
    RunDataset,
    RunStorage,
    SyncResult,
)
from orders.sheets.selection import orders_of_list

LATEST = 5

add_list_link(
    ListLink(
        _("Export to Excel"),
        "download",
        "admin:orders_order_export",
        runs.VIEW_ORDER,
        keeps_filters=True,
    )
)
add_list_link(
    ListLink(_("Sync from Excel"), "upload_file", "admin:orders_order_import", runs.VIEW_ORDER)
)


admin.site.unregister(Order)


@admin.register(Order)
class OrderAdminWithSheets(ImportExportMixin, OrderAdmin):  # type: ignore[misc]
    """The order list with import-export's pages. No row is saved by import-export itself."""

    resource_classes = (OrderResource,)
    formats = (OrderWorkbook,)
    import_form_class = Upload
    confirm_form_class = Confirm
    export_form_class = ExportForm
    tmp_storage_class = RunStorage
    import_template_name = "sheets/import.html"
    export_template_name = "sheets/export.html"
    # The links above the list lead to the pages.
    import_export_change_list_template = None
    # The timeline says who changed what; a second log would say less.
    skip_admin_log = True

    def has_import_permission(self, request: HttpRequest) -> bool:
        """What a person may change is asked again by each action."""
        return may(request, runs.VIEW_ORDER)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may(request, runs.VIEW_ORDER)

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"actor": actor_of(request)}

    def get_export_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"actor": actor_of(request)}

    # -- out ---------------------------------------------------------------------------------

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return orders_of_list(_query(request), user_of(request))

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """GET says what will be exported, POST exports it; the list's filters are kept."""
        answer: HttpResponse = super().export_action(request)
        context = getattr(answer, "context_data", None)
        if context is not None:
            count = capped_count(self.get_export_queryset(request), MOST_ROWS)
            context |= {
                "title": gettext("Export to Excel"),
                "count": count,
                "is_too_many": count > MOST_ROWS,
                "most": MOST_ROWS,
                "sees_receiver": may(request, runs.SEE_RECEIVER),
                "back": _list_url(_query(request)),
            }
        return answer

    def _do_file_export(
        self,
        file_format: OrderWorkbook,
        request: HttpRequest,
        queryset: QuerySet[Order],
        export_form: Any = None,
    ) -> HttpResponse:
        """The run's page: it has the file, at once or after some progress."""
        try:
            made = OrderResource(actor=actor_of(request)).export(queryset, query=_query(request))
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())
        return HttpResponseRedirect(_run_url(made.run_id))

    # -- in ----------------------------------------------------------------------------------

    def get_import_form_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_import_form_kwargs(request), "actor": actor_of(request)}

    def write_to_tmp_storage(self, import_file: Any, input_format: OrderWorkbook) -> RunStorage:
        """The form has given the upload to a run already."""
        return RunStorage(name=str(import_file.run_id))

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """GET asks for the workbook, POST keeps it and looks through it; nothing is changed."""
        answer: TemplateResponse = super().import_action(request, **kwargs)
        context = answer.context_data or {}
        if "result" in context:
            return HttpResponseRedirect(_run_url(context["result"].run.pk))
        context |= {
            "title": gettext("Sync from Excel"),
            "back": _list_url(),
            "latest": runs.runs_for(actor_of(request)).order_by("-pk")[:LATEST],
        }
        return answer

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """POST confirms a run; a form that names none leads back to the beginning."""
        answer: HttpResponse = super().process_import(request, **kwargs)
        if isinstance(answer, TemplateResponse):
            return HttpResponseRedirect(reverse("admin:orders_order_import"))
        return answer

    def process_dataset(
        self, dataset: RunDataset, form: Any, request: HttpRequest, **kwargs: Any
    ) -> SyncResult | RunDataset:
        """Apply what was looked through; the dataset itself when somebody was faster."""
        try:
            result: SyncResult = super().process_dataset(dataset, form, request, **kwargs)
            return result
        except NotFound as error:
            raise Http404 from error
        except DomainError as refusal:
            messages.warning(request, str(refusal))
            return dataset

    def process_result(self, result: SyncResult | RunDataset, request: HttpRequest) -> HttpResponse:
        """Back to the run's page, with a sentence for what was written and for what was not."""
        if isinstance(result, RunDataset):
            return HttpResponseRedirect(_run_url(result.run_id))
        if not result.is_waiting and not result.has_errors():
            _tell(result.run, request)
        return HttpResponseRedirect(_run_url(result.run.pk))


def _tell(run: SheetRun, request: HttpRequest) -> None:
    counts = run.counts
    written = gettext("%(number)s cells were written.") % {"number": counts.get("applied", 0)}
    left = counts.get("conflict", 0) + counts.get("refused", 0)
    if left:
        said = gettext("%(number)s cells were not written; they stand below with the reason.")
        messages.warning(request, f"{written} {said % {'number': left}}")
    else:
        messages.success(request, written)


def _query(request: HttpRequest) -> str:
    return str(request.META.get("QUERY_STRING", ""))


def _run_url(pk: int) -> str:
    return reverse("admin:sheets_sheetrun_change", args=[pk])


def _list_url(query: str = "") -> str:
    url = reverse("admin:orders_order_changelist")
    return f"{url}?{query}" if query else url
