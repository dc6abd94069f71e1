"""Live counts for tabs and navigation: indexed, capped, together, kept for half a minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

CAP = 999
KEPT_SECONDS = 30

Rows = Callable[[], QuerySet[Any]]


def capped_count(rows: QuerySet[Any], cap: int = CAP) -> int:
    """How many rows there are, at most `cap` + 1: the database stops counting there."""
    return rows.order_by()[: cap + 1].count()


def count_together(wanted: Mapping[str, QuerySet[Any]], cap: int = CAP) -> dict[str, int]:
    """The capped counts of several querysets, with one statement."""
    columns: list[str] = []
    parameters: list[Any] = []
    counted: dict[str, int] = dict.fromkeys(wanted, 0)
    named: list[str] = []
    for key, rows in wanted.items():
        try:
            sql, values = rows.order_by().values("pk")[: cap + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        columns.append(f"(SELECT count(*) FROM ({sql}) part)")
        parameters.extend(values)
        named.append(key)
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)}", parameters)
            counted.update(zip(named, cursor.fetchone(), strict=True))
    return counted


def kept_counts(wanted: Mapping[str, Rows]) -> dict[str, int]:
    """The capped counts under these keys, at most `KEPT_SECONDS` old, by one statement at most."""
    keys = {key: f"count:{key}" for key in wanted}
    kept = cache.get_many(keys.values())
    found = {key: kept[name] for key, name in keys.items() if name in kept}
    missing = {key: rows() for key, rows in wanted.items() if key not in found}
    if missing:
        fresh = count_together(missing)
        cache.set_many({keys[key]: count for key, count in fresh.items()}, KEPT_SECONDS)
        found |= fresh
    return found


def as_badge(count: int) -> str:
    """`12`, or `999+` beyond the cap, or nothing for none."""
    if count == 0:
        return ""
    return f"{CAP}+" if count > CAP else str(count)
