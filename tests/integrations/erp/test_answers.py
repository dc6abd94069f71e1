"""What Kingdee's answers mean, held against the samples."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.channels.base import Answer
from integrations.erp.kingdee.answers import classify, read

SAMPLES = Path(__file__).parents[1] / "samples" / "kingdee"


def sample(file: str, name: str) -> Any:
    return json.loads((SAMPLES / f"{file}.json").read_text("utf-8"))[name]


def judged(body: Any, status: int = 200) -> tuple[Answer, str]:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    response = httpx.Response(status, content=content)
    verdict = classify(response, read(response))
    return verdict.answer, verdict.code


@pytest.mark.parametrize(
    ("file", "name", "answer", "code"),
    [
        ("save_sale_order", "response_ok", Answer.OK, "0"),
        ("save_sale_order", "response_duplicate", Answer.DUPLICATE, "11"),
        ("save_sale_order", "response_session_lost", Answer.AUTH, "1"),
        ("submit_audit", "response_ok", Answer.OK, "0"),
        ("submit_audit", "response_network_control", Answer.RETRY_LATER, "13"),
        ("execute_bill_query", "response_ok", Answer.OK, ""),
        ("execute_bill_query", "response_empty", Answer.OK, ""),
        ("execute_bill_query", "response_error", Answer.REFUSED, "9"),
    ],
)
def test_samples_are_judged(file, name, answer, code):
    assert judged(sample(file, name)) == (answer, code)


def envelope(code: object, message: str = "x") -> dict[str, Any]:
    errors = [{"FieldName": None, "Message": message, "DIndex": 0}]
    status = {"IsSuccess": False, "MsgCode": code, "Errors": errors}
    return {"Result": {"ResponseStatus": status}}


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (1, Answer.AUTH),
        (2, Answer.REFUSED),
        (4, Answer.UNKNOWN_OUTCOME),
        (6, Answer.UNKNOWN_OUTCOME),
        (9, Answer.REFUSED),
        (12, Answer.REFUSED),
        (13, Answer.RETRY_LATER),
        (14, Answer.RETRY_LATER),
        (15, Answer.AUTH),
        (None, Answer.UNKNOWN_OUTCOME),
    ],
)
def test_the_code_decides(code, answer):
    assert judged(envelope(code))[0] is answer


@pytest.mark.parametrize("text", ["会话信息已丢失，请重新登录", "未登录", "ctx == null"])
def test_a_lost_session_is_told_by_its_text(text):
    assert judged(envelope(4, text))[0] is Answer.AUTH


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        (b"response_error:busy", 200, Answer.UNKNOWN_OUTCOME),
        (b"<html>502</html>", 502, Answer.UNKNOWN_OUTCOME),
        (b"{", 200, Answer.UNKNOWN_OUTCOME),
        (b"{}", 200, Answer.UNKNOWN_OUTCOME),
        (b"", 401, Answer.AUTH),
    ],
)
def test_what_is_no_envelope_tells_nothing(body, status, answer):
    assert judged(body, status)[0] is answer


def test_amounts_are_read_as_written():
    response = httpx.Response(200, content=b'[[1,"N","C","2026-11-22T00:00:00",0.1]]')

    assert str(read(response)[0][4]) == "0.1"
