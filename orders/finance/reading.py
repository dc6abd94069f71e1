"""A settlement file as rows of cells: workbook or text, UTF-8 or GBK, with remarks around it.

Nothing is believed and nothing is guessed: what can't be read is told cell by cell, and then
none of the file is loaded. Alipay's account statements begin and end with remarks (#), end their
cells with tabs, and give income and expense in two columns.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from ordercenter.core.workbooks.checking import (
    LARGEST_FILE,
    cell_text,
    refuse_formulas,
    require_workbook,
    some,
)
from orders.finance.amounts import Unreadable, amount_of, moment_of, number_of, plain_header
from orders.finance.errors import BadSettlement
from orders.finance.models import LineKind, SettlementColumn, SettlementFormat
from orders.plain import plain

MOST_ROWS = 199_990
# The header stands among the first rows, behind remarks.
HEADER_WITHIN = 60
SHOWN_COMPLAINTS = 8
_LONGEST_RAW = 500
_REMARK = "#"
# Alipay writes these around the entries of an account statement.
_BEGINS, _ENDS = "明细列表-", "明细列表结束"

Column = SettlementColumn.Field
_AMOUNTS = (Column.AMOUNT, Column.INCOME, Column.EXPENSE, Column.FEE)
_READERS: Mapping[Column, Callable[[Any], Any]] = {
    **dict.fromkeys(_AMOUNTS, amount_of),
    **dict.fromkeys((Column.FLOW, Column.NUMBER, Column.TRANSACTION), number_of),
    Column.AT: moment_of,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file, read. `amount` is signed; `number` may name several orders."""

    row: int
    raw: list[str]
    kind: LineKind
    number: str
    transaction: str
    amount: Decimal
    fee: Decimal
    at: datetime | None
    identity: str


@dataclass(frozen=True, slots=True)
class Format:
    """What a settlement format says, ready for comparing."""

    name: str
    headers: Mapping[str, tuple[str, ...]]
    prefixes: tuple[str, ...] = ()
    words: Mapping[LineKind, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, row: SettlementFormat) -> Format:
        """The stored format with its columns."""
        return cls(
            name=row.name,
            headers={
                column.field: tuple(plain_header(header) for header in column.headers)
                for column in row.columns.all()
            },
            prefixes=tuple(row.number_prefixes),
            words={
                LineKind.FEE: tuple(row.fee_words),
                LineKind.REFUND: tuple(row.refund_words),
                LineKind.OTHER: tuple(row.aside_words),
            },
        )

    def places(self, cells: Sequence[str]) -> dict[str, int]:
        """Which of our fields stands in which column of this header row."""
        titles = [plain_header(cell) for cell in cells]
        found = {}
        for name, headers in self.headers.items():
            for header in headers:
                if header in titles:
                    found[name] = titles.index(header)
                    break
        return found

    def lacks(self, places: Mapping[str, int]) -> list[str]:
        """The headers without which nothing can be compared."""
        missing: list[str] = [] if Column.NUMBER in places else [Column.NUMBER]
        if Column.AMOUNT not in places:
            halves = [c for c in (Column.INCOME, Column.EXPENSE) if c in self.headers]
            missing += [c for c in halves or [Column.AMOUNT] if c not in places]
        return missing


def read_rows(path: Path, layout: Format) -> list[Row]:
    """All rows of the file. Raises `BadSettlement` or `BadWorkbook`, with what to do about it."""
    with path.open("rb") as file:
        begin = file.read(8)
    if not begin:
        raise BadSettlement("empty")
    if path.stat().st_size > LARGEST_FILE:
        raise BadSettlement("too_large")
    if begin.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return _workbook_rows(path, layout)
    return list(_rows(_text_cells(path), layout))


def _workbook_rows(path: Path, layout: Format) -> list[Row]:
    require_workbook(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        name = book.sheet_names[0]
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height > MOST_ROWS + HEADER_WITHIN:
            raise BadSettlement("too_many", most=f"{MOST_ROWS:,}")
        start = sheet.start or (0, 0)
        cells = [(start[0] + place, row) for place, row in enumerate(sheet.iter_rows(), start=1)]
    except (CalamineError, IndexError) as error:
        raise BadSettlement("truncated") from error
    place, columns = _header((row for row in cells), layout)
    refuse_formulas(path, name, [start[1] + column for column in columns.values()])
    return list(_parsed(cells[place:], columns, layout))


# -- text ------------------------------------------------------------------------------------


def _text_cells(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """Number and cells of each row. The number counts the lines of the file."""
    text = _decoded(path.read_bytes())
    if _BEGINS in text and _ENDS not in text:
        raise BadSettlement("cut_end")
    sample = "\n".join(text.splitlines()[:HEADER_WITHIN])
    delimiter = max(",\t;", key=lambda sign: sample.count(sign))
    # A cell that ends with a tab in a file with commas keeps it; numbers and amounts drop it.
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if reader.line_num > MOST_ROWS + 2 * HEADER_WITHIN:
                raise BadSettlement("too_many", most=f"{MOST_ROWS:,}")
            yield reader.line_num, list(cells)
    except csv.Error as error:
        raise BadSettlement("truncated") from error


def _decoded(content: bytes) -> str:
    if content.startswith(codecs.BOM_UTF8):
        encodings: tuple[str, ...] = ("utf-8-sig",)
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16",)
    elif b"\x00" in content:
        raise BadSettlement("other_format")
    else:
        encodings = ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSettlement("encoding")


# -- rows ------------------------------------------------------------------------------------


def _rows(cells: Iterator[tuple[int, list[Any]]], layout: Format) -> Iterator[Row]:
    everything = list(cells)
    place, columns = _header(iter(everything), layout)
    _refuse_shifted(everything[place:], len(everything[place - 1][1]))
    return _parsed(everything[place:], columns, layout)


def _refuse_shifted(rows: Sequence[tuple[int, list[Any]]], width: int) -> None:
    """A comma inside an amount, without quotes, moves all cells behind it.

    Empty cells behind the last header are nothing but a comma at the end, where all rows have it.
    """
    entries = [
        (number, cells)
        for number, cells in rows
        if any(cells) and not cells[0].lstrip().startswith(_REMARK)
    ]
    usual = max(min((len(cells) for _number, cells in entries), default=width), width)
    shifted = [str(number) for number, cells in entries if len(cells) > usual or any(cells[width:])]
    if shifted:
        raise BadSettlement("shifted_rows", rows=some(shifted))


def _header(rows: Iterator[tuple[int, list[Any]]], layout: Format) -> tuple[int, dict[str, int]]:
    """How many rows to skip, and the columns. Raises `BadSettlement` with what is missing."""
    closest: list[str] | None = None
    for place, (_number, cells) in enumerate(rows, start=1):
        if place > HEADER_WITHIN:
            break
        columns = layout.places([cell_text(cell) for cell in cells])
        missing = layout.lacks(columns)
        if not missing:
            return place, columns
        if closest is None or len(missing) < len(closest):
            closest = missing
    names = dict(Column.choices)
    words = "、".join(str(names[Column(name)]) for name in closest or [Column.NUMBER])
    raise BadSettlement("no_header", format=layout.name, columns=words)


def _parsed(
    rows: Sequence[tuple[int, list[Any]]], columns: Mapping[str, int], layout: Format
) -> Iterator[Row]:
    found, cut = [], []
    complaints = _Complaints()
    for number, cells in rows:
        texts = [plain(cell_text(cell)) for cell in cells]
        if not any(texts) or texts[0].startswith(_REMARK):
            continue
        if len(cells) <= max(columns.values()):
            cut.append(str(number))
            continue
        found.append(_read(number, cells, texts, columns, layout, complaints))
    if cut:
        raise BadSettlement("cut_rows", rows=some(cut))
    complaints.end()
    if not found:
        raise BadSettlement("no_rows")
    if len(found) > MOST_ROWS:
        raise BadSettlement("too_many", most=f"{MOST_ROWS:,}")
    return iter(found)


class _Complaints:
    def __init__(self) -> None:
        self.cells: list[str] = []

    def say(self, row: int, column: str, cell: Any) -> None:
        name = dict(Column.choices)[Column(column)]
        self.cells.append(f"{row} {name}“{plain(cell_text(cell))[:30]}”")

    def end(self) -> None:
        if self.cells:
            raise BadSettlement("bad_cells", cells=some(self.cells))


def _read(
    row: int,
    cells: Sequence[Any],
    texts: Sequence[str],
    columns: Mapping[str, int],
    layout: Format,
    complaints: _Complaints,
) -> Row:
    values: dict[str, Any] = {}
    for name, place in columns.items():
        try:
            values[name] = _READERS.get(Column(name), _words)(cells[place])
        except Unreadable:
            complaints.say(row, name, cells[place])
            values[name] = Decimal("0.00") if name in _AMOUNTS else None
    amount = values.get(Column.AMOUNT)
    if amount is None:
        amount = values[Column.INCOME] - abs(values[Column.EXPENSE])
    kind = _kind(amount, values.get(Column.KIND, ""), values.get(Column.NOTE, ""), layout)
    number = _without_prefix(values[Column.NUMBER] or "", layout.prefixes)
    told = (
        values.get(Column.FLOW) or "",
        number,
        values.get(Column.TRANSACTION) or "",
        kind,
        f"{amount}",
        f"{values.get(Column.AT) or ''}",
    )
    return Row(
        row=row,
        raw=[text[:_LONGEST_RAW] for text in texts],
        kind=kind,
        number=number[:200],
        transaction=told[2][:64],
        amount=amount,
        fee=abs(values.get(Column.FEE) or Decimal("0.00")),
        at=values.get(Column.AT),
        identity=_identity(told),
    )


def _words(cell: Any) -> str:
    return plain(cell_text(cell))


def _identity(told: Sequence[str]) -> str:
    """The same for the same line in another file; the channel's entry number where it has one."""
    what = ("flow", told[0], told[4]) if told[0] else told
    return hashlib.sha256("\x1f".join(what).encode()).hexdigest()


def _kind(amount: Decimal, words: str, note: str, layout: Format) -> LineKind:
    for kind in (LineKind.FEE, LineKind.REFUND, LineKind.OTHER):
        if any(word in words for word in layout.words.get(kind, ())):
            # Money that a channel takes back of a fee is a fee too; a refund goes out.
            return kind if kind != LineKind.REFUND or amount < 0 else LineKind.OTHER
    if any(word in note for word in layout.words.get(LineKind.FEE, ())):
        return LineKind.FEE
    if amount == 0:
        return LineKind.OTHER
    return LineKind.PAYOUT if amount > 0 else LineKind.REFUND


def _without_prefix(number: str, prefixes: Sequence[str]) -> str:
    for prefix in prefixes:
        if number.startswith(prefix):
            return number.removeprefix(prefix)
    return number
