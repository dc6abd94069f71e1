"""The numbers as a file."""

from __future__ import annotations

from tempfile import TemporaryFile

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_GET

from ordercenter.core.pages import only_for
from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.insight.exporting import write_numbers
from orders.insight.reading import SPANS, USUAL_SPAN, figures, span_days

VIEW = "insight.view_dailynumber"


@only_for(VIEW)
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """A workbook of the span that is asked for."""
    span = request.GET.get("span", USUAL_SPAN)
    if span not in SPANS:
        raise Http404
    found = figures(span_days(span))
    book = TemporaryFile()  # noqa: SIM115  (the answer closes it)
    write_numbers(book, found)
    book.seek(0)
    name = f"numbers-{found.days.first}-{span}.xlsx"
    answer = FileResponse(book, as_attachment=True, filename=name, content_type=MEDIA_TYPE)
    answer["Cache-Control"] = "private, no-store"
    return answer
