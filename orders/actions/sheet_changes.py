"""Plain fields of many orders at once, each merged with what others did meanwhile (J2).

What `set_memo` and `set_urgency` do for one order, for a batch: the same rules, the same events,
the same version for each change, by four statements whatever the size of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from django.db import connection, transaction

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.merge import FieldMerge, Outcome, merge_field
from ordercenter.core.timeline import Entry, record_all
from orders.actions.memo import check_memo
from orders.models import Order, Urgency
from orders.plain import plain

# Each plain field with the event that its own action records.
PLAIN_FIELDS = {"seller_memo": "order.memo_set", "urgency": "order.urgency_set"}


@dataclass(frozen=True, slots=True)
class PlainChange:
    """One field of one order: what the writer saw, and what they want."""

    order_id: int
    field: str
    base: str
    yours: str


@dataclass(frozen=True, slots=True)
class _Row:
    version: int
    values: dict[str, str]


# Locked by id: two batches over the same orders queue up, never deadlock.
_LOCK = """
SELECT id, version, seller_memo, urgency FROM orders_order
 WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""
_WRITE = """
UPDATE orders_order o
   SET seller_memo = w.seller_memo, urgency = w.urgency, version = o.version + w.bumps
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[]) AS w(id, seller_memo, urgency, bumps)
 WHERE o.id = w.id
"""


@transaction.atomic
def apply_sheet_changes(changes: Sequence[PlainChange], *, actor: Actor) -> list[FieldMerge]:
    """What became of each change, in the given order.

    Applied ones are written, on the timeline and in the order's version; a conflict leaves the
    order as it is. A change of an order that is not there is a conflict with nothing. Raises
    `BadInput` for a value that no order can hold; then nothing was written.
    """
    actor.require("orders.note_order")
    _check(changes)
    rows = _lock(sorted({change.order_id for change in changes}))
    merges = [_merge(change, rows.get(change.order_id)) for change in changes]
    applied = [
        (change.order_id, merge)
        for change, merge in zip(changes, merges, strict=True)
        if merge.outcome is Outcome.APPLIED
    ]
    wanted = sorted(applied, key=itemgetter(0))
    _write(rows, wanted)
    record_all(list(_entries(rows, wanted)), actor=actor)
    return merges


def _check(changes: Sequence[PlainChange]) -> None:
    for change in changes:
        if change.field == "seller_memo":
            check_memo(change.yours)
        elif change.field != "urgency" or change.yours not in Urgency.values:
            raise BadInput(fields={change.field: [change.yours]})


def _lock(ids: list[int]) -> dict[int, _Row]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [ids])
        return {
            pk: _Row(version, {"seller_memo": memo, "urgency": urgency})
            for pk, version, memo, urgency in cursor.fetchall()
        }


def _merge(change: PlainChange, row: _Row | None) -> FieldMerge:
    theirs = None if row is None else plain(row.values[change.field])
    if theirs is None:
        return FieldMerge(change.field, change.base, "", change.yours, Outcome.CONFLICT)
    return merge_field(change.field, change.base, theirs, change.yours)


def _by_order(
    wanted: list[tuple[int, FieldMerge]],
) -> Iterator[tuple[int, list[FieldMerge]]]:
    for order_id, pairs in groupby(wanted, key=itemgetter(0)):
        yield order_id, [merge for _id, merge in pairs]


def _write(rows: dict[int, _Row], wanted: list[tuple[int, FieldMerge]]) -> None:
    if not wanted:
        return
    ids, memos, urgencies, bumps = [], [], [], []
    for order_id, merges in _by_order(wanted):
        values = rows[order_id].values | {merge.name: merge.yours for merge in merges}
        ids.append(order_id)
        memos.append(values["seller_memo"])
        urgencies.append(values["urgency"])
        bumps.append(len(merges))
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [ids, memos, urgencies, bumps])


def _entries(rows: dict[int, _Row], wanted: list[tuple[int, FieldMerge]]) -> Iterator[Entry]:
    for order_id, merges in _by_order(wanted):
        before = rows[order_id].values
        for merge in merges:
            yield Entry(
                stream=f"{Order.KIND}:{order_id}",
                subject_kind=Order.KIND,
                subject_id=order_id,
                kind=PLAIN_FIELDS[merge.name],
                changes={merge.name: [before[merge.name], merge.yours]},
            )
