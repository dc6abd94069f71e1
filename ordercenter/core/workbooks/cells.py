"""What a cell says: amounts, numbers, days, as channels and spreadsheet programs write them.

Cells are texts, or numbers, moments and booleans of a workbook. Nothing is guessed: a cell that
can be read in two ways is `Unreadable`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from ordercenter.core.moments import SHANGHAI
from ordercenter.core.workbooks.checking import Cell

CENT = Decimal("0.01")
# Above this a float no longer holds every whole number: the digits a person sees are not theirs.
EXACT = 2**53

# 0.1 + 0.2 is a program's way of saying 0.30; a third decimal is something else.
_TOLERANCE = Decimal("0.000001")
_AMOUNT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
# Programs keep long numbers from being rounded as ="123", people as '123.
_KEPT_TEXT = re.compile(r'="([^"=]*)"')
_ROUNDED = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_DAY = r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?"
_DAY_FIRST = re.compile(_DAY + r"(?:[\sT].*)?", re.DOTALL)
_MOMENT = re.compile(_DAY + r"(?:(?:\s+|T)(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?")
_YEARS = range(2000, 2100)
# Spreadsheets count days from here; in between are the years of this business.
_DAY_ZERO = datetime(1899, 12, 30)
_SERIALS = (36_526, 73_051)


class Unreadable(ValueError):
    """The cell says nothing we can be sure of."""


def bare(cell: Cell) -> str:
    """The cell's text in plain forms, without what programs write around it to keep it a text."""
    text = unicodedata.normalize("NFKC", str(cell)).strip().strip("'`\t ")
    kept = _KEPT_TEXT.fullmatch(text)
    return kept[1].strip() if kept else text


def plain_header(text: str) -> str:
    """A header for comparison: full-width forms, blanks and case make no difference."""
    return "".join(bare(text).split()).casefold()


def amount_of(cell: Cell, *, largest: Decimal) -> Decimal | None:
    """The amount in yuan, at most two decimals; None for an empty cell.

    Raises `Unreadable`, also beyond `largest`, where a column was mistaken for another.
    """
    if isinstance(cell, bool):
        raise Unreadable
    if isinstance(cell, int | float):
        return _in_cents(Decimal(repr(cell)), largest)
    text = bare(cell).replace(" ", "")
    text = text.replace("−", "-").replace("¥", "").removesuffix("元").removeprefix("CNY")
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        raise Unreadable
    return _in_cents(Decimal(text.replace(",", "")), largest)


def _in_cents(amount: Decimal, largest: Decimal) -> Decimal:
    try:
        cents = amount.quantize(CENT)
    except InvalidOperation as error:
        raise Unreadable from error
    if abs(cents - amount) > _TOLERANCE or abs(cents) > largest:
        raise Unreadable
    return cents + 0


def number_of(cell: Cell) -> str:
    """An order or transaction number as text.

    Raises `Unreadable` for one that was rounded, and for a formula.
    """
    if isinstance(cell, bool):
        raise Unreadable
    if isinstance(cell, int | float):
        if abs(cell) >= EXACT or cell != int(cell):
            raise Unreadable
        return str(int(cell))
    text = bare(cell)
    if text.startswith("=") or _ROUNDED.fullmatch(text):
        raise Unreadable
    return text


def moment_of(cell: Cell) -> datetime | None:
    """When, in Shanghai's time; None for an empty cell. Raises `Unreadable`."""
    found = _written(cell, _MOMENT)
    return None if found is None else found.replace(tzinfo=SHANGHAI)


def day_of(cell: Cell) -> date | None:
    """The day, whatever stands behind it; also a number, as spreadsheets count days.

    None for an empty cell. Raises `Unreadable`.
    """
    try:
        serial = float(bare(cell))
    except ValueError:
        serial = 0.0
    if _SERIALS[0] <= serial < _SERIALS[1]:
        return (_DAY_ZERO + timedelta(days=int(serial))).date()
    found = _written(cell, _DAY_FIRST)
    return None if found is None else found.date()


def _written(cell: Cell, form: re.Pattern[str]) -> datetime | None:
    if isinstance(cell, datetime):
        found = cell
    elif isinstance(cell, date):
        found = datetime.combine(cell, time())
    elif text := bare(cell):
        found = _matched(form, text)
    else:
        return None
    if found.year not in _YEARS:
        raise Unreadable
    return found


def _matched(form: re.Pattern[str], text: str) -> datetime:
    match = form.fullmatch(text)
    if match is None:
        raise Unreadable
    year, month, day, hour, minute, second = (*map(int, match.groups("0")), 0, 0, 0)[:6]
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise Unreadable from error
