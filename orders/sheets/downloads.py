"""Workbooks as answers to a browser or a program, and as files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from django.http import FileResponse

from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.sheets.models import SheetRun
from orders.sheets.results import write_result


def exported_file(run: SheetRun) -> FileResponse:
    """The run's stored workbook."""
    return FileResponse(
        run.file.open("rb"), as_attachment=True, filename=run.name, content_type=MEDIA_TYPE
    )


def save_result(run: SheetRun, path: Path, *, sees_receiver: bool) -> None:
    """The coloured workbook of the run stands at the path, made now."""
    with path.open("wb") as file:
        write_result(file, run, sees_receiver=sees_receiver)


def result_file(run: SheetRun, *, sees_receiver: bool) -> FileResponse:
    """The coloured workbook of the run; receivers as the reader may see them."""
    handle, name = tempfile.mkstemp(suffix=".xlsx")
    os.close(handle)
    path = Path(name)
    try:
        save_result(run, path, sees_receiver=sees_receiver)
        # The response closes the file, which has no name any more by then.
        return FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=f"result-{run.pk}.xlsx",
            content_type=MEDIA_TYPE,
        )
    finally:
        path.unlink()
