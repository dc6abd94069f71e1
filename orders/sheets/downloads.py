"""Workbooks as answers to a browser or a program."""

from __future__ import annotations

import os
import tempfile

from django.http import FileResponse

from orders.sheets.models import SheetRun
from orders.sheets.results import write_result
from orders.sheets.writing import MEDIA_TYPE


def exported_file(run: SheetRun) -> FileResponse:
    """The run's stored workbook."""
    return FileResponse(
        run.file.open("rb"), as_attachment=True, filename=run.name, content_type=MEDIA_TYPE
    )


def result_file(run: SheetRun, *, sees_receiver: bool) -> FileResponse:
    """The coloured workbook of the run, made now; receivers as the reader may see them."""
    handle, path = tempfile.mkstemp(suffix=".xlsx")
    try:
        with os.fdopen(handle, "wb") as file:
            write_result(file, run, sees_receiver=sees_receiver)
        # The response closes the file; without a name it is gone then.
        return FileResponse(
            open(path, "rb"),
            as_attachment=True,
            filename=f"result-{run.pk}.xlsx",
            content_type=MEDIA_TYPE,
        )
    finally:
        os.unlink(path)
