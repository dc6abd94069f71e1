"""Refund orders as a shop receives them."""

from .documents import Document, read_selection
from .errors import invalid_argument
from .lifecycle import REFUND_STATUSES
from .platform import Call, Members
from .trades import DEFAULT_PAGE_SIZE, MAX_PAGE_NO, MAX_PAGE_SIZE, read_window


def receive_get(call: Call) -> Members:
    """``taobao.refunds.receive.get``: refunds by modified time, oldest first as recorded."""
    names = read_selection(call.need("fields")).names
    page_no = call.number("page_no", 1, 1, MAX_PAGE_NO)
    page_size = call.number("page_size", DEFAULT_PAGE_SIZE, 1, MAX_PAGE_SIZE)
    rows = list(call.platform.store.refunds.get(call.shop.key, []))
    if call.args.get("start_modified") or call.args.get("end_modified"):
        start, end = read_window(call)
        rows = [row for row in rows if start <= row["modified"] <= end]
    if status := call.args.get("status", ""):
        if status not in REFUND_STATUSES:
            raise invalid_argument("status")
        rows = [row for row in rows if row["status"] == status]
    rows.sort(key=lambda row: (str(row["modified"]), str(row["refund_id"])))
    page = rows[(page_no - 1) * page_size : page_no * page_size]
    members: Document = (
        {"has_next": page_no * page_size < len(rows)}
        if call.flag("use_has_next")
        else {"total_results": len(rows)}
    )
    if page:
        chosen = [{name: row[name] for name in row if name in names} for row in page]
        members["refunds"] = {"refund": chosen}
    return members
