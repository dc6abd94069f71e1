"""The group robot over real sockets: HTTP 200 always, the truth is in errcode."""

import pytest

from .conftest import Wire, sample, shop_time

KEY = "ocoooooo-0000-4000-8000-000000000000"
RECORDED = sample("wecom/robot_send.json")


def _send(wire: Wire, body, key: str = KEY):
    return wire.post_json(f"/cgi-bin/webhook/send?key={key}", body)


def _text(content: str):
    return {"msgtype": "text", "text": {"content": content}}


def test_recorded_messages_are_accepted_and_listed(simulator, wire):
    assert _send(wire, RECORDED["request"]["body"]) == RECORDED["response_ok"]
    assert _send(wire, RECORDED["text_with_mention"]) == RECORDED["response_ok"]

    messages = simulator.messages()

    assert [message["msgtype"] for message in messages] == ["markdown", "text"]
    assert messages[1]["text"] == "订单 OC202611220001 超时未打包"
    assert messages[1]["body"]["text"]["mentioned_list"] == ["zhangsan"]


@pytest.mark.parametrize("key", ["", "wrong", KEY.upper()])
def test_bad_key(simulator, wire, key):
    assert _send(wire, _text("x"), key) == RECORDED["response_bad_key"]
    assert simulator.messages() == []


def test_a_key_can_be_added(simulator, wire):
    simulator.post("wecom/keys", key="team-2")

    assert _send(wire, _text("x"), "team-2")["errcode"] == 0
    assert [m["key"] for m in simulator.get("wecom/messages", key="team-2")["messages"]] == [
        "team-2"
    ]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (_text("字" * 682 + "ab"), 0),
        (_text("字" * 682 + "abc"), 40058),
        ({"msgtype": "markdown", "markdown": {"content": "字" * 1365 + "a"}}, 0),
        ({"msgtype": "markdown", "markdown": {"content": "字" * 1365 + "ab"}}, 40058),
        (_text(""), 40058),
        ({"msgtype": "text"}, 40058),
        ({"msgtype": "text", "text": "x"}, 40058),
        ({"msgtype": "text", "text": {"content": 1}}, 40058),
        ({"msgtype": "text", "text": {"content": "x", "mentioned_list": "all"}}, 40058),
        ({"msgtype": "sms", "sms": {"content": "x"}}, 40058),
        ({"text": {"content": "x"}}, 40058),
        ([], 40058),
        ({"msgtype": "news", "news": {"articles": []}}, 0),
        ({"msgtype": "news"}, 40058),
    ],
)
def test_lengths_are_bytes_and_shapes_are_checked(simulator, wire, body, errcode):
    assert _send(wire, body)["errcode"] == errcode
    assert len(simulator.messages()) == (errcode == 0)


def test_twenty_a_minute_for_each_robot(simulator, wire):
    answers = [_send(wire, _text(str(n))) for n in range(21)]

    assert [answer["errcode"] for answer in answers] == [0] * 20 + [45009]
    assert answers[20] == RECORDED["response_limited"]
    assert _send(wire, _text("x"), KEY[:-1] + "1")["errcode"] == 0
    simulator.post("clock", now=shop_time(seconds=61))
    assert _send(wire, _text("x"))["errcode"] == 0


def test_refused_messages_do_not_use_up_the_minute(wire):
    for _ in range(25):
        _send(wire, _text(""))

    assert _send(wire, _text("x"))["errcode"] == 0


def test_busy_on_demand(simulator, wire):
    simulator.fault("wecom", "error", errcode=-1, errmsg="system busy")

    assert _send(wire, _text("x")) == {"errcode": -1, "errmsg": "system busy"}
    assert _send(wire, _text("x"))["errcode"] == 0
