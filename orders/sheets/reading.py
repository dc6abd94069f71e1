"""A workbook that came back: is it ours, whole and safe, and what stands in it?

Nothing is believed. The zip is looked at before any of it is parsed, the hidden base by its
marks, and the sheet people worked in by its headers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils.dateparse import parse_datetime
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from ordercenter.core.workbooks.cells import EXACT
from ordercenter.core.workbooks.checking import Cell, cell_text, refuse_formulas, require_workbook
from ordercenter.core.workbooks.errors import BadWorkbook
from orders.models import OrderState, Urgency
from orders.plain import SEPARATOR, plain
from orders.sheets.columns import (
    BASE_SHEET,
    BY_KEY,
    COLUMNS,
    ENTRIES,
    LOCKED,
    MERGED,
    MOST_ROWS,
    codes_of,
)
from orders.sheets.errors import BadOrderSheet
from orders.sheets.exporting import FORMAT
from orders.sheets.signing import Signer, fingerprint

# Stands before a value that no order can hold; the character itself never reaches an order.
UNREADABLE = "\x7f"
# Order number, version, fingerprint, then the base of every merged column.
_BASE_VALUES = 3 + len(MERGED)


@dataclass(frozen=True, slots=True)
class Head:
    """What the export wrote down about itself; its mark was checked."""

    run_id: int
    issued_at: datetime
    is_masked: bool
    rows: int
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as a person left it. `number` counts from 1 for the header, as programs show it."""

    number: int
    token: str
    order_number: str
    fingerprint: str
    values: tuple[str, ...]
    entries: tuple[str, ...]


class Workbook:
    """A workbook of ours. Raises `BadWorkbook` for anything else, with what to do about it."""

    def __init__(self, path: Path) -> None:
        require_workbook(path)
        self._path = path
        try:
            self._book = CalamineWorkbook.from_path(str(path))
            names = self._book.sheet_names
            if BASE_SHEET not in names:
                raise BadOrderSheet("foreign")
            self._base = self._book.get_sheet_by_name(BASE_SHEET)
        except CalamineError as error:
            raise BadWorkbook("truncated") from error
        self.head = _read_head(self._base)
        self.signer = Signer(self.head.run_id)

    def base_rows(self) -> Iterator[tuple[str, ...]]:
        """Token, order number, version, fingerprint, base values; each row's mark is checked."""
        rows = self._base.iter_rows()
        next(rows)
        seen = 0
        for token, saw, *_more in rows:
            if not token:
                continue
            row = str(saw).split(SEPARATOR)
            if self.signer.row(str(saw)) != token or len(row) != _BASE_VALUES:
                raise BadOrderSheet("tampered")
            seen += 1
            yield (str(token), *row)
        if seen != self.head.rows:
            raise BadOrderSheet("tampered")

    def your_rows(self) -> Iterator[SheetRow]:
        """The rows of the sheet people worked in; empty ones are left out."""
        # The base is not needed any more; both at once would double the memory.
        del self._base
        try:
            sheet = self._book.get_sheet_by_name(self._main_name())
        except CalamineError as error:
            raise BadWorkbook("truncated") from error
        if sheet.total_height > MOST_ROWS + 1:
            raise BadWorkbook("too_many", most=f"{MOST_ROWS:,}")
        rows = sheet.iter_rows()
        first = sheet.start[0] if sheet.start else 0
        places = self._places(next(rows, []), sheet.start)
        refuse_formulas(self._path, self._main_name(), places.values())
        return _rows(rows, places, first + 2)

    def _main_name(self) -> str:
        names = self._book.sheet_names
        return next((name for name in names if not name.startswith("_")), names[0])

    def _places(self, header: list[Cell], start: tuple[int, int] | None) -> dict[str, int]:
        titles = [plain(cell_text(cell)) for cell in header]
        counted = Counter(titles)
        wanted = {key: plain(title) for key, title in self.head.titles.items()}
        missing = [title for title in wanted.values() if not counted[title]]
        if missing:
            raise BadWorkbook("missing_columns", columns="、".join(missing))
        double = [title for title in wanted.values() if counted[title] > 1]
        if double:
            raise BadWorkbook("double_columns", columns="、".join(double))
        return {key: titles.index(title) for key, title in wanted.items()}


# -- the base --------------------------------------------------------------------------------


def _read_head(sheet: CalamineSheet) -> Head:
    first = next(sheet.iter_rows(), [])
    text, mark = (str(first[0]), str(first[1])) if len(first) > 1 else ("", "")
    try:
        told = json.loads(text)
        run_id = int(told["run"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadOrderSheet("tampered") from error
    if not Signer(run_id).is_head(text, mark):
        raise BadOrderSheet("tampered")
    if told["format"] != FORMAT or set(told["titles"]) != set(BY_KEY):
        raise BadOrderSheet("other_kind")
    issued_at = parse_datetime(told["issued"])
    assert issued_at is not None, "we wrote this moment ourselves"
    return Head(run_id, issued_at, told["masked"], told["rows"], told["titles"])


# -- the rows --------------------------------------------------------------------------------


def _rows(rows: Iterator[list[Cell]], places: Mapping[str, int], first: int) -> Iterator[SheetRow]:
    states, urgencies = codes_of(OrderState.choices), codes_of(Urgency.choices)
    words = {MERGED.index("state"): states, MERGED.index("urgency"): urgencies}
    merged = [places[key] for key in MERGED]
    entries = [places[key] for key in ENTRIES]
    locked = [(places[key], BY_KEY[key].is_number) for key in LOCKED]
    token, number = places["token"], places["number"]
    for place, cells in enumerate(rows, start=first):
        mark = cell_text(cells[token]).strip()
        if not mark and not any(cell_text(cell) for cell in cells):
            continue
        values = [_value(cells[at]) for at in merged]
        for at, codes in words.items():
            values[at] = codes.get(values[at], UNREADABLE + values[at])
        yield SheetRow(
            number=place,
            token=mark,
            order_number=cell_text(cells[number]),
            fingerprint=fingerprint([_locked(cells[at], is_sum) for at, is_sum in locked]),
            values=tuple(values),
            entries=tuple(_value(cells[at]) for at in entries),
        )


def _value(cell: Cell) -> str:
    """What a person wrote, in the form that is compared."""
    if isinstance(cell, str):
        return plain(cell) if cell else ""
    text = cell_text(cell)
    is_inexact = isinstance(cell, int | float) and abs(cell) >= EXACT
    return UNREADABLE + text if is_inexact else text


def _locked(cell: Cell, is_sum: bool) -> str:
    if is_sum and isinstance(cell, int | float):
        return f"{cell:.2f}"
    return plain(cell_text(cell))


assert len({column.key for column in COLUMNS}) == len(COLUMNS)
