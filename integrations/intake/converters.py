"""How a channel's value becomes ours. Mapping rows name these; each says what it gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from integrations.models import Problem
from orders.receiver import tidy_phone, tidy_text

CENT = Decimal("0.01")
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,10})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,30}", re.ASCII)
# PostgreSQL keeps no NUL, UTF-8 no half of a surrogate pair.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST_SHOWN = 80


class Unreadable(Exception):
    """The message can't be taken over; `problem` and `detail` are for the person who looks."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
        self.detail = detail[:500]


class Kind(StrEnum):
    """What a field of ours holds."""

    TEXT = "text"
    INTEGER = "integer"
    AMOUNT = "amount"
    MOMENT = "moment"
    FLAG = "flag"


Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Converter:
    """`make` builds the function for one row of a mapping; `kind` of None: what its values are.

    The function raises `ValueError` for a value of the wrong form and `Unreadable` for others.
    """

    kind: Kind | None
    make: Callable[[Mapping[str, Any]], Convert]


def show(value: Any) -> str:
    """A value for a person's eyes, not longer than a line."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def keepable(text: str) -> str:
    """The text without what no database keeps."""
    return _UNKEEPABLE.sub("", text) if _UNKEEPABLE.search(text) else text


def to_text(value: Any) -> str:
    """Text as it is; whole numbers as digits (channels send ids as numbers)."""
    if isinstance(value, str):
        return keepable(value).strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("text expected")


def to_tidy_text(value: Any) -> str:
    """Text on one line, full-width letters and digits as ordinary ones."""
    return tidy_text(to_text(value))


def to_phone(value: Any) -> str:
    """A telephone number without blanks and dashes; a masked one as it is."""
    return tidy_phone(to_text(value))


def to_integer(value: Any) -> int:
    """A whole number, also as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    raise ValueError("whole number expected")


def to_yuan(value: Any) -> Decimal:
    """Yuan with two decimals, from text or number."""
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise ValueError("amount in yuan expected")
    return Decimal(value.strip()).quantize(CENT, ROUND_HALF_UP)


def cents_to_yuan(value: Any) -> Decimal:
    """Yuan with two decimals, from whole cents."""
    return (Decimal(to_integer(value)) / 100).quantize(CENT)


def _make_local_time(row: Mapping[str, Any]) -> Convert:
    zone = ZoneInfo(row["zone"])

    def convert(value: Any) -> datetime:
        """`yyyy-MM-dd HH:mm:ss` on the clocks of the zone."""
        if not isinstance(value, str) or len(value) != 19 or value[10] != " ":
            raise ValueError("yyyy-MM-dd HH:mm:ss expected")
        return datetime.fromisoformat(value).replace(tzinfo=zone)

    return convert


def _make_one_of(row: Mapping[str, Any]) -> Convert:
    table: Mapping[str, Any] = row["table"]

    def convert(value: Any) -> Any:
        try:
            return table[value if isinstance(value, str) else to_text(value)]
        except KeyError:
            raise Unreadable(Problem.UNKNOWN_WORD, f"{row['path']}: {show(value)}") from None

    return convert


def _plain(function: Convert) -> Callable[[Mapping[str, Any]], Convert]:
    return lambda row: function


CONVERTERS: dict[str, Converter] = {
    "text": Converter(Kind.TEXT, _plain(to_text)),
    "tidy": Converter(Kind.TEXT, _plain(to_tidy_text)),
    "phone": Converter(Kind.TEXT, _plain(to_phone)),
    "integer": Converter(Kind.INTEGER, _plain(to_integer)),
    "money_yuan": Converter(Kind.AMOUNT, _plain(to_yuan)),
    "money_cents": Converter(Kind.AMOUNT, _plain(cents_to_yuan)),
    "local_time": Converter(Kind.MOMENT, _make_local_time),
    "one_of": Converter(None, _make_one_of),
    "constant": Converter(None, lambda row: lambda value: row["value"]),
}
