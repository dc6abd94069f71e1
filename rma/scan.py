"""What the receiving page shows: who waits for goods, one return's card, what was counted."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import OrderNote
from rma.actions import Arrived, compare_arrival
from rma.actions.common import lines_of
from rma.actions.receive import Comparison
from rma.models import Return, ReturnLine, ReturnState
from rma.models.returns import BEFORE_ARRIVAL

MOST_PER_AREA = 60
# Until it is received, what was scanned is kept in the person's session.
_KEY = "returns-counted"
_RECEIVABLE = (*BEFORE_ARRIVAL, ReturnState.RECEIVED)


@dataclass(frozen=True, slots=True)
class Area:
    """Returns that wait for the same step."""

    key: str
    title: str | Promise
    returns: Sequence[Return]


def areas() -> list[Area]:
    """The returns that are on their way, expected, or wait on the table; the oldest first."""
    places: list[tuple[str, str | Promise, ReturnState]] = [
        ("table", _("To be inspected"), ReturnState.RECEIVED),
        ("coming", _("On their way"), ReturnState.ON_THE_WAY),
        ("agreed", _("Agreed, not posted yet"), ReturnState.AUTHORISED),
    ]
    return [Area(key, title, list(_waiting(state))) for key, title, state in places]


def _waiting(state: ReturnState) -> Any:
    return (
        Return.objects.filter(state=state, kind__in=["return", "exchange"])
        .select_related("order")
        .order_by("state_since")[:MOST_PER_AREA]
    )


def find(code: str) -> list[Return]:
    """Returns with this RMA, tracking or order number, or waiting under this phone tail."""
    wanted = "".join(code.split()).upper()
    if not wanted:
        return []
    known = Return.objects.select_related("order")
    if len(wanted) == 4 and wanted.isdigit():
        rows = known.filter(order__receiver_phone_tail=wanted, state__in=_RECEIVABLE)
    else:
        rows = known.filter(Q(number=wanted) | Q(tracking_number=wanted) | Q(order__number=wanted))
    return list(rows.order_by("-pk")[:20])


@dataclass(frozen=True, slots=True)
class Row:
    """One return line with what lies on the table now."""

    line: ReturnLine
    counted: int

    @property
    def is_done(self) -> bool:
        return self.line.received + self.counted >= self.line.authorised


@dataclass(frozen=True, slots=True)
class Card:
    """One return as the receiver sees it."""

    rma: Return
    rows: Sequence[Row]
    comparison: Comparison
    notes: Sequence[OrderNote]
    seen: int

    @property
    def is_open(self) -> bool:
        """True while goods can be counted."""
        return self.rma.state in _RECEIVABLE

    @property
    def has_counted(self) -> bool:
        return any(row.counted for row in self.rows) or self.comparison.is_loud

    @property
    def loud(self) -> list[str]:
        """What does not fit, in words."""
        return [f["says"] for f in self.comparison.findings if f["kind"] != "missing"]


def card_of(rma: Return, arrived: Sequence[Arrived]) -> Card:
    """The return with what was counted held against it."""
    comparison = compare_arrival(rma, arrived)
    return Card(
        rma=rma,
        rows=[Row(line, comparison.counts[line.pk]) for line in lines_of(rma)],
        comparison=comparison,
        notes=list(rma.order.notes.all()[:10]),
        seen=rma.version,
    )


def counted(session: MutableMapping[str, Any], rma: Return) -> list[Arrived]:
    """What this person has scanned of the return and not received yet."""
    rows = session.get(_KEY, {}).get(str(rma.pk), [])
    return [Arrived(code, quantity, batch) for code, quantity, batch in rows]


def count(session: MutableMapping[str, Any], rma: Return, item: Arrived) -> None:
    """One more piece lies on the table."""
    rows = {(one.code, one.batch): one.quantity for one in counted(session, rma)}
    rows[item.code, item.batch] = rows.get((item.code, item.batch), 0) + item.quantity
    table = dict(session.get(_KEY, {}))
    table[str(rma.pk)] = [[code, quantity, batch] for (code, batch), quantity in rows.items()]
    session[_KEY] = table


def clear(session: MutableMapping[str, Any], rma: Return) -> None:
    """The table is empty again."""
    table = dict(session.get(_KEY, {}))
    table.pop(str(rma.pk), None)
    session[_KEY] = table
