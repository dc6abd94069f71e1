"""Working time: nights, holidays, odd tables."""

import importlib
from datetime import date, datetime, time, timedelta

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from ordercenter.core import calendar
from ordercenter.core.calendar import NoWorkingTime, WorkingCalendar
from ordercenter.core.models import Holiday, WorkingHours
from ordercenter.core.moments import SHANGHAI

OFFICE = WorkingCalendar(
    hours={day: ((time(9), time(12)), (time(13), time(18))) for day in range(5)},
    holidays={date(2026, 10, 1): False, date(2026, 10, 10): True},
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def add_minutes(table: WorkingCalendar, start: datetime, minutes: int) -> datetime:
    return table.add(start, timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-20 10:00", 30, "2026-11-20 10:30"),
        ("2026-11-20 10:00", 0, "2026-11-20 10:00"),
        ("2026-11-20 11:50", 20, "2026-11-20 13:10"),  # over lunch
        ("2026-11-20 17:50", 20, "2026-11-23 09:10"),  # Friday evening to Monday
        ("2026-11-20 17:50", 10, "2026-11-20 18:00"),  # used up at the very end
        ("2026-11-20 22:00", 30, "2026-11-23 09:30"),  # begun at night
        ("2026-11-22 12:00", 0, "2026-11-23 09:00"),  # nothing runs while closed
        ("2026-09-30 17:30", 60, "2026-10-02 09:30"),  # over a holiday
        ("2026-10-09 17:30", 60, "2026-10-10 09:30"),  # a Saturday that is worked
        ("2026-11-16 09:00", 5 * 8 * 60, "2026-11-20 18:00"),  # a whole week
    ],
)
def test_minutes_are_used_up_in_open_hours_only(start, minutes, end):
    assert add_minutes(OFFICE, at(start), minutes) == at(end)


def test_a_moment_in_another_zone_is_the_same_moment():
    start = at("2026-11-20 10:00")

    assert add_minutes(OFFICE, start.astimezone(tz=None), 30) == at("2026-11-20 10:30")


def test_open_hours_that_overlap_count_once():
    twice = WorkingCalendar(
        {4: ((time(9), time(12)), (time(10), time(11)), (time(11), time(13)))}, {}
    )

    assert add_minutes(twice, at("2026-11-20 09:00"), 4 * 60) == at("2026-11-20 13:00")


def test_a_limit_longer_than_a_year_is_still_found():
    rarely = WorkingCalendar({0: ((time(9), time(10)),)}, {})

    assert add_minutes(rarely, at("2026-11-23 09:00"), 60 * 60) == at(
        "2026-11-23 10:00"
    ) + timedelta(weeks=59)


@pytest.mark.parametrize("hours", [{}, {0: ()}])
def test_a_calendar_without_open_hours_says_so(hours):
    with pytest.raises(NoWorkingTime):
        add_minutes(WorkingCalendar(hours, {}), at("2026-11-20 10:00"), 1)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-20 10:00", "2026-11-20 11:00", 1),
        ("2026-11-20 17:00", "2026-11-23 10:00", 2),
        ("2026-11-21 00:00", "2026-11-22 23:00", 0),
        ("2026-11-20 11:00", "2026-11-20 10:00", 0),
    ],
)
def test_open_time_between_two_moments(start, end, hours):
    assert OFFICE.open_time(at(start), at(end)) == timedelta(hours=hours)


@pytest.mark.django_db
def test_the_tables_are_read_again_when_they_were_edited():
    WorkingHours.objects.all().delete()
    WorkingHours.objects.create(weekday=4, starts=time(9), ends=time(10))
    Holiday.objects.create(date=date(2026, 11, 20))
    calendar.forget()

    end = add_minutes(calendar.working_calendar(), at("2026-11-20 09:00"), 1)

    calendar.forget()
    assert end == at("2026-11-27 09:01")


moments_ = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=SHANGHAI)
)
stretch = st.tuples(
    st.times(max_value=time(12)).map(lambda t: t.replace(microsecond=0)),
    st.times(min_value=time(12, 1)).map(lambda t: t.replace(microsecond=0)),
)
calendars = st.builds(
    WorkingCalendar,
    hours=st.dictionaries(
        st.integers(0, 6),
        st.lists(stretch, min_size=1, max_size=3).map(sorted).map(tuple),
        min_size=1,
    ),
    holidays=st.dictionaries(
        st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.booleans(), max_size=9
    ),
)
minutes_ = st.integers(0, 3000)


@given(calendars, moments_, minutes_, minutes_)
def test_more_minutes_never_end_earlier(table, start, some, more):
    assert start <= add_minutes(table, start, some) <= add_minutes(table, start, some + more)


@given(calendars, moments_, moments_, minutes_)
def test_who_starts_later_never_ends_earlier(table, one, other, minutes):
    first, second = sorted((one, other))

    assert add_minutes(table, first, minutes) <= add_minutes(table, second, minutes)


@given(calendars, moments_, minutes_)
def test_the_open_time_until_the_end_is_what_was_added(table, start, minutes):
    assert table.open_time(start, add_minutes(table, start, minutes)) == timedelta(minutes=minutes)


@given(calendars, moments_, minutes_, minutes_)
def test_adding_in_two_steps_is_adding_at_once(table, start, some, more):
    at_once = add_minutes(table, start, some + more)

    in_steps = add_minutes(table, add_minutes(table, start, some), more)

    # The end of one stretch and the beginning of the next are the same in working time.
    assert table.open_time(start, in_steps) == table.open_time(start, at_once)


@pytest.mark.django_db
def test_the_first_hours_are_set_once_however_often_their_migration_runs():
    migration = importlib.import_module("ordercenter.core.migrations.0003_working_hours")
    before = list(WorkingHours.objects.order_by("pk").values())

    migration.open_every_day(apps, None)

    assert list(WorkingHours.objects.order_by("pk").values()) == before
    assert len(before) == 7
