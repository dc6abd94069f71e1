"""Working time: how far `n` minutes of work reach from a moment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import DomainError
from ordercenter.core.models.clocks import Holiday, WorkingHours
from ordercenter.core.moments import SHANGHAI

_CACHE_SECONDS = 30.0
# A year without one open minute is a mistake in the table, not a plan.
_SEARCH_DAYS = 366


class NoWorkingTime(DomainError):
    """The calendar has no open stretch within a year."""

    code = "no_working_time"
    title = _("The working calendar has no open hours. Ask an administrator to enter them.")


@dataclass(frozen=True)
class WorkingCalendar:
    """Open stretches per weekday (0 Monday … 6 Sunday) in Shanghai time, and dates that differ.

    A date marked as working (a weekend day worked instead) takes Monday's stretches.
    """

    hours: Mapping[int, tuple[tuple[clock_time, clock_time], ...]]
    holidays: Mapping[date, bool]

    def stretches(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The open stretches of a date as aware moments, earliest first."""
        is_working = self.holidays.get(day)
        if is_working is False:
            return ()
        weekday = 0 if is_working else day.weekday()
        return tuple(
            (
                datetime.combine(day, starts, SHANGHAI),
                datetime.combine(day, ends, SHANGHAI),
            )
            for starts, ends in self.hours.get(weekday, ())
        )

    def add(self, start: datetime, length: timedelta) -> datetime:
        """The moment at which `length` of open time after `start` is used up.

        Raises `NoWorkingTime` when the calendar has no open time for a year.
        """
        left = length
        for begin, end in self._open_from(start):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise NoWorkingTime()

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments; none when `end` is not the later one."""
        total = timedelta(0)
        for opens, closes in self._open_from(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def _open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open stretches behind `start`, none overlapping; ends a year after the last one."""
        day = start.astimezone(SHANGHAI).date()
        closed_days = 0
        while closed_days < _SEARCH_DAYS:
            closed_days += 1
            for opens, closes in self.stretches(day):
                begin = max(opens, start)
                if begin < closes:
                    yield begin, closes
                    start, closed_days = closes, 0
            day += timedelta(days=1)


_cached: tuple[float, WorkingCalendar] | None = None


def working_calendar() -> WorkingCalendar:
    """The calendar of the tables, read again after half a minute."""
    global _cached
    # One read of the name: another thread may forget it at any moment.
    found = _cached
    if found is None or time.monotonic() - found[0] > _CACHE_SECONDS:
        hours: dict[int, list[tuple[clock_time, clock_time]]] = {}
        for row in WorkingHours.objects.all():
            hours.setdefault(row.weekday, []).append((row.starts, row.ends))
        calendar = WorkingCalendar(
            hours={day: tuple(sorted(rows)) for day, rows in hours.items()},
            holidays=dict(Holiday.objects.values_list("date", "is_working")),
        )
        found = _cached = (time.monotonic(), calendar)
    return found[1]


def forget() -> None:
    """Read the tables again at the next question (after an edit, between tests)."""
    global _cached
    _cached = None
