"""Reading trades: the increment list and the detail call."""

from collections.abc import Callable

from ..clock import parse_time
from ..wire import to_json
from .documents import Document, Selection, read_selection, select
from .errors import invalid_argument
from .lifecycle import STATUSES
from .platform import DAY_SECONDS, LIST_FAULTS, SPOIL_FAULT, SYSTEM, Call, Members
from .spoiling import KINDS, Spoil, read_spoil
from .store import Trade

OLDEST_DAYS = 92
DEFAULT_PAGE_SIZE = 40
MAX_PAGE_SIZE = 100
MAX_PAGE_NO = 1_000_000
BRIEF_FIELDS = frozenset({"tid", "status", "modified"})


def sold_increment_get(call: Call) -> Members:
    """``taobao.trades.sold.increment.get``: rows by modified time, newest first.

    With ``use_has_next`` there is no total, without it no has_next; an empty list has no key.
    """
    selection = read_selection(call.need("fields"))
    start, end = read_window(call)
    page_no = call.number("page_no", 1, 1, MAX_PAGE_NO)
    page_size = call.number("page_size", DEFAULT_PAGE_SIZE, 1, MAX_PAGE_SIZE)
    use_has_next = call.flag("use_has_next")
    window = call.shop.window(start, end, call.platform.clock.epoch(), _status_filter(call))
    trades = [call.shop.get(tid) for tid in window.page(page_no, page_size)]
    rows = [_row(trade, selection) for trade in trades if trade is not None]
    rows = _with_list_faults(call, [t for t in trades if t is not None], rows, selection)
    if use_has_next:
        more = b"true" if page_no * page_size < len(window) else b"false"
        head = b'"has_next":' + more
    else:
        head = b'"total_results":%d' % len(window)
    if not rows:
        return head
    return head + b',"trades":{"trade":[' + b",".join(rows) + b"]}"


def fullinfo_get(call: Call) -> Members:
    """``taobao.trade.fullinfo.get``: one trade with its masked receiver.

    The oaid comes only if the fields around it are asked for and ``include_oaid`` is sent.
    """
    selection = read_selection(call.need("fields"))
    trade = call.trade()
    oaid = selection.may_see_oaid and call.args.get("include_oaid") == "include_oaid"
    spoil = _spoil_for(call, trade, detail=True)
    if selection.whole and oaid and trade.as_stored and spoil is None:
        return b'"trade":{' + trade.public + b"," + trade.private + b"}"
    document = _spoiled(trade.document(), spoil)
    return b'"trade":' + to_json(select(document, selection, detail=True, oaid=oaid))


def read_window(call: Call) -> tuple[str, str]:
    """``start_modified`` and ``end_modified``: at most a day, at most three months back."""
    bounds = {}
    for name in ("start_modified", "end_modified"):
        try:
            bounds[name] = parse_time(call.need(name))
        except ValueError:
            raise invalid_argument(name) from None
    start, end = bounds["start_modified"], bounds["end_modified"]
    if not 0 <= end - start <= DAY_SECONDS:
        raise invalid_argument("end_modified")
    if start < call.platform.clock.epoch() - OLDEST_DAYS * DAY_SECONDS:
        raise invalid_argument("start_modified")
    return call.args["start_modified"], call.args["end_modified"]


def _status_filter(call: Call) -> Callable[[Trade], bool] | None:
    status = call.args.get("status", "")
    if not status:
        return None
    if status not in STATUSES:
        raise invalid_argument("status")
    return lambda trade: trade.status == status


def _row(trade: Trade, selection: Selection, spoil: Spoil | None = None) -> bytes:
    if spoil is None and trade.spoil is not None and trade.spoil.shows_in(detail=False):
        spoil = trade.spoil
    if spoil is None and selection.names <= BRIEF_FIELDS and not selection.line_names:
        return to_json(select(_brief(trade), selection, detail=False, oaid=False))
    if selection.whole_public and trade.as_stored and spoil is None:
        return b"{" + trade.public + b"}"
    document = _spoiled(trade.document(), spoil)
    return to_json(select(document, selection, detail=False, oaid=False))


def _brief(trade: Trade) -> Document:
    """What is known without parsing; callers that only look for changes ask for no more."""
    return {
        "tid": trade.tid,
        "tid_str": str(trade.tid),
        "status": trade.status,
        "modified": trade.modified,
    }


def _spoiled(document: Document, spoil: Spoil | None) -> Document:
    if spoil is not None:
        KINDS[spoil.kind](document)
    return document


def _spoil_for(call: Call, trade: Trade, *, detail: bool) -> Spoil | None:
    """How this answer is malformed: by the trade's own spoil, or by a fault of this call."""
    if trade.spoil is not None and trade.spoil.shows_in(detail=detail):
        return trade.spoil
    faults = call.platform.faults
    fault = faults.take(SYSTEM, call.method, SPOIL_FAULT) if faults else None
    return read_spoil(str(fault.options.get("how"))) if fault else None


def _with_list_faults(
    call: Call, trades: list[Trade], rows: list[bytes], selection: Selection
) -> list[bytes]:
    """What can go wrong with a page that has rows: doubled, malformed, moved or late ones."""
    faults = call.platform.faults
    if not faults or not trades:
        return rows
    if spoil := faults.take(SYSTEM, call.method, SPOIL_FAULT):
        rows = [_row(trades[0], selection, read_spoil(str(spoil.options.get("how")))), *rows[1:]]
    fault = faults.take(SYSTEM, call.method, LIST_FAULTS)
    if fault is None:
        return rows
    first = trades[0]
    if fault.kind == "duplicate_row":
        return [*rows, rows[0]]
    if fault.kind == "late_row":
        until = call.platform.clock.epoch() + float(fault.options.get("seconds", 60))
        call.shop.hold_back(first.tid, until)
        return rows[1:]
    # row_moved: the page is answered, then its newest row changes and leaves its place.
    call.shop.edit(first.tid, lambda document: None, call.platform.clock.text())
    return rows
