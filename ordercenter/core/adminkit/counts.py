"""Live counts for tabs and navigation: one indexed count each, capped, kept for half a minute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet

CAP = 999
KEPT_SECONDS = 30


def capped_count(rows: QuerySet[Any], cap: int = CAP) -> int:
    """How many rows there are, at most `cap` + 1: the database stops counting there."""
    return rows.order_by()[: cap + 1].count()


def kept_count(key: str, rows: Callable[[], QuerySet[Any]]) -> int:
    """The capped count under this key, at most `KEPT_SECONDS` old."""
    found: int | None = cache.get(f"count:{key}")
    if found is None:
        found = capped_count(rows())
        cache.set(f"count:{key}", found, KEPT_SECONDS)
    return found


def as_badge(count: int) -> str:
    """`12`, or `999+` beyond the cap, or nothing for none."""
    if count == 0:
        return ""
    return f"{CAP}+" if count > CAP else str(count)
