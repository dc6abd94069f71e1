"""An export of the ERP that finance uploads: a workbook or a CSV, read whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, ClassVar

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from integrations.erp.comparing import ZERO, Row
from integrations.models import ErpPolicy
from ordercenter.core.workbooks.checking import cell_text, refuse_formulas, require_workbook, some
from ordercenter.core.workbooks.errors import WHY, BadWorkbook, Sentences

LARGEST = 20 * 1024 * 1024
MOST_ROWS = 100_000
# The header may stand below a title: in one of these rows.
HEADER_WITHIN = 10
_CENT = Decimal("0.01")
# A sum that a program kept as a binary number is so near to the cent.
_NEARLY = Decimal("0.000001")
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
_NUMBER_LENGTH = 64
# Above this a number cell no longer holds every digit.
_EXACT = 2**53


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


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the columns stand, from 0; None where the export has none."""

    number: int
    amount: int
    refund: int | None
    day: int | None

    def needed(self) -> list[int]:
        return [at for at in (self.number, self.amount, self.refund, self.day) if at is not None]


def read_export(file: IO[bytes], *, day: date, policy: ErpPolicy) -> Export:
    """What the file says of the day, an order's rows added up. Raises `BadWorkbook`.

    Amounts below zero, as of red bills, are refunds. Rows without number and amounts, and a row
    of sums at the end, are left out.
    """
    with _on_disk(file) as path:
        table, name = _table(path)
        start, places = _header(table, policy)
        if name:
            refuse_formulas(path, name, places.needed())
    return _Reader(places, day).read(table[start + 1 :], first=start + 2)


@contextmanager
def _on_disk(file: IO[bytes]) -> Iterator[Path]:
    """The upload under a name, as readers of workbooks want it; gone afterwards."""
    handle, name = tempfile.mkstemp(suffix=".upload")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as copy:
            size = 0
            while chunk := file.read(1024 * 1024):
                size += len(chunk)
                if size > LARGEST:
                    raise BadExport("export_too_large")
                copy.write(chunk)
        yield path
    finally:
        path.unlink()


# -- bytes to cells --------------------------------------------------------------------------


def _table(path: Path) -> tuple[list[list[str]], str]:
    """The rows as texts, and the sheet's name where there is one."""
    with path.open("rb") as file:
        begin = file.read(8)
    if begin.startswith(b"PK") or begin.startswith(b"\xd0\xcf\x11\xe0"):
        require_workbook(path)
        return _sheet(path)
    return _csv(path.read_bytes()), ""


def _sheet(path: Path) -> tuple[list[list[str]], str]:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            name = book.sheet_names[0]
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > MOST_ROWS:
                raise BadExport("too_many", most=f"{MOST_ROWS:,}")
            rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise BadExport("truncated") from error
    return [[_shown(cell) for cell in row] for row in rows], name


def _shown(cell: Any) -> str:
    """A cell as a text; a number too long for Excel stays in the form that shows it."""
    if isinstance(cell, int | float) and abs(cell) >= _EXACT:
        return f"{cell:.6E}"
    return cell_text(cell).strip()


def _csv(body: bytes) -> list[list[str]]:
    """Rows of a CSV in UTF-8, UTF-16 with its mark, or GB 18030 (GBK), by comma, tab or ;."""
    if not body.strip():
        raise BadExport("empty")
    text = _decoded(body)
    delimiter = max(",\t;", key="\n".join(text.splitlines()[:HEADER_WITHIN]).count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadExport("truncated") from error
    if len(rows) > MOST_ROWS:
        raise BadExport("too_many", most=f"{MOST_ROWS:,}")
    return [[_bare(cell) for cell in row] for row in rows]


def _decoded(body: bytes) -> str:
    is_marked = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    for code in ("utf-16",) if is_marked else ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(code)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadExport("other_format")


def _bare(cell: str) -> str:
    """Without what programs write around numbers so that Excel keeps them: ="123", '123, tab."""
    text = cell.strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.lstrip("'").strip()


# -- cells to rows ---------------------------------------------------------------------------


def _header(table: list[list[str]], policy: ErpPolicy) -> tuple[int, _Places]:
    """The header's row and its columns. Raises `BadExport` naming what is missing."""
    wanted = (policy.number_headers, policy.amount_headers, policy.refund_headers)
    for place, row in enumerate(table[:HEADER_WITHIN]):
        titles = [_plain(cell) for cell in row]
        found = [_column(titles, names) for names in wanted]
        if all(at is not None or not names for at, names in zip(found, wanted, strict=True)):
            number, amount, refund = found
            assert number is not None and amount is not None, "both have names"
            day = _column(titles, policy.date_headers)
            return place, _Places(number, amount, refund, day)
    columns = "；".join(" / ".join(names) for names in wanted if names)
    raise BadExport("no_header", columns=columns)


def _column(titles: list[str], names: Sequence[str]) -> int | None:
    """The first of the names that is a title. Raises `BadExport` when it stands there twice."""
    for name in map(_plain, names):
        if titles.count(name) > 1:
            raise BadExport("double_columns", columns=name)
        if name in titles:
            return titles.index(name)
    return None


def _plain(text: str) -> str:
    return "".join(text.split()).replace("(", "（").replace(")", "）").lower()


class _Reader:
    """Reads the rows below a header; complaints are collected, so that people mend all at once."""

    def __init__(self, places: _Places, day: date) -> None:
        self._places = places
        self._day = day
        self._totals: dict[str, Decimal | None] = {}
        self._refunds: Counter[str] = Counter()
        self._left_out = 0
        self._wrong: dict[str, list[str]] = {}

    def read(self, rows: list[list[str]], *, first: int) -> Export:
        for place, row in enumerate(rows, start=first):
            self._row(place, row)
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
            Row(number, total, Decimal(self._refunds[number]).quantize(_CENT))
            for number, total in self._totals.items()
        ]
        return Export(found, self._left_out)

    def _row(self, place: int, row: list[str]) -> None:
        number = self._cell(row, self._places.number)
        amount = self._amount(place, row, self._places.amount)
        refund = self._amount(place, row, self._places.refund)
        if not number or _plain(number) in ("合计", "总计", "小计"):
            # A row of sums has no number; a row of data that lost it is a mistake.
            is_sum = any(_plain(cell) in ("合计", "总计", "小计") for cell in row)
            if (amount or refund) and not is_sum:
                self._complain("no_number", str(place))
            return
        if re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", number):
            self._complain("long_numbers", str(place))
            return
        if self._is_of_other_day(place, row):
            self._left_out += 1
            return
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

    def _is_of_other_day(self, place: int, row: list[str]) -> bool:
        if self._places.day is None:
            return False
        text = self._cell(row, self._places.day)
        match = _DAY.fullmatch(text)
        try:
            found = date(*map(int, match.groups())) if match else _serial(text)
        except ValueError:
            self._complain("bad_days", f"{place}: {text[:20]}")
            return False
        return found != self._day

    def _amount(self, place: int, row: list[str], at: int | None) -> Decimal | None:
        text = self._cell(row, at).replace(",", "").replace("，", "").lstrip("¥￥").strip()
        if not text or text in ("-", "–", "—"):
            return None
        try:
            value = Decimal(text)
            if not value.is_finite() or abs(value) >= 10**12:
                raise InvalidOperation
        except InvalidOperation:
            self._complain("bad_amounts", f"{place}: {text[:20]}")
            return None
        cents = value.quantize(_CENT)
        if abs(value - cents) > _NEARLY:
            self._complain("bad_amounts", f"{place}: {text[:20]}")
        return cents

    @staticmethod
    def _cell(row: list[str], at: int | None) -> str:
        return row[at] if at is not None and at < len(row) else ""

    def _complain(self, why: str, what: str) -> None:
        self._wrong.setdefault(why, []).append(what)


def _serial(text: str) -> date:
    """A date as spreadsheets count it, days since 1899-12-30. Raises `ValueError`."""
    days = float(text)
    if not 20_000 < days < 80_000:
        raise ValueError(text)
    return date.fromordinal(datetime(1899, 12, 30).toordinal() + int(days))
