"""Working time: how far `n` minutes of work reach from a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from ordercenter.core.models.clocks import Holiday, WorkingHours
from ordercenter.core.moments import SHANGHAI

_CACHE_SECONDS = 30.0
# A year without one open minute is a mistake in the table, not a plan.
_SEARCH_DAYS = 366


class NoWorkingTime(ValueError):
    """The calendar has no open stretch within a year."""


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

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """The moment at which `minutes` of open time after `start` are used up.

        Raises `NoWorkingTime` when the calendar has no open time within a year.
        """
        left = timedelta(minutes=minutes)
        day = start.astimezone(SHANGHAI).date()
        for offset in range(_SEARCH_DAYS):
            for opens, closes in self.stretches(day + timedelta(days=offset)):
                begin = max(opens, start)
                if begin >= closes:
                    continue
                if left <= closes - begin:
                    return begin + left
                left -= closes - begin
        raise NoWorkingTime("the working calendar has no open time within a year")


_cached: tuple[float, WorkingCalendar] | None = None


def working_calendar() -> WorkingCalendar:
    """The calendar of the tables, read again after half a minute."""
    global _cached
    if _cached is None or time.monotonic() - _cached[0] > _CACHE_SECONDS:
        hours: dict[int, list[tuple[clock_time, clock_time]]] = {}
        for row in WorkingHours.objects.all():
            hours.setdefault(row.weekday, []).append((row.starts, row.ends))
        calendar = WorkingCalendar(
            hours={day: tuple(sorted(rows)) for day, rows in hours.items()},
            holidays=dict(Holiday.objects.values_list("date", "is_working")),
        )
        _cached = (time.monotonic(), calendar)
    return _cached[1]


def forget() -> None:
    """Read the tables again at the next question (after an edit, between tests)."""
    global _cached
    _cached = None
