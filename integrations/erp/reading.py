"""An export of the ERP that finance uploads: a workbook or a CSV, read whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, ClassVar

from django.utils.translation import gettext_lazy as _

from integrations.erp.comparing import ZERO, Row
from integrations.models import ErpPolicy
from ordercenter.core.workbooks.cells import (
    CENT,
    Unreadable,
    amount_of,
    bare,
    day_of,
    number_of,
    plain_header,
)
from ordercenter.core.workbooks.checking import Cell, cell_text, keep_upload, some
from ordercenter.core.workbooks.errors import WHY, BadWorkbook, Sentences
from ordercenter.core.workbooks.tables import Header, Limits, Table, find_header, read_table

LARGEST = 20 * 1024 * 1024
MOST_ROWS = 100_000
# The header may stand below a title: in one of these rows.
HEADER_WITHIN = 10
# Sums of a day may stand below the rows.
_LARGEST_AMOUNT = Decimal(10) ** 12
_NUMBER_LENGTH = 64
_SUMS = ("合计", "总计", "小计")
_DASHES = ("-", "–", "—")


class BadExport(BadWorkbook):
    """An export that can't be read; nothing of it was kept."""

    WHY: ClassVar[Sentences] = {
        **WHY,
        "export_too_large": _("The file is larger than 20 MB. Export one day only."),
        "other_format": _("This is no export we can read. Upload an .xlsx or a .csv file."),
        "no_header": _(
            "No row names these columns: %(columns)s. Rename the headers in the file, or enter "
            "your headers under “Rules of the ERP check”."
        ),
        "bad_amounts": _("These are no amounts: %(cells)s."),
        "bad_days": _("These are no dates: %(cells)s."),
        "no_number": _("These rows have amounts but no order number: %(rows)s."),
        "other_days": _(
            "The file holds no row of %(day)s, but %(count)s of other days. Choose the day that "
            "was exported."
        ),
        "long_numbers": _(
            "Excel has rounded these order numbers: rows %(rows)s. Export the column as text."
        ),
    }


@dataclass(frozen=True, slots=True)
class Export:
    """What an export says of one day. `left_out` rows were of other days."""

    rows: Sequence[Row]
    left_out: int


def read_export(file: IO[bytes], *, day: date, policy: ErpPolicy) -> Export:
    """What the file says of the day, an order's rows added up. Raises `BadWorkbook`.

    Amounts below zero, as of red bills, are refunds. Rows without number and amounts, and a row
    of sums at the end, are left out.
    """
    with NamedTemporaryFile(suffix=".upload") as kept:
        keep_upload(file, kept, largest=LARGEST, refusal=BadExport("export_too_large"))
        limits = Limits(MOST_ROWS, HEADER_WITHIN)
        table = read_table(Path(kept.name), limits, refuse=BadExport)
        header = _header(table, policy)
        table.refuse_formulas(header.columns.values())
    return _Reader(header.columns, day).read(table.rows[header.place + 1 :])


def _header(table: Table, policy: ErpPolicy) -> Header[str]:
    """The header's row and its columns. Raises `BadExport` naming what is missing."""
    needed = {
        "number": policy.number_headers,
        "amount": policy.amount_headers,
        "refund": policy.refund_headers,
    }
    header = find_header(
        table,
        needed | {"day": policy.date_headers},
        within=HEADER_WITHIN,
        lacks=lambda columns: [key for key in needed if needed[key] and key not in columns],
    )
    if header.missing:
        columns = "；".join(" / ".join(names) for names in needed.values() if names)
        raise BadExport("no_header", columns=columns)
    if double := header.doubled():
        raise BadExport("double_columns", columns="、".join(double))
    return header


class _Reader:
    """Reads the rows below a header; complaints are collected, so that people mend all at once."""

    def __init__(self, columns: Mapping[str, int], day: date) -> None:
        self._columns = columns
        self._day = day
        self._totals: dict[str, Decimal | None] = {}
        self._refunds: Counter[str] = Counter()
        self._left_out = 0
        self._wrong: dict[str, list[str]] = {}

    def read(self, rows: Sequence[tuple[int, list[Cell]]]) -> Export:
        for place, cells in rows:
            self._row(place, cells)
        for why, name in (
            ("long_numbers", "rows"),
            ("no_number", "rows"),
            ("bad_amounts", "cells"),
            ("bad_days", "cells"),
        ):
            if why in self._wrong:
                raise BadExport(why, **{name: some(self._wrong[why])})
        if self._left_out and not self._totals:
            raise BadExport("other_days", day=f"{self._day}", count=self._left_out)
        found = [
            Row(number, total, Decimal(self._refunds[number]).quantize(CENT))
            for number, total in self._totals.items()
        ]
        return Export(found, self._left_out)

    def _row(self, place: int, cells: list[Cell]) -> None:
        amount = self._amount(place, self._cell(cells, "amount"))
        refund = self._amount(place, self._cell(cells, "refund"))
        try:
            number = number_of(self._cell(cells, "number"))
        except Unreadable:
            self._complain("long_numbers", str(place))
            return
        if not number or plain_header(number) in _SUMS:
            # A row of sums has no number; a row of data that lost it is a mistake.
            is_sum = any(plain_header(cell_text(cell)) in _SUMS for cell in cells)
            if (amount or refund) and not is_sum:
                self._complain("no_number", str(place))
        elif self._is_of_other_day(place, cells):
            self._left_out += 1
        else:
            self._add(number[:_NUMBER_LENGTH], amount, refund)

    def _add(self, number: str, amount: Decimal | None, refund: Decimal | None) -> None:
        back = abs(refund or ZERO)
        if amount is not None and amount < 0:
            back, amount = back - amount, None
        elif not amount and back:
            amount = None
        before = self._totals.get(number)
        self._totals[number] = before if amount is None else (before or ZERO) + amount
        self._refunds[number] += back  # type: ignore[assignment]

    def _is_of_other_day(self, place: int, cells: list[Cell]) -> bool:
        if "day" not in self._columns:
            return False
        cell = self._cell(cells, "day")
        try:
            found = day_of(cell)
        except Unreadable:
            found = None
        if found is None:
            self._complain_of("bad_days", place, cell)
            return False
        return found != self._day

    def _amount(self, place: int, cell: Cell) -> Decimal | None:
        if bare(cell) in _DASHES:
            return None
        try:
            return amount_of(cell, largest=_LARGEST_AMOUNT)
        except Unreadable:
            self._complain_of("bad_amounts", place, cell)
            return None

    def _cell(self, cells: list[Cell], column: str) -> Cell:
        place = self._columns.get(column)
        return cells[place] if place is not None and place < len(cells) else ""

    def _complain_of(self, why: str, place: int, cell: Cell) -> None:
        self._complain(why, f"{place}: {cell_text(cell).strip()[:20]}")

    def _complain(self, why: str, what: str) -> None:
        self._wrong.setdefault(why, []).append(what)
