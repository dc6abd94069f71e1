"""Runs: progress, every changed cell, the files, and the button that confirms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import actor_of
from ordercenter.core.adminkit.keyset import KeysetList
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.errors import NotFound
from ordercenter.core.visitors import may
from orders.models import Order
from orders.sheets import runs
from orders.sheets.admin.forms import Confirm
from orders.sheets.downloads import exported_file, result_file
from orders.sheets.models import SheetCell, SheetRun
from orders.sheets.words import shown, title_of, who_and_when, why

CELLS_SHOWN = 300

STATE_TONES: dict[str, str] = {
    SheetRun.State.WAITING: "gray",
    SheetRun.State.RUNNING: "blue",
    SheetRun.State.LOOKED: "orange",
    SheetRun.State.DONE: "green",
    SheetRun.State.FAILED: "red",
}
OUTCOME_TONES: dict[str, str] = {
    SheetCell.Outcome.CONFLICT: "red",
    SheetCell.Outcome.REFUSED: "orange",
    SheetCell.Outcome.APPLIED: "green",
    SheetCell.Outcome.MERGED: "blue",
}


@admin.register(SheetRun)
class SheetRunAdmin(KeysetList, ShownOnly):
    list_display = ("begun", "kind", "state_badge", "operator", "rows", "outcomes")
    list_display_links = ("begun",)
    list_filter = ("kind", "state")

    # -- whose runs --------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, runs.VIEW_ORDER)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> Any:
        return runs.runs_for(actor_of(request))

    def _run(self, request: HttpRequest, pk: int) -> SheetRun:
        try:
            return runs.run_for(pk, actor_of(request))
        except NotFound as error:
            raise Http404 from error

    # -- list --------------------------------------------------------------------------------

    @display(description=_("begun"))
    def begun(self, run: SheetRun) -> str:
        return looks.moment(run.created_at)

    @display(description=_("state"))
    def state_badge(self, run: SheetRun) -> SafeString:
        return _badge(run)

    @display(description=_("rows"))
    def rows(self, run: SheetRun) -> str:
        return f"{run.counts.get('rows', run.total):,}"

    @display(description=_("outcomes"))
    def outcomes(self, run: SheetRun) -> SafeString:
        return looks.badges(_counted(run))

    # -- addresses ---------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        pages: tuple[tuple[str, str, Callable[..., HttpResponse]], ...] = (
            ("<int:pk>/progress/", "progress", require_GET(self.progress_view)),
            ("<int:pk>/file/", "file", require_GET(self.file_view)),
            ("<int:pk>/result/", "result", require_GET(self.result_view)),
        )
        own = [
            path(
                route, self.admin_site.admin_view(self._guarded(view)), name=f"sheets_sheetrun_{n}"
            )
            for route, n, view in pages
        ]
        return [*own, *super().get_urls()]

    def _guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, **kwargs)

        return guarded

    # -- one run -----------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Progress, then outcomes with conflicts first, then the buttons that make sense."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        is_number = object_id.isascii() and object_id.isdigit() and len(object_id) < 19
        run = self._run(request, int(object_id) if is_number else 0)
        pk = run.pk
        sees = may(request, runs.SEE_RECEIVER)
        wanted = request.GET.get("outcome", "")
        cells = run.cells.order_by("row", "id")
        if wanted in SheetCell.Outcome.values:
            cells = cells.filter(outcome=wanted)
        found = [
            *cells.filter(outcome__in=["conflict", "refused"])[: CELLS_SHOWN + 1],
            *cells.exclude(outcome__in=["conflict", "refused"])[: CELLS_SHOWN + 1],
        ]
        context = {
            "run": run,
            "badge": _badge(run),
            "counts": _counted(run),
            "lines": [_line(cell, run, sees_receiver=sees) for cell in found[:CELLS_SHOWN]],
            "is_cut": len(found) > CELLS_SHOWN,
            "is_working": run.state in (SheetRun.State.WAITING, SheetRun.State.RUNNING),
            "confirm_form": Confirm.of(run),
            "can_confirm": run.state == SheetRun.State.LOOKED and run.user_id == request.user.pk,
            "has_changes": run.counts.get("applied", 0) > 0,
            "is_import": run.kind == SheetRun.Kind.IMPORT,
            "can_take_file": run.state == SheetRun.State.DONE
            and bool(run.file)
            and _may_take(run, request),
            "urls": {name: _url(name, pk) for name in ("progress", "file", "result")},
            "back": _list_url(),
            "again": reverse("admin:orders_order_import"),
        }
        return self._page(request, "sheets/run.html", str(run), context)

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far the run is, for the page that waits."""
        run = self._run(request, pk)
        return JsonResponse(
            {
                "state": run.state,
                "says": f"{run.get_phase_display() or run.get_state_display()}",
                "done": run.done,
                "total": run.total,
            }
        )

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The exported workbook."""
        run = self._run(request, pk)
        if run.kind != SheetRun.Kind.EXPORT or not run.file or not _may_take(run, request):
            raise Http404
        return exported_file(run)  # type: ignore[return-value]

    def result_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The coloured workbook."""
        run = self._run(request, pk)
        if run.kind != SheetRun.Kind.IMPORT:
            raise Http404
        sees = may(request, runs.SEE_RECEIVER)
        return result_file(run, sees_receiver=sees)  # type: ignore[return-value]

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        return render(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.model._meta,
                **context,
            },
        )


def _may_take(run: SheetRun, request: HttpRequest) -> bool:
    """A file with receivers in clear text is for who may see them."""
    return not run.sees_receiver or may(request, runs.SEE_RECEIVER)


def _badge(run: SheetRun) -> SafeString:
    return looks.badge(run.get_state_display(), STATE_TONES[run.state])


def _word(outcome: str, run: SheetRun) -> str:
    """The outcome in words; before the confirmation nothing is written yet."""
    if outcome == SheetCell.Outcome.APPLIED and run.state == SheetRun.State.LOOKED:
        return gettext("will be written")
    return str(SheetCell.Outcome(outcome).label)


def _counted(run: SheetRun) -> list[tuple[Any, str]]:
    return [
        (f"{_word(outcome, run)} {run.counts[outcome]:,}", tone)
        for outcome, tone in OUTCOME_TONES.items()
        if run.counts.get(outcome)
    ]


def _line(cell: SheetCell, run: SheetRun, *, sees_receiver: bool) -> dict[str, Any]:
    base, theirs, yours = (
        shown(cell.field, value, sees_receiver=sees_receiver)
        for value in (cell.base, cell.theirs, cell.yours)
    )
    return {
        "cell": cell,
        "field": title_of(cell.field),
        "base": base,
        "theirs": theirs,
        "yours": yours,
        "badge": looks.badge(_word(cell.outcome, run), OUTCOME_TONES[cell.outcome]),
        "who": who_and_when(cell) if cell.outcome == SheetCell.Outcome.CONFLICT else "",
        "why": why(cell, sees_receiver=sees_receiver),
        "url": _order_url(cell.order_id) if cell.order_id else "",
    }


def _url(name: str, pk: int | None = None) -> str:
    return reverse(f"admin:sheets_sheetrun_{name}", args=[pk] if pk else None)


def _list_url(query: str = "") -> str:
    url = reverse(f"admin:{Order._meta.app_label}_{Order._meta.model_name}_changelist")
    return f"{url}?{query}" if query else url


def _order_url(order_id: int) -> str:
    return reverse("admin:orders_order_change", args=[order_id])
