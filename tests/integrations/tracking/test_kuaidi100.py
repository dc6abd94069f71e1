"""Signatures, codes and traces of Kuaidi100."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from integrations.channels.base import Answer
from integrations.inbound import Unreadable
from integrations.tracking.kuaidi100 import adapter
from integrations.tracking.kuaidi100.codes import STATES, state_of
from integrations.tracking.kuaidi100.signing import is_push_genuine, push_sign, query_sign
from integrations.tracking.kuaidi100.traces import read_answer, read_push
from ordercenter.core import moments
from ordercenter.core.moments import SHANGHAI

SAMPLES = Path(__file__).parents[1] / "samples"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=SHANGHAI)


def sample(name: str) -> dict:
    return json.loads((SAMPLES / "kuaidi100" / f"{name}.json").read_text("utf-8"))


def vector(system: str) -> dict:
    rows = json.loads((SAMPLES / "signing_vectors.json").read_text("utf-8"))
    return next(row for row in rows["kuaidi100"] if row["name"] == system)


@pytest.fixture(autouse=True)
def the_day_after():
    with moments.pretend(NOW):
        yield


def test_a_query_is_signed_as_documented():
    known = vector("kuaidi100_query")

    sign = query_sign(known["params"]["param"], **known["secret"])

    assert sign == known["signature"] == sample("query")["request"]["form"]["sign"]


def test_a_push_is_signed_as_documented():
    known = vector("kuaidi100_push")
    param = known["params"]["param"]

    assert push_sign(param, salt=known["secret"]) == known["signature"]
    assert is_push_genuine(param, known["signature"], salt=known["secret"])


@pytest.mark.parametrize("sign", ["", "x", "ff1f1edf550c553d8f95d81f5885e521", "订单"])
def test_any_other_signature_is_not_ours(sign):
    known = vector("kuaidi100_push")

    assert not is_push_genuine(known["params"]["param"], sign, salt=known["secret"])


def test_one_blank_more_breaks_the_signature():
    known = vector("kuaidi100_push")
    param = known["params"]["param"]

    assert not is_push_genuine(param + " ", known["signature"], salt=known["secret"])


def test_the_query_that_is_sent_is_the_recorded_one():
    sent: list[httpx.Request] = []
    service = adapter.Kuaidi100("http://x", key="OcKuaidiKey1", customer="OCCUSTOMER0001")

    def keep(path, form):
        sent.append((path, form))
        return httpx.Response(200, json=sample("query")["response_ok"])

    service._post = keep
    asked = service.query("zhongtong", "75500000000001", phone="0001")

    assert sent == [("/poll/query.do", sample("query")["request"]["form"])]
    assert asked.verdict.answer == Answer.OK


def test_the_subscription_that_is_sent_is_the_recorded_one():
    sent: list[httpx.Request] = []
    service = adapter.Kuaidi100("http://x", key="OcKuaidiKey1", customer="OCCUSTOMER0001")

    def keep(path, form):
        sent.append((path, form))
        return httpx.Response(200, json=sample("subscribe")["response_duplicate"])

    service._post = keep
    verdict = service.subscribe(
        "zhongtong",
        "75500000000001",
        callback_url="https://oc.example.cn/cb/kuaidi100/8f2c",
        salt="oc_salt",
        phone="0001",
    )

    ((path, form),) = sent
    expected = sample("subscribe")["request"]["form"]
    assert (path, form["schema"]) == ("/poll", "json")
    assert json.loads(form["param"]) == json.loads(expected["param"])
    assert verdict.answer == Answer.DUPLICATE


@pytest.mark.parametrize(
    ("code", "subscribed", "asked"),
    [
        ("200", Answer.OK, Answer.OK),
        ("501", Answer.DUPLICATE, Answer.RETRY_LATER),
        ("500", Answer.RETRY_LATER, Answer.RETRY_LATER),
        ("502", Answer.RETRY_LATER, Answer.RETRY_LATER),
        ("503", Answer.REFUSED, Answer.AUTH),
        ("504", Answer.REFUSED, Answer.RETRY_LATER),
        ("408", Answer.REFUSED, Answer.REFUSED),
        ("600", Answer.AUTH, Answer.REFUSED),
        ("601", Answer.AUTH, Answer.AUTH),
        ("700", Answer.REFUSED, Answer.REFUSED),
        ("999", Answer.REFUSED, Answer.REFUSED),
    ],
)
def test_the_code_decides_never_the_http_status(code, subscribed, asked):
    for status in (200, 500):
        service = adapter.Kuaidi100("http://x", key="k", customer="c")
        answer = httpx.Response(status, json={"result": False, "returnCode": code})
        service._post = lambda path, form, answer=answer: answer

        assert service.subscribe("sf", "1", callback_url="u", salt="s").answer == subscribed
        assert service.query("sf", "1").verdict.answer == asked


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"[]", b'"200"', b"{}"])
def test_what_is_no_answer_leaves_the_outcome_open(body):
    service = adapter.Kuaidi100("http://x", key="k", customer="c")
    service._post = lambda path, form: httpx.Response(200, content=body)

    assert service.query("sf", "1").verdict.answer == Answer.UNKNOWN_OUTCOME
    assert service.subscribe("sf", "1", callback_url="u", salt="s").answer == Answer.UNKNOWN_OUTCOME


def test_every_documented_code_has_one_word_of_ours():
    assert len(STATES) == 36
    assert (state_of("103"), state_of("14"), state_of("501"), state_of("6")) == (
        "collected",
        "exception",
        "awaiting_pickup",
        "returning",
    )
    assert state_of("9999") is None


def test_reads_the_recorded_push():
    push = read_push(sample("push_callback")["request"]["form"]["param"])

    (point,) = push.trace
    assert (push.status, push.number, push.corrected_company) == ("polling", "75500000000001", "")
    assert (point.state, point.text, point.code) == ("collected", "【苏州市】已揽收", "103")
    assert point.at == datetime(2026, 11, 22, 12, 0, tzinfo=SHANGHAI)


def test_reads_the_recorded_answer_with_its_places():
    number, trace = read_answer(json.dumps(sample("query")["response_ok"]))

    assert number == "75500000000001"
    assert [(p.state, p.place) for p in trace] == [
        ("in_transit", "江苏,苏州市"),
        ("collected", "江苏,苏州市,吴中区"),
    ]


def test_reads_the_recorded_abort():
    push = read_push(json.dumps(sample("push_callback")["abort_param"]))

    assert (push.status, push.message, push.trace) == ("abort", "3天查询无记录", ())


def test_without_fine_codes_the_state_speaks_for_the_newest_line_only():
    answer = sample("query")["response_ok"] | {"state": "3"}
    for row in answer["data"]:
        del row["statusCode"]

    _number, trace = read_answer(json.dumps(answer))

    assert [point.state for point in trace] == ["delivered", None]


def spoiled(**changes: object) -> str:
    param = json.loads(sample("push_callback")["request"]["form"]["param"])
    line = param["lastResult"]["data"][0]
    for name, value in changes.items():
        (line if name in ("ftime", "context", "statusCode") else param["lastResult"])[name] = value
    return json.dumps(param)


@pytest.mark.parametrize(
    "param",
    [
        "",
        "x",
        "[]",
        "{}",
        "[" * 100_000,
        '{"status": "polling", "lastResult": []}',
        '{"status": "new word", "lastResult": {"data": []}}',
        spoiled(data="none"),
        spoiled(data=[1]),
        spoiled(data=[{}] * 501),
        spoiled(nu=["75500000000001"]),
        spoiled(ftime="yesterday"),
        spoiled(ftime="9999-12-31 23:59:59"),
        spoiled(ftime="0001-01-01 00:00:00"),
        spoiled(ftime=f"{NOW + timedelta(days=2):%Y-%m-%d %H:%M:%S}"),
        spoiled(statusCode={"a": 1}),
    ],
)
def test_what_can_not_be_read_is_refused_whole(param):
    with pytest.raises(Unreadable):
        read_push(param)


def test_an_unknown_code_is_kept_and_not_guessed():
    push = read_push(spoiled(statusCode="9999"))

    assert (push.trace[0].state, push.trace[0].code) == (None, "9999")


def test_a_text_that_the_database_can_not_hold_is_mended():
    assert "\x00" not in read_push(spoiled(context="已\x00揽收")).trace[0].text
