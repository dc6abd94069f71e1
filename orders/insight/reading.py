"""Reading the numbers: a span of days by two statements, the present moment by two more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from django.core.cache import cache
from django.db import connection

from ordercenter.core import moments
from ordercenter.core.adminkit.counts import KEPT_SECONDS, count_together
from ordercenter.core.adminkit.keyset import COUNT_CAP
from orders.insight.behind import Counted
from orders.insight.facts import Fact, all_facts
from orders.insight.keeping import Days, business_day
from orders.insight.models import ReadUpTo
from orders.models import Order, OrderState, WorkOrder

_DAY = timedelta(days=1)
# Days of each span that can be asked for.
SPANS = {"today": 1, "yesterday": 1, "30": 30, "365": 365}
USUAL_SPAN = "30"
# Orders somebody works on or waits for; what has arrived or ended grows without end.
FUNNEL = (
    OrderState.PENDING_PAYMENT,
    OrderState.PENDING_REVIEW,
    OrderState.PENDING_FINANCE,
    OrderState.PREPARING,
    OrderState.PACKED,
    OrderState.DISPATCHED,
    OrderState.IN_TRANSIT,
)


def span_days(span: str) -> Days:
    """The days of a span; those of 30 days and of a year end with today."""
    today = business_day(moments.now())
    end = today if span == "yesterday" else today + _DAY
    return Days(end - SPANS[span] * _DAY, end)


@dataclass(frozen=True, slots=True)
class Sum:
    """What a fact came to: how many, yuan, minutes summed up."""

    count: int = 0
    amount: Decimal = Decimal(0)
    minutes: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.count + other.count, self.amount + other.amount, self.minutes + other.minutes
        )

    @property
    def mean_minutes(self) -> float | None:
        """The arithmetic mean; None for nothing."""
        return self.minutes / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Figures:
    """The daily numbers of some days, summed up by fact, label and channel."""

    days: Days
    sums: dict[tuple[str, str, str], Sum] = field(default_factory=dict)

    def sum(self, fact: str, *labels: str, channel: str = "") -> Sum:
        """What the fact came to, under these labels (all without any), in this channel (all)."""
        found = Sum()
        for (name, label, place), part in self.sums.items():
            if name != fact or (labels and label not in labels) or (channel and place != channel):
                continue
            found += part
        return found

    def labels(self, fact: str) -> list[tuple[str, Sum]]:
        """The labels under which the fact was counted, most frequent first."""
        found = {label for name, label, _channel in self.sums if name == fact}
        pairs = [(label, self.sum(fact, label)) for label in found]
        return sorted(pairs, key=lambda pair: (-pair[1].count, pair[0]))

    def channels(self, fact: str) -> list[tuple[str, Sum]]:
        """The channels in which the fact was counted, most frequent first."""
        found = {channel for name, _label, channel in self.sums if name == fact}
        pairs = [(channel, self.sum(fact, channel=channel)) for channel in found]
        return sorted(pairs, key=lambda pair: (-pair[1].count, pair[0]))

    def share(self, fact: str, labels: Sequence[str], of: Sequence[str]) -> float | None:
        """How large a part (0 to 1) `labels` are among `of`; None where there is nothing."""
        whole = self.sum(fact, *of).count
        return self.sum(fact, *labels).count / whole if whole else None


_SUMS = """
SELECT d.fact, d.label, s.channel, sum(d.count)::bigint, sum(d.amount), sum(d.minutes)::bigint
  FROM insight_dailynumber d JOIN orders_shop s ON s.id = d.shop_id
 WHERE d.day >= %s AND d.day < %s GROUP BY 1, 2, 3
"""
_EACH_DAY = """
SELECT day, label, sum(count)::bigint FROM insight_dailynumber
 WHERE day >= %s AND day < %s AND fact = %s GROUP BY 1, 2
"""


def figures(days: Days) -> Figures:
    """What those days came to; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [days.first, days.end])
        sums = {
            (fact, label, channel): Sum(count, amount, minutes)
            for fact, label, channel, count, amount, minutes in cursor.fetchall()
        }
    return Figures(days, sums)


def each_day(days: Days, fact: Fact) -> dict[date, dict[str, int]]:
    """How often the fact was counted on each day, by label; days without are left out."""
    found: dict[date, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_EACH_DAY, [days.first, days.end, fact.name])
        for day, label, count in cursor.fetchall():
            found.setdefault(day, {})[label] = count
    return found


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is overdue now, in orders by role and by stage, in work orders by person.

    At most `COUNT_CAP` clocks are looked at; `is_capped` says that there are more.
    """

    roles: dict[str, int]
    stages: dict[str, int]
    people: dict[tuple[int, str], int]
    is_capped: bool


# The partial index of running clocks by due time gives the clocks, the longest overdue first.
_OVERDUE = """
WITH late AS MATERIALIZED (
  SELECT subject_kind, subject_id, stream, stage, owner_role FROM core_timer
   WHERE stopped_at IS NULL AND paused_at IS NULL AND due_at < %(now)s
     AND split_part(stream, ':', 1) = 'order'
   LIMIT %(most)s)
SELECT 'role', owner_role, 0, count(DISTINCT stream) FROM late GROUP BY owner_role
 UNION ALL
SELECT 'stage', stage, 0, count(*) FROM late WHERE subject_kind = %(order)s GROUP BY stage
 UNION ALL
SELECT 'person', coalesce(nullif(u.full_name, ''), u.username), u.id, count(*)
  FROM late l JOIN orders_workorder w ON w.id = l.subject_id
  JOIN core_user u ON u.id = w.assignee_id
 WHERE l.subject_kind = %(work)s GROUP BY u.id
 UNION ALL
SELECT 'all', '', 0, count(*) FROM late
"""


def overdue() -> Overdue:
    """Who is late with what, at most half a minute ago; one statement over the clocks that run."""
    kept = cache.get("numbers:overdue")
    if kept is None:
        kept = _count_overdue()
        cache.set("numbers:overdue", kept, KEPT_SECONDS)
    return cast(Overdue, kept)


def _count_overdue() -> Overdue:
    found: dict[str, dict[tuple[int, str], int]] = {
        "role": {},
        "stage": {},
        "person": {},
        "all": {},
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _OVERDUE,
            {
                "now": moments.now(),
                "most": COUNT_CAP + 1,
                "order": Order.KIND,
                "work": WorkOrder.KIND,
            },
        )
        for part, key, pk, count in cursor.fetchall():
            found[part][pk, key] = count
    return Overdue(
        roles={key: count for (_pk, key), count in found["role"].items()},
        stages={key: count for (_pk, key), count in found["stage"].items()},
        people=found["person"],
        is_capped=found["all"][0, ""] > COUNT_CAP,
    )


def funnel() -> dict[str, int]:
    """How many orders were in each state that somebody works on, at most half a minute ago.

    At most `COUNT_CAP` + 1 each.
    """
    kept = cache.get("numbers:funnel")
    if kept is None:
        kept = count_together(
            {str(state): Order.objects.filter(state=state) for state in FUNNEL}, cap=COUNT_CAP
        )
        cache.set("numbers:funnel", kept, KEPT_SECONDS)
    return cast("dict[str, int]", kept)


def kept_at() -> datetime | None:
    """Up to when the daily numbers have been kept; None before the first time."""
    return ReadUpTo.objects.values_list("kept_at", flat=True).first()


def counted(fact: str, days: Days, *labels: str, channel: str = "") -> Counted:
    """A number that opens the rows behind it."""
    wanted = next(one for one in all_facts() if one.name == fact)
    return Counted(wanted, labels, days, channel)
