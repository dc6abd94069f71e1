"""Orders and shipments of Taobao and Tmall shops (channels.md 1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.channels.base import (
    Answer,
    Care,
    ChannelAdapter,
    ChannelTrouble,
    Listed,
    Message,
    Page,
    Parcel,
    TooManyRows,
    UnreadableAnswer,
    Verdict,
    Window,
    sha256,
)
from integrations.channels.taobao.client import Reply, Settings, TopClient
from integrations.channels.taobao.mapping import MAPPING
from integrations.models import Problem
from ordercenter.core.moments import SHANGHAI

LIST_API = "taobao.trades.sold.increment.get"
DETAIL_API = "taobao.trade.fullinfo.get"
SHIP_API = "taobao.logistics.offline.send"

LIST_FIELDS = "tid,modified"
# The oaid only comes when the receiver's masked fields are asked for with it.
DETAIL_FIELDS = (
    "tid,status,type,payment,post_fee,total_fee,discount_fee,adjust_fee,received_payment,created,"
    "pay_time,modified,consign_time,end_time,buyer_nick,buyer_open_uid,seller_flag,"
    "has_buyer_message,step_trade_status,shipping_type,orders,seller_memo,buyer_message,"
    "receiver_name,receiver_state,receiver_city,receiver_district,receiver_town,receiver_address,"
    "receiver_zip,receiver_mobile,receiver_phone,oaid,promotion_details"
)
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
_PAGE_SIZE = 50
# More pages than this are not paged through; the window is halved.
_MOST_PAGES = 50
# How often a window is read again because rows came into it while it was read.
_READINGS = 3
_REQUEST_ID = re.compile(r'"request_id":"[^"]*"')


class TaobaoAdapter(ChannelAdapter):
    """A seller's shop, seen through one app and one session."""

    key = "taobao"
    label = _("Taobao / Tmall")
    mapping = MAPPING
    default_base_url = "https://gw.api.taobao.com"
    detail_api = DETAIL_API
    longest_window = timedelta(minutes=30)
    safety_lag = timedelta(minutes=1)
    furthest_back = timedelta(days=90)

    def __init__(
        self, base_url: str, credentials: Mapping[str, str], options: Mapping[str, Any]
    ) -> None:
        super().__init__(base_url, credentials, options)
        self._page_size = int(options.get("page_size", _PAGE_SIZE))
        self._client = TopClient(
            Settings(
                url=f"{self.base_url.rstrip('/')}/router/rest",
                app_key=self.credential("app_key"),
                app_secret=self.credential("app_secret"),
                session=self.credential("session"),
                **{name: options[name] for name in _CLIENT_OPTIONS if name in options},
            )
        )

    def close(self) -> None:
        self._client.close()

    def changes(self, window: Window) -> Iterator[Page]:
        """The last page first: an order that changes meanwhile leaves its place and moves rows

        towards page 1, that is, towards what is still to be read. Page 1 is read again at the
        end; when rows have come into the window since, all of it is.
        """
        for _reading in range(_READINGS):
            first, total = self._page(window, 1, with_total=True)
            if total <= self._page_size:
                yield first
                return
            pages = -(-total // self._page_size)
            if pages > _MOST_PAGES and window.length > timedelta(seconds=1):
                raise TooManyRows
            for number in range(pages, 1, -1):
                yield self._page(window, number)[0]
            again, total_now = self._page(window, 1, with_total=True)
            yield again
            if total_now <= total:
                return

    def fetch(self, listed: Listed) -> Message:
        try:
            reply = self._client.ask(
                DETAIL_API,
                fields=DETAIL_FIELDS,
                tid=listed.number,
                include_oaid="include_oaid",
            )
        except UnreadableAnswer as trouble:
            return _no_good(listed, trouble.body, Problem.MALFORMED, str(trouble))
        except ChannelTrouble as trouble:
            if trouble.verdict.care is not Care.PERSON:
                raise
            return _no_good(listed, str(trouble), Problem.NOT_FETCHED, str(trouble))
        return Message(
            api=DETAIL_API,
            number=listed.number,
            modified_at=_modified_at(reply, listed),
            body=reply.body,
            sha256=_mark(reply.body),
            document={"trade_fullinfo_get_response": reply.members},
        )

    def ship(self, parcel: Parcel) -> Verdict:
        arguments = {
            "tid": parcel.number,
            "out_sid": parcel.waybill,
            "company_code": parcel.company,
        }
        if parcel.lines:
            arguments |= {"is_split": "1", "sub_tid": ",".join(parcel.lines)}
        reply = self._client.call(SHIP_API, **arguments)
        if reply.verdict.answer is Answer.OK and not _was_shipped(reply):
            return Verdict(Answer.REFUSED, Care.PERSON, "is_success", reply.body[:300])
        return reply.verdict

    def waybills(self, number: str) -> dict[str, str]:
        reply = self._client.ask(DETAIL_API, fields="tid,status,orders", tid=number)
        found: dict[str, str] = {}
        for line in _rows(reply.members.get("trade", {}), "orders", "order"):
            if isinstance(line, dict) and (line.get("invoice_no") or line.get("consign_time")):
                found[str(line.get("oid"))] = str(line.get("invoice_no") or "")
        return found

    def _page(self, window: Window, number: int, *, with_total: bool = False) -> tuple[Page, int]:
        """One page, newest rows first, and the number of all rows where it was asked for.

        Without a total the platform is about 80 % faster. Raises `UnreadableAnswer`.
        """
        reply = self._client.ask(
            LIST_API,
            fields=LIST_FIELDS,
            start_modified=_time_text(window.start),
            end_modified=_time_text(window.end),
            page_no=str(number),
            page_size=str(self._page_size),
            use_has_next="false" if with_total else "true",
        )
        try:
            rows = _rows(reply.members, "trades", "trade")
            total = int(reply.members["total_results"]) if with_total else 0
        except (KeyError, TypeError, ValueError) as error:
            verdict = Verdict(Answer.UNKNOWN_OUTCOME, Care.RETRY, "unreadable", repr(error))
            raise UnreadableAnswer(verdict, reply.body) from error
        return _read_rows(rows), total


_CLIENT_OPTIONS = ("sign_method", "calls_per_second", "concurrency", "timeout")


def _rows(members: Any, outer: str, inner: str) -> list[Any]:
    """A wrapped list; an empty one has no key at all. Raises `TypeError` for anything else."""
    if outer not in members:
        return []
    rows = members[outer].get(inner, []) if isinstance(members[outer], dict) else None
    if not isinstance(rows, list):
        raise TypeError(f"{outer}.{inner} is no list")
    return rows


def _read_rows(rows: list[Any]) -> Page:
    listed: list[Listed] = []
    strays: list[Message] = []
    for row in rows:
        try:
            listed.append(_read_row(row))
        except (KeyError, TypeError, ValueError) as error:
            strays.append(_stray(row, error))
    return Page(listed, strays)


def _read_row(row: Any) -> Listed:
    number = row["tid"]
    if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
        raise ValueError(f"tid: {number!r}")
    return Listed(str(number), read_time(row["modified"]))


def read_time(text: str) -> datetime:
    """`yyyy-MM-dd HH:mm:ss` in Shanghai. Raises `ValueError` for any other form."""
    if len(text) != len("yyyy-MM-dd HH:mm:ss") or text[10] != " ":
        raise ValueError(f"modified: {text!r}")
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def _time_text(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime(_TIME_FORMAT)


def _stray(row: Any, error: Exception) -> Message:
    """A row of a list that names no order: kept for a person, as nothing can be asked about it."""
    body = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    problem = Problem.FIELD_MISSING if isinstance(error, KeyError) else Problem.WRONG_FORM
    return Message(LIST_API, "", None, body, sha256(body), problem, str(error)[:500])


def _no_good(listed: Listed, body: str, problem: Problem, detail: str) -> Message:
    return Message(
        DETAIL_API, listed.number, listed.modified_at, body, _mark(body), problem, detail[:500]
    )


def _mark(body: str) -> str:
    """The hash of an answer without its request number, which differs each time."""
    return hashlib.sha256(_REQUEST_ID.sub("", body).encode()).hexdigest()


def _modified_at(reply: Reply, listed: Listed) -> datetime:
    """When the trade had changed last: it may have changed again since it was listed."""
    trade = reply.members.get("trade")
    try:
        return read_time(trade["modified"])
    except (KeyError, TypeError, ValueError):
        # The mapping says later what is wrong with it.
        return listed.modified_at


def _was_shipped(reply: Reply) -> bool:
    shipping = reply.members.get("shipping")
    return isinstance(shipping, dict) and shipping.get("is_success") is True
