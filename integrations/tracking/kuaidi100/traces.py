"""Reading what Kuaidi100 tells, by push and by query. What can't be read is refused whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from integrations.inbound import Unreadable
from integrations.tracking.kuaidi100.codes import state_of
from ordercenter.core import moments
from orders.fulfilment.actions.track import Trace

MOST_LINES = 500
# A line from the future would stand before everything that really comes later.
CLOCKS_DIFFER = timedelta(hours=24)
OLDEST = datetime(2015, 1, 1, tzinfo=moments.SHANGHAI)


@dataclass(frozen=True, slots=True)
class Push:
    """A push that was read. `status` is polling, shutdown, abort or updateall."""

    status: str
    message: str
    number: str
    corrected_company: str
    trace: tuple[Trace, ...]


def read_push(param: str) -> Push:
    """The push in our words. Raises `Unreadable`."""
    body = _object(param)
    result = body.get("lastResult")
    if not isinstance(result, dict):
        raise Unreadable(_("lastResult is missing"))
    status = _text(body, "status")
    if status not in ("polling", "shutdown", "abort", "updateall"):
        raise Unreadable(_("unknown status %(status)r") % {"status": status[:40]})
    corrected = _text(body, "comNew") if _text(body, "autoCheck") == "1" else ""
    return Push(
        status=status,
        message=_text(body, "message")[:200],
        number=_text(result, "nu"),
        corrected_company=corrected[:40],
        trace=read_trace(result),
    )


def read_answer(text: str) -> tuple[str, tuple[Trace, ...]]:
    """The number and trace of a query's answer. Raises `Unreadable`."""
    body = _object(text)
    return _text(body, "nu"), read_trace(body)


def read_trace(result: Mapping[str, Any]) -> tuple[Trace, ...]:
    """The lines of a trace in the order they came (newest first). Raises `Unreadable`.

    Accounts without fine codes get lines without code; then `state` speaks for the newest line.
    """
    rows = result.get("data")
    if not isinstance(rows, list) or len(rows) > MOST_LINES:
        raise Unreadable(_("data is no list of lines"))
    whole = _text(result, "state")
    return tuple(_line(row, whole if place == 0 else "") for place, row in enumerate(rows))


def _line(row: Any, otherwise: str) -> Trace:
    if not isinstance(row, dict):
        raise Unreadable(_("a line is no object"))
    code = _text(row, "statusCode") or otherwise
    return Trace(
        at=_moment(_text(row, "ftime") or _text(row, "time")),
        state=state_of(code),
        text=_text(row, "context"),
        place=_text(row, "areaName") or _text(row, "location"),
        code=code,
    )


def _moment(text: str) -> datetime:
    """Shanghai time without an offset, as Kuaidi100 writes it."""
    try:
        at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=moments.SHANGHAI)
    except ValueError as error:
        raise Unreadable(_("no time of a line: %(text)r") % {"text": text[:40]}) from error
    if not OLDEST <= at <= moments.now() + CLOCKS_DIFFER:
        raise Unreadable(_("impossible time of a line: %(text)s") % {"text": text})
    return at


def _object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("no JSON")) from error
    if not isinstance(body, dict):
        raise Unreadable(_("no JSON object"))
    return body


def _text(row: Mapping[str, Any], name: str) -> str:
    """A member as text; numbers occur where texts are documented. NUL can't be stored."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, (str, int)):
        raise Unreadable(_("%(name)s is no text") % {"name": name})
    return str(value).replace("\x00", "").strip()
