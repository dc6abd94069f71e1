"""Orders for django-import-export: its Resource, format and storage over our runs.

The face in the admin is import-export's; behind it stands the same engine as behind the API. A
dataset is a run that holds its workbook, a dry run compares, a real one applies through the
orders' actions, and what import-export is told is what stands on the run's cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from import_export.fields import Field
from import_export.formats.base_formats import XLSX
from import_export.resources import Resource
from import_export.results import Error, Result, RowResult
from import_export.tmp_storages import BaseStorage
from tablib import Dataset

from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError, WrongState
from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.models import Order
from orders.sheets import runs, tasks
from orders.sheets.columns import COLUMNS, MERGED
from orders.sheets.exporting import chosen_ids
from orders.sheets.models import SheetCell, SheetRun
from orders.sheets.words import shown, title_of, who_and_when, why

# What is larger than this is done by a worker, with progress on the run's page.
ROWS_AT_ONCE = 2_000
BYTES_AT_ONCE = 512 * 1024
_TROUBLE = (SheetCell.Outcome.CONFLICT, SheetCell.Outcome.REFUSED)


class RunDataset(Dataset):
    """A workbook that stays a file: only its run is known here, no cell is read."""

    def __init__(self, run_id: int) -> None:
        super().__init__()
        self.run_id = run_id

    def __bool__(self) -> bool:
        return True


class RunStorage(BaseStorage):
    """Between preview and confirmation an upload is kept by its run, for every web host alike."""

    def read(self) -> bytes:
        """The run's number; the workbook itself is opened by the engine."""
        return str(self.name).encode()

    def remove(self) -> None:
        """The file stays with the run; it goes with `tasks.purge_old`."""


class OrderWorkbook(XLSX):
    """The one format: our workbook with its hidden base."""

    CONTENT_TYPE = MEDIA_TYPE

    def create_dataset(self, in_stream: bytes) -> RunDataset:
        return RunDataset(int(in_stream))

    def export_data(self, dataset: RunDataset, **kwargs: Any) -> bytes:
        with SheetRun.objects.get(pk=dataset.run_id).file.open("rb") as file:
            return bytes(file.read())


class SyncResult(Result):
    """What import-export knows of a sync, and the run that knows the rest."""

    def __init__(self, run: SheetRun, *, is_waiting: bool = False) -> None:
        super().__init__()
        self.run = run
        self.is_waiting = is_waiting


class OrderResource(Resource):
    """Orders out and in. `actor` is the person whose permissions count, in each action anew."""

    def __init__(self, *, actor: Actor, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.actor = actor
        for column in COLUMNS:
            if not column.is_hidden:
                self.fields[column.key] = Field(
                    attribute=column.key,
                    column_name=str(column.title),
                    readonly=not (column.merged or column.entry),
                )

    @classmethod
    def get_display_name(cls) -> str:
        return str(_("Orders"))

    def get_import_order(self) -> list[str]:
        return [key for key, field in self.fields.items() if not field.readonly]

    def get_export_order(self) -> list[str]:
        return list(self.fields)

    def export(self, queryset: QuerySet[Order] | None = None, **kwargs: Any) -> RunDataset:
        """These orders as a workbook of ours, made now or, when many, by a worker.

        `query` is the list's query string: a worker finds the orders by it again. Raises
        `TooManyOrders`.
        """
        ids = chosen_ids(Order.objects.none() if queryset is None else queryset)
        run = runs.begin_export(actor=self.actor, query=kwargs.get("query", ""))
        if len(ids) > ROWS_AT_ONCE:
            async_task("orders.sheets.tasks.export", run.pk, group="sheets")
        else:
            runs.export_orders(run, ids)
        return RunDataset(run.pk)

    def import_data(
        self, dataset: RunDataset, dry_run: bool = False, raise_errors: bool = False, **kwargs: Any
    ) -> SyncResult:
        """Look through the run's workbook or, unless dry, apply what was looked through.

        Everything is compared anew each time: what turned stale since the preview is a conflict
        in the result, and on the run. A large workbook is handed to a worker.
        """
        run = runs.run_for(dataset.run_id, self.actor)
        if not dry_run and (run.user_id != self.actor.id or run.state != SheetRun.State.LOOKED):
            raise WrongState(runs.BUSY)
        if run.size > BYTES_AT_ONCE:
            task = tasks.look_through if dry_run else tasks.apply
            async_task(f"{task.__module__}.{task.__name__}", run.pk, group="sheets")
            return SyncResult(run, is_waiting=True)
        try:
            run = runs.sync_orders(run, actor=self.actor, is_dry=dry_run)
        except DomainError as refusal:
            if raise_errors:
                raise
            result = SyncResult(run)
            result.append_base_error(Error(refusal))
            return result
        return result_of(run, sees_receiver=self.actor.may(runs.SEE_RECEIVER))


def result_of(run: SheetRun, *, sees_receiver: bool) -> SyncResult:
    """The run's outcome in import-export's words: update, skip, or invalid with what is wrong.

    A row with a conflict or a refused cell is invalid and counted as such, whatever else of it
    was applied; its diff shows every cell.
    """
    result = SyncResult(run)
    result.diff_headers = [title_of(key) for key in (*MERGED, "note")]
    result.total_rows = run.counts["rows"]
    for row, group in groupby(_cells(run), key=lambda cell: cell.row):
        _add_row(result, row, list(group), sees_receiver)
    result.totals[RowResult.IMPORT_TYPE_SKIP] += result.total_rows - len(result.rows)
    return result


def _cells(run: SheetRun) -> Iterator[SheetCell]:
    return SheetCell.objects.filter(run=run).order_by("row", "id").iterator(chunk_size=2_000)


def _add_row(result: SyncResult, row: int, cells: list[SheetCell], sees_receiver: bool) -> None:
    told = RowResult()
    told.object_id, told.object_repr = cells[0].order_id, cells[0].number
    by_field = {cell.field: cell for cell in cells}
    told.diff = [
        _difference(by_field[key], sees_receiver) if key in by_field else ""
        for key in (*MERGED, "note")
    ]
    wrong = {
        title_of(cell.field): [_trouble(cell, sees_receiver)]
        for cell in cells
        if cell.outcome in _TROUBLE
    }
    if wrong:
        told.import_type = RowResult.IMPORT_TYPE_INVALID
        told.validation_error = ValidationError(wrong)
        values = dict(zip(result.diff_headers, told.diff, strict=True))
        result.append_invalid_row(row, values, told.validation_error)
    elif any(cell.outcome == SheetCell.Outcome.APPLIED for cell in cells):
        told.import_type = RowResult.IMPORT_TYPE_UPDATE
    else:
        told.import_type = RowResult.IMPORT_TYPE_SKIP
    result.append_row_result(told)
    result.increment_row_result_total(told)


def _difference(cell: SheetCell, sees_receiver: bool) -> str:
    base, yours = (
        shown(cell.field, value, sees_receiver=sees_receiver) or "–"
        for value in (cell.base, cell.yours)
    )
    return f"{base} → {yours} ({cell.get_outcome_display()})"


def _trouble(cell: SheetCell, sees_receiver: bool) -> str:
    if cell.outcome == SheetCell.Outcome.REFUSED:
        return why(cell, sees_receiver=sees_receiver)
    theirs = shown(cell.field, cell.theirs, sees_receiver=sees_receiver) or "–"
    return f"{cell.get_outcome_display()}: {theirs} ({who_and_when(cell) or '–'})"
