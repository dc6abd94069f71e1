"""Writing what happened. One statement makes the events and a delivery for each listener."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from ordercenter.core import moments, outbox
from ordercenter.core.actor import Actor
from ordercenter.core.context import request_id


class Subject(Protocol):
    """Whatever can have a place on the timeline."""

    pk: Any

    @property
    def KIND(self) -> str: ...

    @property
    def stream(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to be written; `sequence` only where the stream is known to be new."""

    stream: str
    subject_kind: str
    subject_id: int
    kind: str
    from_state: str = ""
    to_state: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    sequence: int | None = None


# The caller holds the lock of each stream's root row, so max() + 1 is safe; the unique
# constraint (stream, sequence) is the last line.
_INSERT = """
WITH written AS (
  INSERT INTO core_event (stream, sequence, subject_kind, subject_id, kind, from_state, to_state,
      data, changes, actor_kind, actor_id, actor_label, door, ip, device, request_id, at)
  SELECT i.stream,
         coalesce(i.sequence,
           (SELECT coalesce(max(e.sequence), 0) FROM core_event e WHERE e.stream = i.stream)
           + row_number() OVER (PARTITION BY i.stream ORDER BY i.n)),
         i.subject_kind, i.subject_id, i.kind, i.from_state, i.to_state, i.data, i.changes,
         %s, %s::bigint, %s, %s, %s::inet, %s, %s, %s
  FROM unnest(%s::text[], %s::int[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[],
              %s::jsonb[], %s::jsonb[])
       WITH ORDINALITY AS i(stream, sequence, subject_kind, subject_id, kind, from_state,
                            to_state, data, changes, n)
  RETURNING id, stream, kind
)
INSERT INTO core_delivery
       (event_id, handler, lane, stream, state, attempts, last_error)
SELECT w.id, h.handler, h.lane, w.stream, 'pending', 0, ''
  FROM written w
  JOIN unnest(%s::text[], %s::text[], %s::text[]) AS h(kind, handler, lane) ON h.kind = w.kind
 ORDER BY w.id
"""


def record(
    subject: Subject,
    kind: str,
    *,
    actor: Actor,
    from_state: str = "",
    to_state: str = "",
    data: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Put one event on the subject's timeline and into the outbox, in this transaction.

    `changes` maps a field to its [before, after]. The caller holds the lock of the stream's
    root row.
    """
    entry = Entry(
        stream=subject.stream,
        subject_kind=subject.KIND,
        subject_id=subject.pk,
        kind=kind,
        from_state=from_state,
        to_state=to_state,
        data=data or {},
        changes=changes or {},
    )
    record_all([entry], actor=actor)


def record_all(entries: Sequence[Entry], *, actor: Actor) -> None:
    """Put many events on their timelines, in the given order, with one statement."""
    if not entries:
        return
    listeners = outbox.listeners({entry.kind for entry in entries})
    who = actor.as_columns()
    parameters: list[Any] = [
        who["actor_kind"],
        who["actor_id"],
        who["actor_label"],
        who["door"],
        who["ip"],
        who["device"],
        request_id.get(),
        moments.now(),
        [entry.stream for entry in entries],
        [entry.sequence for entry in entries],
        [entry.subject_kind for entry in entries],
        [entry.subject_id for entry in entries],
        [entry.kind for entry in entries],
        [entry.from_state for entry in entries],
        [entry.to_state for entry in entries],
        [_dump(entry.data) for entry in entries],
        [_dump(entry.changes) for entry in entries],
        [kind for kind, _ in listeners],
        [handler.name for _, handler in listeners],
        [handler.lane for _, handler in listeners],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The fields that differ, as {name: [before, after]}; for the `changes` of an event."""
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value
    }


def snapshot(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    """The row's values of these fields, for `changed()`."""
    return {name: getattr(row, name) for name in fields}


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False) if value else "{}"
