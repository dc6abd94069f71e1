"""A day's figures beside the ERP's: three numbers, exact decimals, the lines that differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal("0.00")
WHOLE = Decimal(1)


class Cause(StrEnum):
    """Why a line differs; the values are those of `ErpCheckLine.Cause`."""

    MISSING = "missing"
    NOT_BOOKED = "not_booked"
    UNKNOWN = "unknown"
    AMOUNT = "amount"
    REFUND = "refund"


class Result(StrEnum):
    """How a check ended; the values are those of `ErpCheck.Result`."""

    EQUAL = "equal"
    WITHIN = "within"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Row:
    """One order's part in a day (CNY). `total` is None where the order itself is not of the day.

    `also` is another number under which the other side may know it. What is not booked is there
    but counts for nothing.
    """

    number: str
    total: Decimal | None
    refund: Decimal = ZERO
    also: str = ""
    shop: str = ""
    is_booked: bool = True


@dataclass(frozen=True, slots=True)
class Sums:
    """What one side's rows come to: orders, their total, money paid back."""

    orders: int
    total: Decimal
    refunds: Decimal

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Sums:
        counted = [row for row in rows if row.is_booked]
        return cls(
            sum(row.total is not None for row in counted),
            sum((row.total or ZERO for row in counted), ZERO),
            sum((row.refund for row in counted), ZERO),
        )

    def figures(self) -> tuple[Decimal, Decimal, Decimal]:
        return Decimal(self.orders), self.total, self.refunds


@dataclass(frozen=True, slots=True)
class Line:
    """An order that the two sides do not tell alike."""

    number: str
    shop: str
    ours: Decimal | None
    theirs: Decimal | None
    our_refund: Decimal
    their_refund: Decimal
    cause: Cause


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides, the largest difference as a part of our figure, and what differs."""

    ours: Sums
    theirs: Sums
    share: Decimal
    result: Result
    lines: Sequence[Line]


def compare(ours: Sequence[Row], theirs: Sequence[Row], *, tolerance: Decimal) -> Comparison:
    """Compare a day. `tolerance` is in percent; exactly so much is no alarm.

    Raises `ValueError` when one side names a number twice.
    """
    known = _by_number(ours)
    told = _by_number(_in_our_numbers(theirs, ours))
    lines = [
        line
        for number in [*known, *(number for number in told if number not in known)]
        if (line := _line(number, known.get(number), told.get(number))) is not None
    ]
    sums = Sums.of(ours), Sums.of(theirs)
    pairs = list(zip(sums[0].figures(), sums[1].figures(), strict=True))
    if any(is_beyond(our, their, tolerance) for our, their in pairs):
        result = Result.ALARM
    else:
        result = Result.WITHIN if lines else Result.EQUAL
    return Comparison(*sums, max(share_of(our, their) for our, their in pairs), result, lines)


def is_beyond(ours: Decimal, theirs: Decimal, tolerance: Decimal) -> bool:
    """Whether they differ by more than `tolerance` percent of ours; nothing is divided."""
    return abs(ours - theirs) * 100 > abs(ours) * tolerance


def share_of(ours: Decimal, theirs: Decimal) -> Decimal:
    """The difference as a part of ours, for people; 1 where we have nothing and they have."""
    if ours == theirs:
        return Decimal(0)
    return abs(ours - theirs) / abs(ours) if ours else WHOLE


def _by_number(rows: Sequence[Row]) -> dict[str, Row]:
    found = {row.number: row for row in rows}
    if len(found) != len(rows):
        raise ValueError("a number appears twice")
    return found


def _in_our_numbers(theirs: Sequence[Row], ours: Sequence[Row]) -> list[Row]:
    """Their rows under our order numbers, where they used the channel's number.

    A channel's number that two of our orders have says nothing, and one whose order is there
    under our own number already stays as it is.
    """
    numbers = {row.number for row in ours}
    by_other: dict[str, list[str]] = {}
    for row in ours:
        if row.also:
            by_other.setdefault(row.also, []).append(row.number)
    taken = {row.number for row in theirs} & numbers
    renamed = []
    for row in theirs:
        candidates = by_other.get(row.number, ())
        if row.number not in numbers and len(candidates) == 1 and candidates[0] not in taken:
            taken.add(candidates[0])
            renamed.append(replace(row, number=candidates[0]))
        else:
            renamed.append(row)
    return renamed


def _line(number: str, ours: Row | None, theirs: Row | None) -> Line | None:
    booked = theirs if theirs is not None and theirs.is_booked else None
    mine, yours = (ours.total if ours else None), (booked.total if booked else None)
    my_refund, your_refund = (ours.refund if ours else ZERO), (booked.refund if booked else ZERO)
    if mine == yours and my_refund == your_refund:
        return None
    if theirs is not None and not theirs.is_booked:
        cause = Cause.NOT_BOOKED
    elif ours is None or (mine is None and yours is not None):
        cause = Cause.UNKNOWN
    elif mine is not None and yours is None:
        cause = Cause.MISSING
    else:
        cause = Cause.AMOUNT if mine != yours else Cause.REFUND
    shop = ours.shop if ours else ""
    return Line(number, shop, mine, yours, my_refund, your_refund, cause)
