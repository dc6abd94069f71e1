"""Orders into a workbook that people work in, with its signed base beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import zip_longest
from operator import itemgetter
from typing import IO

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ordercenter.core.workbooks.writing import WorkbookWriter
from orders.masking import mask_name, mask_phone, mask_street
from orders.models import Order, OrderState, Urgency
from orders.plain import SEPARATOR
from orders.sheets.columns import (
    BASE_SHEET,
    COLUMNS,
    ENTRIES,
    LISTS_SHEET,
    LOCKED,
    MERGED,
    MOST_ROWS,
    RECEIVER,
    words_of,
)
from orders.sheets.errors import TooManyOrders
from orders.sheets.signing import Signer, fingerprint

# Another one for every change of what `_base` holds or how it is signed.
FORMAT = 2
# Orders read by one statement, between two words of progress.
AT_ONCE = 10_000
# COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html
_TRUE = "t"
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
Progress = Callable[[int], None]

_READ = [column for column in COLUMNS if column.sql]
_PLACE = {column.key: place for place, column in enumerate(_READ)}
_COPY = f"""
COPY (SELECT o.version::text, o.receiver_is_masked, {", ".join(column.sql for column in _READ)}
  FROM orders_order o JOIN orders_shop s ON s.id = o.shop_id
 WHERE o.id = ANY(%s) ORDER BY o.id DESC) TO STDOUT
"""
_MASKS = {
    _PLACE["receiver_name"]: mask_name,
    _PLACE["receiver_phone"]: mask_phone,
    _PLACE["receiver_street"]: mask_street,
}
_locked_of = itemgetter(*(_PLACE[key] for key in LOCKED))
_base_of = itemgetter(*(_PLACE[key] for key in MERGED))


def chosen_ids(orders: QuerySet[Order]) -> list[int]:
    """The orders, newest first. Raises `TooManyOrders`."""
    ids = list(orders.order_by("-pk").values_list("pk", flat=True)[: MOST_ROWS + 1])
    if len(ids) > MOST_ROWS:
        raise TooManyOrders(MOST_ROWS)
    return ids


def write_orders(
    sink: IO[bytes],
    ids: Sequence[int],
    *,
    run_id: int,
    issued_at: datetime,
    sees_receiver: bool,
    progress: Progress = lambda rows: None,
) -> int:
    """Write these orders into `sink` as a workbook; how many they were.

    Receivers carry stars, and can't be edited, for who may not see them.
    """
    book = WorkbookWriter(sink)
    fields = [
        column.as_field(
            is_open=(column.merged or column.entry)
            and (sees_receiver or column.key not in RECEIVER)
        )
        for column in COLUMNS
    ]
    main = book.first_sheet(_("Orders"), fields, is_protected=True)
    lists = book.sheet_beside(LISTS_SHEET, width=2, is_hidden=True)
    base = book.sheet_beside(BASE_SHEET, width=2, is_hidden=True)
    for pair in zip_longest(OrderState.labels, Urgency.labels, fillvalue=""):
        lists.add([str(word) for word in pair])
    signer = Signer(run_id)
    head = json.dumps(
        {
            "format": FORMAT,
            "run": run_id,
            "issued": issued_at.isoformat(),
            "masked": not sees_receiver,
            "rows": len(ids),
            "titles": {column.key: str(column.title) for column in COLUMNS},
        },
        ensure_ascii=False,
    )
    base.add([head, signer.head(head)])
    states, urgencies = words_of(OrderState.choices), words_of(Urgency.choices)
    state, urgency, number = _PLACE["state"], _PLACE["urgency"], _PLACE["number"]
    for start in range(0, len(ids), AT_ONCE):
        for version, is_masked, *values in read_orders(ids[start : start + AT_ONCE]):
            if not sees_receiver and is_masked != _TRUE:
                for place, mask in _MASKS.items():
                    values[place] = mask(values[place])
            mark = fingerprint(_locked_of(values))
            saw = SEPARATOR.join((values[number], version, mark, *_base_of(values)))
            token = signer.row(saw)
            values[state] = states[values[state]]
            values[urgency] = urgencies[values[urgency]]
            values.append(token)
            main.add(values)
            base.add((token, saw))
        progress(main.rows - 1)
    book.close()
    return main.rows - 1


def read_orders(ids: Sequence[int]) -> Iterator[list[str]]:
    """Version, masked by the channel, then the exported columns, of these orders as texts.

    COPY streams: the database finds the next rows while these are written. Until the last one
    was read the connection serves nothing else.
    """
    with connection.cursor() as cursor, cursor.copy(_COPY, [list(ids)]) as copy:
        for data in copy:
            row = bytes(data).decode().removesuffix("\n")
            values = row.split("\t")
            yield [_without_escapes(text) for text in values] if "\\" in row else values


def _without_escapes(text: str) -> str:
    """The text before COPY escaped it. Done here, for psycopg's own rows cost twice as much."""
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


assert not set(ENTRIES) & set(_PLACE), "what is only entered has no value to export"
