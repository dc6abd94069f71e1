"""What Kingdee's answers mean. HTTP 200 says nothing; the envelope does (execution.md 3.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx

from integrations.channels.base import Answer, Care, Verdict

# MsgCode decides. What is not here was refused: no right, a wrong field, a failed check.
_CODES = {
    1: Answer.AUTH,
    4: Answer.UNKNOWN_OUTCOME,
    6: Answer.UNKNOWN_OUTCOME,
    13: Answer.RETRY_LATER,
    14: Answer.RETRY_LATER,
    15: Answer.AUTH,
}
# The only places where text decides: codes alone do not tell these apart.
DUPLICATE_TEXT = "已经存在"
SESSION_TEXTS = ("会话信息已丢失", "未登录", "ctx == null")
PLAIN_ERROR = "response_error:"


def read(response: httpx.Response) -> Any:
    """The body with amounts as `Decimal`; None when it is no JSON."""
    try:
        return json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return None


def classify(response: httpx.Response, body: Any) -> Verdict:
    """The judgement of an answer. Rows of a query are `OK`, an error among them is not."""
    text = response.text[:300]
    if response.status_code == 401 or (body is None and _is_session_lost(text)):
        return Verdict(Answer.AUTH, Care.REAUTH, code=f"http_{response.status_code}", text=text)
    if body is None and text.startswith(PLAIN_ERROR):
        return _doubtful("response_error", text.removeprefix(PLAIN_ERROR))
    if response.status_code != 200:
        return _doubtful(f"http_{response.status_code}", "")
    if isinstance(body, list):
        status = _error_in(body)
        return Verdict(Answer.OK) if status is None else judge(status)
    status = status_of(body)
    if status is None:
        return _doubtful("no_status", "")
    return judge(status)


def judge(status: Mapping[str, Any]) -> Verdict:
    """The judgement of a `ResponseStatus`."""
    if status.get("IsSuccess") is True:
        return Verdict(Answer.OK, code="0")
    code = status.get("MsgCode")
    text = _text(status)
    name = str(code) if isinstance(code, int) else "no_code"
    if _is_session_lost(text):
        return Verdict(Answer.AUTH, Care.REAUTH, name, text)
    if DUPLICATE_TEXT in text:
        return Verdict(Answer.DUPLICATE, code=name, text=text)
    known = _CODES.get(code, Answer.REFUSED) if isinstance(code, int) else Answer.UNKNOWN_OUTCOME
    return Verdict(known, code=name, text=text)


def status_of(body: Any) -> Mapping[str, Any] | None:
    """The `ResponseStatus` of an envelope, None where there is none."""
    result = body.get("Result") if isinstance(body, dict) else None
    status = result.get("ResponseStatus") if isinstance(result, dict) else None
    return status if isinstance(status, dict) else None


def _error_in(rows: list[Any]) -> Mapping[str, Any] | None:
    """A query's error comes as a list in a list."""
    first = rows[0] if rows else None
    inner = first[0] if isinstance(first, list) and first else first
    return status_of(inner)


def _text(status: Mapping[str, Any]) -> str:
    errors = status.get("Errors")
    parts = [str(e.get("Message", "")) for e in errors or () if isinstance(e, dict)]
    return "；".join(part for part in parts if part)[:300]


def _is_session_lost(text: str) -> bool:
    return any(mark in text for mark in SESSION_TEXTS)


def _doubtful(code: str, text: str) -> Verdict:
    return Verdict(Answer.UNKNOWN_OUTCOME, code=code, text=text[:300])
