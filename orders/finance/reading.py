"""A settlement file as rows of cells: workbook or text, UTF-8 or GBK, with remarks around it.

Nothing is believed and nothing is guessed: what can't be read is told cell by cell, and then
none of the file is loaded. Alipay's account statements begin and end with remarks (#), end their
cells with tabs, and give income and expense in two columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ordercenter.core.workbooks.cells import Unreadable, amount_of, moment_of, number_of
from ordercenter.core.workbooks.checking import cell_text, some
from ordercenter.core.workbooks.tables import Limits, find_header, read_table
from orders.finance.errors import BadSettlement
from orders.finance.models import LineKind, SettlementColumn, SettlementFormat
from orders.plain import plain

MOST_ROWS = 199_990
# The header stands among the first rows, behind remarks.
HEADER_WITHIN = 60
# No channel pays out more in one line; beyond it a column was mistaken for another.
LARGEST = Decimal("100000000")
_LONGEST_RAW = 500
_REMARK = "#"
# Alipay writes these around the entries of an account statement.
_BEGINS, _ENDS = "明细列表-", "明细列表结束"

Column = SettlementColumn.Field
_AMOUNTS = (Column.AMOUNT, Column.INCOME, Column.EXPENSE, Column.FEE)


def _amount(cell: Any) -> Decimal:
    return amount_of(cell, largest=LARGEST) or Decimal("0.00")


_READERS: Mapping[Column, Callable[[Any], Any]] = {
    **dict.fromkeys(_AMOUNTS, _amount),
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
            headers={column.field: tuple(column.headers) for column in row.columns.all()},
            prefixes=tuple(row.number_prefixes),
            words={
                LineKind.FEE: tuple(row.fee_words),
                LineKind.REFUND: tuple(row.refund_words),
                LineKind.OTHER: tuple(row.aside_words),
            },
        )

    def lacks(self, columns: Mapping[str, int]) -> list[str]:
        """The headers without which nothing can be compared."""
        missing: list[str] = [] if Column.NUMBER in columns else [Column.NUMBER]
        if Column.AMOUNT not in columns:
            halves = [c for c in (Column.INCOME, Column.EXPENSE) if c in self.headers]
            missing += [c for c in halves or [Column.AMOUNT] if c not in columns]
        return missing


def read_rows(path: Path, layout: Format) -> list[Row]:
    """All rows of the file. Raises `BadSettlement` or `BadWorkbook`, with what to do about it."""
    table = read_table(path, Limits(MOST_ROWS, HEADER_WITHIN), refuse=BadSettlement)
    if not table.sheet:
        _refuse_cut_end(table.rows)
    header = find_header(table, layout.headers, within=HEADER_WITHIN, lacks=layout.lacks)
    if header.missing:
        names = dict(Column.choices)
        words = "、".join(str(names[Column(name)]) for name in header.missing)
        raise BadSettlement("no_header", format=layout.name, columns=words)
    rows = table.rows[header.place + 1 :]
    if not table.sheet:
        _refuse_shifted(rows, len(header.titles))
    table.refuse_formulas(header.columns.values())
    return _parsed(rows, header.columns, layout)


def _refuse_cut_end(rows: Sequence[tuple[int, list[str]]]) -> None:
    remarks = "".join(cells[0] for _number, cells in rows if cells and _is_remark(cells[0]))
    if _BEGINS in remarks and _ENDS not in remarks:
        raise BadSettlement("cut_end")


def _is_remark(text: str) -> bool:
    return text.lstrip().startswith(_REMARK)


def _refuse_shifted(rows: Sequence[tuple[int, list[Any]]], width: int) -> None:
    """A comma inside an amount, without quotes, moves all cells behind it.

    Empty cells behind the last header are nothing but a comma at the end, where all rows have it.
    """
    entries = [(number, cells) for number, cells in rows if any(cells) and not _is_remark(cells[0])]
    usual = max(min((len(cells) for _number, cells in entries), default=width), width)
    shifted = [str(number) for number, cells in entries if len(cells) > usual or any(cells[width:])]
    if shifted:
        raise BadSettlement("shifted_rows", rows=some(shifted))


def _parsed(
    rows: Sequence[tuple[int, list[Any]]], columns: Mapping[str, int], layout: Format
) -> list[Row]:
    found, cut = [], []
    complaints = _Complaints()
    for number, cells in rows:
        texts = [plain(cell_text(cell)) for cell in cells]
        if not any(texts) or _is_remark(texts[0]):
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
    return found


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
