"""The recorded trades and refunds, with their times moved close to now."""

import re
from typing import Any

from ..clock import format_time, parse_time
from ..files import load
from .documents import PRIVATE_FIELDS, Document
from .receivers import Receiver
from .store import Store

SAMPLE_SHOP = "demo1"
NEWEST_MODIFIED = "2026-11-10 09:58:03"
SECONDS_BEFORE_NOW = 120

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def shift_since(now: float) -> float:
    """Seconds to add to recorded times so that the newest lies two minutes before ``now``."""
    return now - SECONDS_BEFORE_NOW - parse_time(NEWEST_MODIFIED)


def shifted(value: Any, seconds: float) -> Any:
    """The same JSON with every time text (and refund_version, in ms) moved by ``seconds``."""
    if isinstance(value, dict):
        moved = {key: shifted(inner, seconds) for key, inner in value.items()}
        if "refund_version" in moved:
            moved["refund_version"] += int(seconds) * 1000
        return moved
    if isinstance(value, list):
        return [shifted(inner, seconds) for inner in value]
    if isinstance(value, str) and _TIME.fullmatch(value):
        return format_time(parse_time(value) + int(seconds))
    return value


def add_samples(store: Store, *, shift: float) -> None:
    """Put the recorded trades and refunds into the first shop; ``shift`` 0 keeps their times."""
    shop = store.shop(SAMPLE_SHOP)
    receivers = load("taobao/receivers.json")
    for document in shifted(_sample_documents(), shift):
        receiver = Receiver(**receivers[str(document["tid"])])
        for name, value in receiver.masked_fields(SAMPLE_SHOP).items():
            document.setdefault(name, value)
        shop.put(document, receiver)
    refunds = load("taobao/refunds_receive_get.response.json")
    store.refunds[SAMPLE_SHOP] = shifted(
        refunds["refunds_receive_get_response"]["refunds"]["refund"], shift
    )


def _sample_documents() -> list[Document]:
    """The rows of the recorded list; the one with a recorded detail has all its members."""
    answer = load("taobao/trades_sold_increment_get.response.json")
    rows: list[Document] = answer["trades_sold_increment_get_response"]["trades"]["trade"]
    detail = load("taobao/trade_fullinfo_get.response.json")["trade_fullinfo_get_response"]["trade"]
    for row in rows:
        if row["tid"] == detail["tid"]:
            row |= {name: detail[name] for name in PRIVATE_FIELDS if name in detail}
        else:
            row |= {"buyer_message": "", "seller_memo": ""}
    return rows
