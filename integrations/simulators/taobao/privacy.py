"""Decrypting receivers: clear names and virtual numbers for those who print labels."""

import json
from typing import Any

from ..clock import format_time
from .errors import call_limited, invalid_argument
from .platform import DAY_SECONDS, Call, Members, seconds_to_midnight

MAX_QUERIES = 20
SCENES = frozenset({"1001", "1002", "1003", "1004", "1005", "1006", "2001"})
VIRTUAL_NUMBER_DAYS = 30


def oaid_decrypt(call: Call) -> Members:
    """``taobao.top.oaid.decrypt``: up to 20 receivers; ``matched`` false when the address changed.

    The daily quota is counted per shop; which error real quotas give is not published, so the
    documented one for a limited API is used, with the seconds until midnight.
    """
    queries = _read_queries(call.need("query_list"))
    _use_quota(call, len(queries))
    return {"receiver_list": {"receiver": [_decrypt(call, query) for query in queries]}}


def _read_queries(text: str) -> list[dict[str, str]]:
    try:
        queries = json.loads(text)
    except ValueError:
        raise invalid_argument("query_list") from None
    if not isinstance(queries, list) or not 1 <= len(queries) <= MAX_QUERIES:
        raise invalid_argument("query_list")
    for query in queries:
        if not isinstance(query, dict):
            raise invalid_argument("query_list")
        if not query.get("oaid") or not str(query.get("tid", "")).isdigit():
            raise invalid_argument("query_list")
        if str(query.get("scene")) not in SCENES:
            raise invalid_argument("scene")
    return queries


def _use_quota(call: Call, wanted: int) -> None:
    limit = call.platform.limits.decrypts_per_day
    key = (call.shop.key, call.platform.clock.text()[:10])
    used = call.platform.store.decrypts_today.get(key, 0)
    if limit and used + wanted > limit:
        raise call_limited(seconds_to_midnight(call.platform.clock))
    call.platform.store.decrypts_today[key] = used + wanted


def _decrypt(call: Call, query: dict[str, str]) -> dict[str, Any]:
    trade = call.shop.get(int(query["tid"]))
    if trade is None or trade.receiver.oaid_in(call.shop.key) != query["oaid"]:
        return {"oaid": query["oaid"], "tid": str(query["tid"]), "matched": False}
    receiver = trade.receiver
    expires = call.platform.clock.epoch() + VIRTUAL_NUMBER_DAYS * DAY_SECONDS
    return {
        "oaid": query["oaid"],
        "tid": str(query["tid"]),
        "name": receiver.name,
        "mobile": receiver.virtual_mobile(),
        "phone": "",
        "country": "中国",
        "state": receiver.state,
        "city": receiver.city,
        "district": receiver.district,
        "town": receiver.town,
        "address_detail": receiver.detail,
        "matched": True,
        "privacy_protection": True,
        "secret_no_expire_time": format_time(expires),
    }
