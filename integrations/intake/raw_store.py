"""Keeping messages word for word before anything is read (A3), many with one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from integrations.channels.base import Listed, Message
from integrations.intake import statements
from integrations.models import RawMessage, RawState
from ordercenter.core import moments


@dataclass(frozen=True, slots=True)
class Raw:
    """A stored message that waits to be read. `document` is its parsed body, if at hand."""

    id: int
    number: str
    modified_at: datetime | None
    body: str
    document: Any = None


# A message that is there already is not stored again; the constraint decides, not a look before.
_STORE = """
INSERT INTO integrations_rawmessage (shop_id, api, external_number, channel_modified_at, sha256,
    body, received_at, state, problem, detail)
SELECT %b, m.api, m.number, m.modified, m.sha, m.body, %b, m.state, m.problem, m.detail
  FROM unnest(%b::text[], %b::text[], %b::timestamptz[], %b::text[], %b::text[], %b::text[],
              %b::text[], %b::text[])
       AS m(api, number, modified, sha, body, state, problem, detail)
ON CONFLICT ON CONSTRAINT raw_once DO NOTHING
RETURNING id, api, external_number, sha256
"""
_KNOWN = """
SELECT external_number, channel_modified_at FROM integrations_rawmessage
 WHERE shop_id = %s AND api = %s AND external_number = ANY(%s)
"""
_LONGEST_NUMBER = 64
_LONGEST_DETAIL = 500


def store(shop_id: int, messages: Sequence[Message]) -> list[Raw]:
    """Keep the messages; those that were not there before and wait to be read, in their order.

    A message that came with a problem is in quarantine at once.
    """
    if not messages:
        return []
    states = [RawState.QUARANTINED if m.problem else RawState.NEW for m in messages]
    parameters = [
        shop_id,
        moments.now(),
        [m.api for m in messages],
        [_number(m) for m in messages],
        [m.modified_at for m in messages],
        [m.sha256 for m in messages],
        [m.body for m in messages],
        [str(state) for state in states],
        [str(m.problem) for m in messages],
        [m.detail[:_LONGEST_DETAIL] for m in messages],
    ]
    ids = {(api, number, mark): pk for pk, api, number, mark in statements.run(_STORE, parameters)}
    raws: list[Raw] = []
    for message in messages:
        pk = ids.pop((message.api, _number(message), message.sha256), None)
        if pk is not None and not message.problem:
            raws.append(
                Raw(pk, message.number, message.modified_at, message.body, message.document)
            )
    return raws


def _number(message: Message) -> str:
    return message.number[:_LONGEST_NUMBER]


def unknown(shop_id: int, api: str, listed: Iterable[Listed]) -> list[Listed]:
    """What of the list is not stored yet, each (number, moment) once, the oldest change first."""
    wanted = {(item.number, item.modified_at): item for item in listed}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [shop_id, api, sorted({number for number, _ in wanted})])
        for key in cursor.fetchall():
            wanted.pop(key, None)
    return sorted(wanted.values(), key=lambda item: (item.modified_at, item.number))


def waiting(shop_id: int, api: str, size: int) -> Iterator[list[Raw]]:
    """Everything stored that was not read yet, in batches, the oldest change first."""
    ids = list(
        RawMessage.objects.filter(shop=shop_id, api=api, state=RawState.NEW)
        .order_by("channel_modified_at", "id")
        .values_list("pk", flat=True)
    )
    for start in range(0, len(ids), size):
        yield load(ids[start : start + size])


def load(ids: Sequence[int]) -> list[Raw]:
    """These messages, the oldest change first."""
    rows = RawMessage.objects.filter(pk__in=ids).order_by("channel_modified_at", "id")
    columns = ("pk", "external_number", "channel_modified_at", "body")
    return [Raw(*row) for row in rows.values_list(*columns)]
