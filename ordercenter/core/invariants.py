"""Laws that hold on a live system at any moment. Checked, shown, never repaired silently."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils.functional import Promise

from ordercenter.core.models.guards import LawRun


@dataclass(frozen=True, slots=True)
class Law:
    """`sql` selects the rows that break the law; none when it holds."""

    name: str
    says: str | Promise
    sql: str


_laws: dict[str, Law] = {}


def law(name: str, says: str | Promise, sql: str) -> None:
    """Add a law to the registry. `name` stays; it is the key of its history."""
    if name in _laws:
        raise ValueError(f"two laws are named {name}")
    _laws[name] = Law(name, says, sql)


def state_law(
    name: str, says: str | Promise, *, kind: str, table: str, shows: Sequence[str] = ("id",)
) -> None:
    """The law that each row's state is the one its timeline tells last.

    `kind` is the subject of the events; `shows` names the columns that tell a person which row
    it is.
    """
    columns = ", ".join(f"s.{column}" for column in shows)
    law(
        name,
        says,
        f"""
        SELECT {columns}, s.state, told.to_state FROM {table} s
          LEFT JOIN LATERAL (SELECT e.to_state FROM core_event e
                              WHERE e.subject_kind = '{kind}' AND e.subject_id = s.id
                                AND e.to_state <> '' ORDER BY e.id DESC LIMIT 1) told ON true
         WHERE told.to_state IS DISTINCT FROM s.state
        """,
    )


def all_laws() -> list[Law]:
    """The registered laws by name."""
    return sorted(_laws.values(), key=lambda item: item.name)


def verify() -> list[LawRun]:
    """Check every law on one snapshot of the database and store what was found."""
    found: list[LawRun] = []
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found.extend(_check(item) for item in all_laws())
    return LawRun.objects.bulk_create(found)


def _check(item: Law) -> LawRun:
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) OVER () AS found, broken.* FROM ({item.sql}) broken LIMIT 1"
        )
        row = cursor.fetchone()
        columns = [column.name for column in cursor.description][1:]
    first = None
    if row is not None:
        values = dict(zip(columns, row[1:], strict=True))
        first = json.loads(json.dumps(values, cls=DjangoJSONEncoder, default=str))
    return LawRun(
        law=item.name,
        violations=row[0] if row else 0,
        first=first,
        seconds=round(time.monotonic() - started, 3),
    )
