"""What the sheets section measures: ours, and the floors under it."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import openpyxl
from django.core.files import File
from django.db import connection
from python_calamine import CalamineWorkbook

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.workbooks.writing import SheetWriter
from ordercenter.core.workbooks.zipping import LEVEL
from orders.models import Order
from orders.sheets import exporting, runs
from orders.sheets.columns import BASE_SHEET, BY_KEY
from orders.sheets.exporting import chosen_ids

BOSS = Actor.system("bench", door="command")
Said = dict[str, Any]


class Statements:
    """Counts what is sent to the database, COPY left out."""

    count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


def _newest(rows: int) -> list[int]:
    return list(Order.objects.order_by("-pk").values_list("pk", flat=True)[:rows])


def export(folder: Path, rows: int) -> Said:
    """The whole export, as a person gets it, into the storage and back into a file."""
    begun, cpu = time.perf_counter(), time.process_time()
    run = runs.export_orders(runs.begin_export(actor=BOSS), chosen_ids(Order.objects.all()))
    assert run.counts["rows"] == rows
    return {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}


def export_floor(folder: Path, rows: int) -> Said:
    """Exactly the strings of the workbook, joined and written into a zip as one member."""
    begun, cpu = time.perf_counter(), time.process_time()
    ids = chosen_ids(Order.objects.all())
    for start in range(0, len(ids), exporting.AT_ONCE):
        for _row in exporting.read_orders(ids[start : start + exporting.AT_ONCE]):
            pass
    reading, cpu_reading = time.perf_counter() - begun, time.process_time() - cpu
    strings = _strings_of_the_workbook(ids)
    seconds, _cpu = _zip(strings, folder, level=None)
    quick, cpu = _zip(strings, folder, level=LEVEL)
    return {
        "seconds": seconds,
        "quick": quick,
        "cpu": cpu,
        "read": reading,
        "cpu_read": cpu_reading,
    }


def _zip(strings: list[Sequence[str]], folder: Path, *, level: int | None) -> tuple[float, float]:
    """Seconds, and seconds of CPU, to write the strings at this level; None is zipfile's own."""
    path = folder / "floor.zip"
    begun, cpu = time.perf_counter(), time.process_time()
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive,
        archive.open("strings", "w", force_zip64=True) as member,
    ):
        for start in range(0, len(strings), 1_000):
            lines = map("\t".join, strings[start : start + 1_000])
            member.write("\n".join(lines).encode())
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    path.unlink()
    return seconds, cpu


def _strings_of_the_workbook(ids: list[int]) -> list[Sequence[str]]:
    """What the export hands to its writer, row by row, of all its sheets."""
    rows: list[Sequence[str]] = []
    with mock.patch.object(SheetWriter, "add", lambda _sheet, values: rows.append(values)):
        exporting.write_orders(
            BytesIO(), ids, run_id=1, issued_at=moments.now(), sees_receiver=True
        )
    return rows


def edit(folder: Path, rows: int) -> Said:
    """A workbook of so many orders in which every memo was changed, saved by another program."""
    ids = _newest(rows)
    run = runs.begin_export(actor=BOSS)
    path = folder / "export.xlsx"
    with path.open("wb") as file:
        exporting.write_orders(
            file, ids, run_id=run.pk, issued_at=moments.now(), sees_receiver=True
        )
    _saved_by_another_program(path, folder / "sheet.xlsx")
    return {}


def _saved_by_another_program(path: Path, target: Path) -> None:
    old = openpyxl.load_workbook(path, read_only=True)
    new = openpyxl.Workbook(write_only=True)
    memo, stamp = list(BY_KEY).index("seller_memo"), time.time()
    for sheet in old.worksheets:
        copy = new.create_sheet(sheet.title)
        for number, row in enumerate(sheet.iter_rows(values_only=True)):
            cells = list(row)
            if sheet is old.worksheets[0] and number:
                cells[memo] = f"备忘 {number}，周一前发出 {stamp}"
            copy.append(cells)
    new.save(target)


def sync_floor(folder: Path, rows: int) -> Said:
    """Parse both sheets and COPY them as they are; no check, no comparison, no change."""
    begun = time.perf_counter()
    book = CalamineWorkbook.from_path(str(folder / "sheet.xlsx"))
    for name in (book.sheet_names[0], BASE_SHEET):
        cells = book.get_sheet_by_name(name).to_python()
        width = len(cells[0])
        columns = ", ".join(f"c{place} text" for place in range(width))
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE floor_{len(name)} ({columns})")
            with cursor.copy(f"COPY floor_{len(name)} FROM STDIN") as copy:
                for row in cells:
                    copy.write_row(row)
    return {"seconds": time.perf_counter() - begun}


def look(folder: Path, rows: int) -> Said:
    """The dry run."""
    return _sync(folder / "sheet.xlsx", is_dry=True)


def sync(folder: Path, rows: int) -> Said:
    """The whole way: compared with what stands there now, and written."""
    return _sync(folder / "sheet.xlsx", is_dry=False)


def _sync(path: Path, *, is_dry: bool) -> Said:
    counter = Statements()
    begun = time.perf_counter()
    with path.open("rb") as file, connection.execute_wrapper(counter):
        run = runs.receive_workbook(File(file), name=path.name, actor=BOSS)
        runs.sync_orders(run, actor=BOSS, is_dry=is_dry)
    seconds = time.perf_counter() - begun
    counted = {name: run.counts.get(name, 0) for name in ("applied", "conflict", "refused")}
    return {"seconds": seconds, "statements": counter.count, **counted}


STEPS: dict[str, Callable[[Path, int], Said]] = {
    "export": export,
    "export_floor": export_floor,
    "edit": edit,
    "sync_floor": sync_floor,
    "look": look,
    "sync": sync,
}
