"""Pushes as Kuaidi100 makes them, and as forgers do."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from integrations.models import TrackingSubscription
from integrations.tracking.kuaidi100.signing import push_sign
from ordercenter.core import moments

CODES = ("103", "0", "5", "301")
WORDS = {
    "103": "已揽收",
    "0": "已发出",
    "5": "派送中",
    "301": "已签收，签收人：本人",
    "201": "联系不上",
}


def line(code: str, at: datetime, text: str = "") -> dict[str, str]:
    clock = f"{at.astimezone(moments.SHANGHAI):%Y-%m-%d %H:%M:%S}"
    words = text or WORDS[code]
    return {"context": words, "time": clock, "ftime": clock, "statusCode": code, "areaName": "苏州"}


def trace(*codes: str) -> list[dict[str, str]]:
    """A trace of an hour between two lines that ended an hour ago, newest first."""
    start = moments.now() - timedelta(hours=len(codes))
    lines = [line(code, start + timedelta(hours=n)) for n, code in enumerate(codes)]
    return lines[::-1]


def push(
    subscription: TrackingSubscription, rows: list[Any], *, status: str = "polling", **changes: Any
) -> str:
    """The `param` of a push."""
    result = {"nu": subscription.number, "com": subscription.company, "status": "200", "data": rows}
    body = {"status": status, "message": "", "autoCheck": "0", "comNew": "", "lastResult": result}
    return json.dumps({**body, **changes}, ensure_ascii=False)


def form(param: str, sign: str) -> str:
    return urlencode({"param": param, "sign": sign})


def signed(subscription: TrackingSubscription, param: str) -> str:
    """The body of a genuine push."""
    return form(param, push_sign(param, salt=subscription.salt))
