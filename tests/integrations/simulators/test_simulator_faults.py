"""Faults on demand: each shows on the wire, and the state tells whether the work was done."""

import json
import threading
import time
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest

from integrations.simulators.testing import ControlError

from .conftest import shop_time

SEND = "taobao.logistics.offline.send"
GET = "taobao.trade.fullinfo.get"
TEA = "4100000000000000101"
SHIP = {"tid": TEA, "out_sid": "YT00000001", "company_code": "YTO"}
FORM = "application/x-www-form-urlencoded"


def _raw(top, method, **args):
    form = top.form(method, **args)
    body = "&".join(f"{name}={value}" for name, value in form.items()).replace(" ", "+")
    return top.send("POST", "/router/rest", body.encode(), FORM)


def test_a_time_out_after_the_write_leaves_the_write(simulator, top):
    simulator.fault("taobao", "timeout_after_write", method=SEND, seconds=0.1)

    with pytest.raises(RemoteDisconnected):
        _raw(top, SEND, **SHIP)

    assert top.detail(TEA)["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert len(simulator.shipments()) == 1


def test_a_time_out_before_the_work_leaves_nothing(simulator, top):
    simulator.fault("taobao", "timeout", method=SEND, seconds=0.1)

    with pytest.raises(RemoteDisconnected):
        _raw(top, SEND, **SHIP)

    assert top.detail(TEA)["status"] == "WAIT_SELLER_SEND_GOODS"


def test_a_held_answer_does_not_hold_other_connections(simulator, top):
    simulator.fault("taobao", "slow", method=SEND, seconds=0.5)
    started = time.monotonic()
    form = top.form(SEND, **SHIP)

    answers = []
    thread = threading.Thread(
        target=lambda: answers.append((top.post_form("/router/rest", form), time.monotonic()))
    )
    thread.start()
    while not simulator.shipments():
        time.sleep(0.01)
    during = time.monotonic()
    thread.join()

    assert answers[0][0]["logistics_offline_send_response"]["shipping"]["is_success"] is True
    assert during < answers[0][1]
    assert answers[0][1] - started >= 0.5


def test_bad_gateway_is_html_and_does_nothing(simulator, top):
    simulator.fault("taobao", "http_502", method=SEND)

    status, content_type, body = _raw(top, SEND, **SHIP)

    assert (status, content_type) == (502, "text/html;charset=UTF-8")
    assert b"Bad Gateway" in body
    assert simulator.shipments() == []


def test_a_truncated_answer_is_whole_http_and_no_json(simulator, top):
    simulator.fault("taobao", "truncated", method=GET)

    status, _, body = _raw(top, GET, tid=TEA, fields="tid,status,payment")

    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_cut_answer_is_shorter_than_announced(simulator, top):
    simulator.fault("taobao", "cut", method=GET)

    with pytest.raises(IncompleteRead):
        _raw(top, GET, tid=TEA, fields="tid,status,payment")


def test_call_limits_name_their_seconds(simulator, top):
    simulator.fault("taobao", "limited", seconds=7, count=2)

    first, second = top.call(GET, tid=TEA, fields="tid"), top.call(GET, tid=TEA, fields="tid")

    assert first["error_response"]["sub_msg"] == "This ban will last for 7 more seconds"
    assert second["error_response"]["code"] == 7
    assert top.ask(GET, tid=TEA, fields="tid")


def test_a_remote_failure_may_hide_work_that_was_done(simulator, top):
    simulator.fault("taobao", "isp", method=SEND, done=True)

    assert top.refusal(SEND, **SHIP)["sub_code"] == "isp.top-remote-connection-timeout"

    assert top.detail(TEA)["status"] == "WAIT_BUYER_CONFIRM_GOODS"


def test_any_error_can_be_given(simulator, top):
    simulator.fault(
        "taobao", "error", code=50, msg="Remote service error", sub_code="isp.x", sub_msg="忙"
    )

    error = top.refusal(GET, tid=TEA, fields="tid")

    assert (error["code"], error["sub_code"], error["sub_msg"]) == (50, "isp.x", "忙")


def test_a_fault_of_one_method_spares_the_others(simulator, top):
    simulator.fault("taobao", "isp", method=SEND)

    assert top.ask(GET, tid=TEA, fields="tid")
    assert top.refusal(SEND, **SHIP)["sub_code"] == "isp.top-remote-connection-timeout"


def test_probability_hits_some_calls_and_the_same_ones_again(simulator, top):
    def hits() -> list[bool]:
        simulator.clear_faults()
        simulator.fault("taobao", "isp", probability=0.5)
        return ["error_response" in top.call(GET, tid=TEA, fields="tid") for _ in range(20)]

    first, second = hits(), hits()

    assert 3 < sum(first) < 17
    assert first == second


def test_faults_are_listed_with_how_often_they_fired(simulator, top):
    simulator.fault("taobao", "isp", count=3)
    top.call(GET, tid=TEA, fields="tid")

    fault = simulator.get("faults")["faults"][0]

    assert (fault["count"], fault["fired"]) == (2, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"system": "jd", "kind": "http_502"},
        {"system": "taobao", "kind": "explode"},
        {"system": "wecom", "kind": "row_moved"},
        {"system": "taobao", "kind": "spoil", "how": "nicely"},
        {"kind": "http_502"},
        {"system": "taobao", "kind": "isp", "count": 0},
        {"system": "taobao", "kind": "isp", "probability": 20},
    ],
)
def test_a_fault_that_would_do_nothing_is_refused(simulator, body):
    with pytest.raises(ControlError):
        simulator.post("faults", **body)

    assert simulator.get("faults")["faults"] == []


def test_transport_faults_exist_for_every_system(simulator, wire):
    for system, path in (
        ("kuaidi100", "/poll"),
        ("wecom", "/cgi-bin/webhook/send?key=ocoooooo-0000-4000-8000-000000000000"),
    ):
        simulator.fault(system, "timeout", seconds=0.05)
        with pytest.raises(HTTPException):
            wire.send("POST", path, b"{}", FORM)


def test_a_message_may_be_accepted_and_lost(simulator, wire):
    simulator.fault("wecom", "lost")
    body = {"msgtype": "text", "text": {"content": "你好"}}

    path = "/cgi-bin/webhook/send?key=ocoooooo-0000-4000-8000-000000000000"
    assert wire.post_json(path, body)["errcode"] == 0

    assert [message["shown"] for message in simulator.messages()] == [False]


def test_the_clock_can_be_moved(simulator, top):
    simulator.post("clock", now="2026-01-01 08:00:00")

    assert top.refusal(GET, tid=TEA, fields="tid", timestamp=shop_time())["code"] == 31
    assert top.ask(GET, tid=TEA, fields="tid", timestamp="2026-01-01 08:00:01")
