"""The rows of a workbook beside each other in the database: as exported, and as they came back.

Both live in temporary tables of the session, filled by COPY. They are gone with the block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg.pq import TransactionStatus

from orders.sheets.columns import ENTRIES, MERGED
from orders.sheets.errors import BadOrderSheet
from orders.sheets.reading import Workbook

_FIELDS = ", ".join(f"{key} text NOT NULL" for key in MERGED)
_CREATE = f"""
DROP TABLE IF EXISTS pg_temp.sheet_base;
DROP TABLE IF EXISTS pg_temp.sheet_yours;
CREATE TEMPORARY TABLE sheet_base (token text NOT NULL, number text NOT NULL,
  version int NOT NULL, mark text NOT NULL, {_FIELDS});
CREATE TEMPORARY TABLE sheet_yours (row int NOT NULL, token text NOT NULL, number text NOT NULL,
  mark text NOT NULL, {_FIELDS}, {", ".join(f"{key} text NOT NULL" for key in ENTRIES)});
"""
_DROP = """
DROP TABLE IF EXISTS pg_temp.sheet_base;
DROP TABLE IF EXISTS pg_temp.sheet_yours;
"""
_FOREIGN = """
SELECT y.row FROM sheet_yours y LEFT JOIN sheet_base b ON b.token = y.token
 WHERE b.token IS NULL ORDER BY y.row LIMIT 11
"""
_DOUBLE = """
SELECT number || ' (' || string_agg(row::text, ', ' ORDER BY row) || ')' FROM sheet_yours
 GROUP BY token, number HAVING count(*) > 1 ORDER BY min(row) LIMIT 11
"""


@contextmanager
def staged(workbook: Workbook, progress: Callable[[int], None]) -> Iterator[int]:
    """Within the block both tables are filled; yields how many rows came back.

    Raises `BadOrderSheet` for rows that are not of this export, and for rows that appear twice:
    nobody could say which of them is meant.
    """
    # Whatever is refused takes the tables with it; a COPY that breaks off breaks nothing else.
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
        _copy_base(workbook)
        rows = _copy_yours(workbook)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE sheet_base")
            cursor.execute("ANALYZE sheet_yours")
        _refuse(_FOREIGN, "foreign_rows")
        _refuse(_DOUBLE, "double_rows")
    progress(rows)
    try:
        yield rows
    finally:
        # A transaction that has failed takes the tables with it.
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            with connection.cursor() as cursor:
                cursor.execute(_DROP)


def _copy_base(workbook: Workbook) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY sheet_base FROM STDIN") as copy:
        for row in workbook.base_rows():
            copy.write_row(row)


def _copy_yours(workbook: Workbook) -> int:
    count = 0
    rows = workbook.your_rows()
    with connection.cursor() as cursor, cursor.copy("COPY sheet_yours FROM STDIN") as copy:
        for row in rows:
            copy.write_row(
                (
                    row.number,
                    row.token,
                    row.order_number,
                    row.fingerprint,
                    *row.values,
                    *row.entries,
                )
            )
            count += 1
    return count


def _refuse(query: str, why: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = [str(row[0]) for row in cursor.fetchall()]
    if found:
        shown = "、".join(found[:10]) + (" …" if len(found) > 10 else "")
        raise BadOrderSheet(why, rows=shown)
