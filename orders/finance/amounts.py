"""Amounts, moments and numbers as channels and spreadsheet programs write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from ordercenter.core.moments import SHANGHAI

CENT = Decimal("0.01")
# No channel pays out more in one line; beyond it a column was mistaken for another.
LARGEST = Decimal("100000000")
# Above this a float no longer holds every whole number: the digits a person sees are not theirs.
EXACT = 2**53

_AMOUNT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
# Taobao's exports keep long numbers from being rounded as ="123".
_KEPT_TEXT = re.compile(r'="([^"=]*)"')
_ROUNDED = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_MOMENTS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y年%m月%d日",
    "%Y%m%d",
)
_YEARS = range(2000, 2100)


class Unreadable(ValueError):
    """The cell says nothing we can be sure of."""


def plain_header(text: str) -> str:
    """A header for comparison: full-width forms, blanks and case make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def amount_of(cell: Any) -> Decimal:
    """The amount in yuan, at most two decimals; an empty cell is 0. Raises `Unreadable`."""
    if isinstance(cell, bool):
        raise Unreadable
    if isinstance(cell, int | float):
        return _in_cents(Decimal(repr(cell)), is_float=True)
    text = unicodedata.normalize("NFKC", str(cell)).strip().replace(" ", "")
    text = text.replace("−", "-").replace("¥", "").removesuffix("元").removeprefix("CNY")
    if not text:
        return Decimal("0.00")
    if not _AMOUNT.fullmatch(text):
        raise Unreadable
    return _in_cents(Decimal(text.replace(",", "")), is_float=False)


def _in_cents(amount: Decimal, *, is_float: bool) -> Decimal:
    try:
        cents = amount.quantize(CENT)
    except InvalidOperation as error:
        raise Unreadable from error
    # 0.1 + 0.2 is a float's way of saying 0.30; a third decimal is something else.
    tolerance = Decimal("0.0000001") if is_float else Decimal(0)
    if abs(cents - amount) > tolerance or abs(cents) > LARGEST:
        raise Unreadable
    return cents + 0


def number_of(cell: Any) -> str:
    """An order or transaction number as text.

    Raises `Unreadable` for one that was rounded, and for a formula.
    """
    if isinstance(cell, bool):
        raise Unreadable
    if isinstance(cell, int | float):
        if abs(cell) >= EXACT or cell != int(cell):
            raise Unreadable
        return str(int(cell))
    text = unicodedata.normalize("NFKC", str(cell)).strip().strip("'`\t ")
    if kept := _KEPT_TEXT.fullmatch(text):
        text = kept[1].strip()
    if text.startswith("=") or _ROUNDED.fullmatch(text):
        raise Unreadable
    return text


def moment_of(cell: Any) -> datetime | None:
    """When, in Shanghai's time; None for an empty cell. Raises `Unreadable`."""
    if isinstance(cell, datetime):
        found = cell
    elif isinstance(cell, date):
        found = datetime.combine(cell, time())
    else:
        text = unicodedata.normalize("NFKC", str(cell)).strip()
        if not text:
            return None
        found = _parsed(text)
    if found.year not in _YEARS:
        raise Unreadable
    return found.replace(tzinfo=SHANGHAI)


def _parsed(text: str) -> datetime:
    text = text.split(".")[0] if text.count(":") == 2 else text
    for form in _MOMENTS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise Unreadable
