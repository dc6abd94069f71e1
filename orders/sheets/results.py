"""The result of a sync as a workbook: green applied, blue the same already, red conflict."""

from __future__ import annotations

from itertools import groupby
from typing import IO

from django.utils.translation import gettext as _

from ordercenter.core.workbooks.writing import Field, Style, WorkbookWriter
from orders.sheets.columns import BY_KEY, MERGED
from orders.sheets.models import SheetCell, SheetRun
from orders.sheets.words import explained, shown, title_of, who_and_when, why

COLOURS: dict[str, Style] = {
    SheetCell.Outcome.APPLIED: Style.APPLIED,
    SheetCell.Outcome.MERGED: Style.MERGED,
    SheetCell.Outcome.CONFLICT: Style.CONFLICT,
    SheetCell.Outcome.REFUSED: Style.REFUSED,
}
_SHOWN = (*MERGED, "note")


def write_result(sink: IO[bytes], run: SheetRun, *, sees_receiver: bool) -> int:
    """Every row with a changed cell, coloured, and each cell with its three values; how many rows.

    The first sheet has a row for each order as it was sent; the second one a row for each cell.
    """
    book = WorkbookWriter(sink)
    rows = book.first_sheet(_("Outcome"), _row_fields(), frozen=2)
    cells = book.sheet_beside(_("Changed cells"), _cell_fields())
    labels = dict(SheetCell.Outcome.choices)
    found = SheetCell.objects.filter(run=run).order_by("row", "id").iterator(chunk_size=2_000)
    count = 0
    for row, group in groupby(found, key=lambda cell: cell.row):
        mine = list(group)
        count += 1
        by_field = {cell.field: cell for cell in mine}
        told = [explained(cell, sees_receiver=sees_receiver) for cell in mine]
        line = [(str(row), Style.PLAIN), (mine[0].number, Style.PLAIN)]
        for key in _SHOWN:
            cell = by_field.get(key)
            if cell is None:
                line.append(("", Style.PLAIN))
            else:
                text = shown(key, cell.yours, sees_receiver=sees_receiver)
                line.append((text, COLOURS[cell.outcome]))
        line.append(("\n".join(filter(None, told)), Style.PLAIN))
        rows.add_styled(line)
        for cell in mine:
            values = (
                shown(cell.field, value, sees_receiver=sees_receiver)
                for value in (cell.base, cell.theirs, cell.yours)
            )
            colour = COLOURS[cell.outcome]
            cells.add_styled(
                [
                    (str(row), Style.PLAIN),
                    (cell.number, Style.PLAIN),
                    (title_of(cell.field), Style.PLAIN),
                    *((value, Style.PLAIN) for value in values),
                    (str(labels[cell.outcome]), colour),
                    (who_and_when(cell) if cell.outcome == "conflict" else "", Style.PLAIN),
                    (why(cell, sees_receiver=sees_receiver), Style.PLAIN),
                ]
            )
    book.close()
    return count


def _row_fields() -> list[Field]:
    plain = Style.PLAIN
    return [
        Field(_("Row"), 6, plain),
        Field(_("Order number"), 18, plain),
        *(Field(title_of(key), BY_KEY[key].width, plain) for key in _SHOWN),
        Field(_("What happened"), 70, plain),
    ]


def _cell_fields() -> list[Field]:
    plain = Style.PLAIN
    return [
        Field(_("Row"), 6, plain),
        Field(_("Order number"), 18, plain),
        Field(_("Column"), 14, plain),
        Field(_("As exported"), 24, plain),
        Field(_("On the order"), 24, plain),
        Field(_("In the sheet"), 24, plain),
        Field(_("Outcome"), 12, plain),
        Field(_("Changed by, when"), 24, plain),
        Field(_("Reason"), 50, plain),
    ]
