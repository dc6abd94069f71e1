"""Keeping the daily numbers by what the timeline tells.

The timeline is read in batches, behind the transactions that wrote it: placing an order pays
nothing for it. Whatever an event may have touched, a whole day of one fact, is counted anew from
the rows, so reading an event twice, or two orders' events in any order, changes nothing
(docs/adr/0008).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from ordercenter.core import moments
from ordercenter.core.moments import SHANGHAI
from orders.insight.facts import Fact, all_facts
from orders.insight.models import ReadUpTo

_LOCK = 0x0C1A516
_DAY = timedelta(days=1)
DAY_OF = "(f.at AT TIME ZONE 'Asia/Shanghai')::date"

# One statement, so one snapshot: which transactions may still be running, and the newest event.
_SNAPSHOT = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
       coalesce((SELECT max(id) FROM core_event), 0)
"""
_KINDS = "SELECT DISTINCT kind FROM core_event WHERE id > %s"
# Orders that have heard one of these kinds of event since.
_TOUCHED_ORDERS = """
SELECT CASE WHEN split_part(e.stream, ':', 1) = 'order'
            THEN split_part(e.stream, ':', 2)::bigint END
  FROM core_event e WHERE e.id > %s AND e.kind = ANY(%s)
"""
_FORGET = "DELETE FROM insight_dailynumber WHERE fact = %s AND day >= %s AND day < %s"
_COUNT = """
INSERT INTO insight_dailynumber (day, fact, shop_id, label, count, amount, minutes)
SELECT {day}, %s, f.shop_id, f.label, count(*), sum(f.amount), sum(f.minutes)
  FROM ({rows}) f WHERE f.at >= %s AND f.at < %s GROUP BY 1, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Days:
    """The business days from `first` up to, not including, `end`."""

    first: date
    end: date

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """When the first day begins and when the last one is over."""
        return midnight(self.first), midnight(self.end)


def midnight(day: date) -> datetime:
    """When this business day begins."""
    return datetime.combine(day, time(), SHANGHAI)


def business_day(at: datetime) -> date:
    """The business day that this moment belongs to."""
    return at.astimezone(SHANGHAI).date()


@transaction.atomic
def keep() -> int | None:
    """Count anew what has been touched since the last time; how many days of a fact.

    None when somebody else is at it. The first runs count every day there is.
    """
    if not _try_lock():
        return None
    reading, _made = ReadUpTo.objects.select_for_update().get_or_create(pk=1)
    oldest_running, next_transaction, newest = _row(_SNAPSHOT)
    if reading.floor is None:
        counted = _recount(all_facts(), None)
    else:
        counted = _count_touched(reading.floor)
    if reading.seen_before is not None and reading.seen_before <= oldest_running:
        reading.floor, reading.seen_before = reading.seen, None
    if reading.seen_before is None or reading.seen_before > next_transaction:
        # The second case is a database brought back on another server, where numbers begin anew.
        reading.seen, reading.seen_before = newest, next_transaction
    reading.kept_at = moments.now()
    reading.save()
    return counted


@transaction.atomic
def rebuild(days: Days | None = None) -> int:
    """Count these days (all there are, when None) anew; how many rows the numbers have there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    return _recount(all_facts(), days)


def _try_lock() -> bool:
    return bool(_row("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])[0])


def _count_touched(floor: int) -> int:
    told = {kind for (kind,) in _rows(_KINDS, [floor])}
    counted = 0
    for fact in all_facts():
        if told.isdisjoint(fact.kinds):
            continue
        days = sorted(day for (day,) in _rows(*touched_days(fact, floor)))
        for stretch in _stretches(days):
            _recount([fact], stretch)
        counted += len(days)
    return counted


def touched_days(fact: Fact, floor: int) -> tuple[str, list[Any]]:
    """SQL and parameters: the days of the fact that events above `floor` may have changed."""
    if fact.from_events:
        return f"SELECT DISTINCT {DAY_OF} FROM ({fact.rows}) f WHERE f.row_id > %s", [floor]
    return (
        f"SELECT DISTINCT {DAY_OF} FROM ({fact.rows}) f WHERE f.order_id IN ({_TOUCHED_ORDERS})",
        [floor, list(fact.kinds)],
    )


def _stretches(days: Iterable[date]) -> Iterator[Days]:
    """Days in order, those that follow each other put together."""
    stretch: Days | None = None
    for day in days:
        if stretch is not None and day == stretch.end:
            stretch = Days(stretch.first, day + _DAY)
            continue
        if stretch is not None:
            yield stretch
        stretch = Days(day, day + _DAY)
    if stretch is not None:
        yield stretch


def _recount(facts: Iterable[Fact], days: Days | None) -> int:
    days = days or Days(date(1970, 1, 1), date(9999, 1, 1))
    rows = 0
    with connection.cursor() as cursor:
        for fact in facts:
            cursor.execute(_FORGET, [fact.name, days.first, days.end])
            cursor.execute(_COUNT.format(day=DAY_OF, rows=fact.rows), [fact.name, *days.moments])
            rows += cursor.rowcount
    return rows


def _row(sql: str, parameters: list[Any] | None = None) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: tuple[Any, ...] = cursor.fetchone()
    return found


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
