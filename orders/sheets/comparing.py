"""Base, theirs and yours of every cell, compared by the database in one statement.

The outcomes are those of `ordercenter.core.merge`; a test holds both to the same answers. One
thing is merged as a whole: the four parts of an address, because half of one address and half of
another is a place where nobody lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from ordercenter.core.actor import Actor
from orders.plain import plain_sql
from orders.sheets.columns import ADDRESS, BY_KEY, MERGED, RECEIVER
from orders.sheets.models import SheetRun
from orders.sheets.reading import UNREADABLE, Head

# A text that a program would run: refused on the way in. Phones and lists may begin with + or -.
FORMULA_LIKE = r"^([=@\t]|[+\-][[:alpha:](@=])"
_NEEDED = ("receiver_name", "receiver_phone", "receiver_province", "receiver_street")


@dataclass(frozen=True, slots=True)
class Compared:
    """How many rows came back, and how many cells in them nobody had touched."""

    rows: int
    unchanged: int


def _tuple(alias: str, keys: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"{alias}.{key}" for key in keys) + ")"


def _cell(key: str) -> str:
    """One row of the VALUES list: the field with its three values, and what became of it."""
    base, theirs, yours = f"b.{key}", f"t.{key}", f"y.{key}"
    if key in ADDRESS:
        moved = f"{_tuple('t', ADDRESS)} <> {_tuple('b', ADDRESS)}"
        same = f"{_tuple('t', ADDRESS)} = {_tuple('y', ADDRESS)}"
    else:
        moved, same = f"{theirs} <> {base}", f"{theirs} = {yours}"
    longest = BY_KEY[key].longest or 40
    return f"('{key}', {base}, {theirs}, {yours}, {moved}, {same}, {longest})"


_NOTE = f"""('note', '', '', y.note, n.is_there, n.is_there, {BY_KEY["note"].longest})"""
_THEIRS = ", ".join(
    f"o.{key} AS {key}" if key in ("state", "urgency") else f"{plain_sql(f'o.{key}')} AS {key}"
    for key in MERGED
)
_HIDDEN = f"(%(masked)s AND f.field IN {tuple(RECEIVER)})"
_COMPARE = f"""
INSERT INTO sheets_sheetcell (run_id, row, order_id, number, field, base, theirs, yours, reason,
                              outcome, message, changed_by, changed_by_person)
SELECT c.run, c.row, c.order_id, c.number, c.field, c.base, c.theirs, c.yours, c.reason,
       CASE WHEN c.reason <> '' THEN 'refused' WHEN c.moved AND c.same THEN 'merged'
            WHEN c.moved THEN 'conflict' ELSE 'applied' END, '', '', false
  FROM (
SELECT %(run)s AS run, y.row, o.id AS order_id, b.number, f.field, f.base,
       CASE WHEN {_HIDDEN} THEN '' ELSE coalesce(f.theirs, '') END AS theirs,
       ltrim(f.yours, %(unreadable)s) AS yours, f.moved, f.same,
       CASE WHEN o.id IS NULL THEN 'not_found'
            WHEN {_HIDDEN} THEN 'masked'
            WHEN f.moved AND f.same THEN ''
            WHEN left(f.yours, 1) = %(unreadable)s THEN 'unreadable'
            WHEN length(f.yours) > f.longest THEN 'too_long'
            WHEN f.yours ~ %(formula)s THEN 'formula'
            WHEN f.yours = '' AND f.field IN {_NEEDED} THEN 'needed'
            ELSE '' END AS reason
  FROM sheet_yours y
  JOIN sheet_base b ON b.token = y.token
  LEFT JOIN orders_order o ON o.number = b.number
        AND (%(shops)s::bigint[] IS NULL OR o.shop_id = ANY(%(shops)s))
  LEFT JOIN LATERAL (SELECT {_THEIRS}) t ON true
  LEFT JOIN LATERAL (
        SELECT y.note <> '' AND EXISTS (
                 SELECT 1 FROM orders_ordernote w
                  WHERE w.order_id = o.id AND w.text = y.note AND w.at >= %(issued)s) AS is_there
       ) n ON true
 CROSS JOIN LATERAL (VALUES {", ".join(_cell(key) for key in MERGED)}, {_NOTE})
       AS f(field, base, theirs, yours, moved, same, longest)
 WHERE ({_tuple("y", MERGED)} <> {_tuple("b", MERGED)} OR y.note <> '') AND f.yours <> f.base
       ) c
 ORDER BY c.row
"""
_LOCKED = """
INSERT INTO sheets_sheetcell (run_id, row, order_id, number, field, base, theirs, yours, reason,
                              outcome, message, changed_by, changed_by_person)
SELECT %(run)s, y.row, o.id, b.number, '', '', '', '', 'locked', 'refused', '', '', false
  FROM sheet_yours y JOIN sheet_base b ON b.token = y.token
  LEFT JOIN orders_order o ON o.number = b.number
        AND (%(shops)s::bigint[] IS NULL OR o.shop_id = ANY(%(shops)s))
 WHERE y.mark <> b.mark
"""
# Who put there what stands on the order now: the last event that touched the field.
_WHO = """
UPDATE sheets_sheetcell c
   SET changed_by = w.actor_label, changed_by_person = w.actor_kind = 'person', changed_at = w.at
  FROM (SELECT k.id, e.actor_label, e.actor_kind, e.at
          FROM sheets_sheetcell k
         CROSS JOIN LATERAL (
               SELECT e.actor_label, e.actor_kind, e.at FROM core_event e
                WHERE e.stream = 'order:' || k.order_id AND e.subject_kind = 'order'
                  AND (e.changes ?| CASE WHEN k.field = ANY(%(address)s) THEN %(address)s
                                         ELSE ARRAY[k.field] END
                       OR (k.field = 'state' AND e.to_state = k.theirs))
                ORDER BY e.sequence DESC LIMIT 1) e
         WHERE k.run_id = %(run)s AND k.outcome = 'conflict') w
 WHERE w.id = c.id
"""


def compare(run: SheetRun, head: Head, *, actor: Actor, rows: int) -> Compared:
    """Store what became of every changed cell of the staged workbook, in place of earlier ones.

    Nothing of an order is changed. Orders of other people's shops are not found.
    """
    parameters: dict[str, Any] = {
        "run": run.pk,
        "shops": None if actor.shops is None else sorted(actor.shops),
        "masked": head.is_masked or not run.sees_receiver,
        "unreadable": UNREADABLE,
        "formula": FORMULA_LIKE,
        "issued": head.issued_at,
    }
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sheets_sheetcell WHERE run_id = %s", [run.pk])
        cursor.execute(_COMPARE, parameters)
        changed = cursor.rowcount
        cursor.execute(_LOCKED, parameters)
    tell_who(run.pk)
    return Compared(rows, rows * len(MERGED) - changed)


def tell_who(run_id: int) -> None:
    """Every conflict of the run names who made it one, and when."""
    with connection.cursor() as cursor:
        cursor.execute(_WHO, {"run": run_id, "address": list(ADDRESS)})
