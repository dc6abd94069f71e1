"""Delay as the customer feels it: from the first question to the answer (K3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

PROMISED_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Felt:
    """Questions asked in a span: how many, how many wait, the median in minutes, the share
    (0 to 1) answered in less than thirty. Median and share are None without answers."""

    asked: int
    waiting: int
    median_minutes: float | None
    share_in_time: float | None


_FELT = """
SELECT count(*), count(*) FILTER (WHERE answered_at IS NULL),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - asked_at) / 60)
         FILTER (WHERE answered_at IS NOT NULL),
       avg((answered_at - asked_at < make_interval(mins => %s))::int)
         FILTER (WHERE answered_at IS NOT NULL)
  FROM care_inquiry WHERE asked_at >= %s AND asked_at < %s
"""


def delay_felt(since: datetime, until: datetime) -> Felt:
    """The figures for the questions first asked from `since` up to, not including, `until`."""
    with connection.cursor() as cursor:
        cursor.execute(_FELT, [PROMISED_MINUTES, since, until])
        asked, waiting, median, share = cursor.fetchone()
    return Felt(
        asked,
        waiting,
        None if median is None else float(median),
        None if share is None else float(share),
    )
