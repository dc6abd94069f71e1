"""Kuaidi100 over real sockets: queries, subscriptions, pushes until the exact answer."""

import hashlib
import json
import time

import pytest

from integrations.simulators.testing import running_simulator

from .conftest import Wire, listening, sample, shop_time

KEY, CUSTOMER, SALT = "OcKuaidiKey1", "OCCUSTOMER0001", "oc_salt"
NUMBER = "75500000000001"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest().upper()


def _query(wire: Wire, sign: str = "", customer: str = CUSTOMER, **changes: str):
    param = {
        "com": "zhongtong",
        "num": NUMBER,
        "phone": "0001",
        "resultv2": "4",
        "show": "0",
        "order": "desc",
    }
    text = json.dumps(param | changes, separators=(",", ":"))
    form = {"customer": customer, "sign": sign or _md5(text + KEY + CUSTOMER), "param": text}
    return wire.post_form("/poll/query.do", form)


def _subscribe(wire: Wire, url: str, *, company: str = "zhongtong", number: str = NUMBER, **more):
    parameters = {"callbackurl": url, "salt": SALT, "resultv2": "4", "phone": "0001"} | more
    param = {"company": company, "number": number, "key": KEY, "parameters": parameters}
    return wire.post_form("/poll", {"schema": "json", "param": json.dumps(param)})


def test_recorded_query_is_accepted_with_its_signature(simulator, wire):
    simulator.advance(NUMBER, "collected", company="zhongtong", at="2026-11-22 12:00:00")
    simulator.advance(NUMBER, "in_transit", at="2026-11-22 18:30:00")
    recorded = sample("kuaidi100/query.json")

    answer = wire.post_form("/poll/query.do", recorded["request"]["form"])

    expected = recorded["response_ok"]
    assert sorted(answer) == sorted(expected)
    for name in ("message", "nu", "ischeck", "com", "status", "state", "condition"):
        assert answer[name] == expected[name]
    assert [sorted(line) for line in answer["data"]] == [sorted(line) for line in expected["data"]]
    assert [line["statusCode"] for line in answer["data"]] == ["0", "103"]


def test_coarse_answer_without_resultv2(simulator, wire):
    simulator.advance(NUMBER, "collected", company="zhongtong")

    answer = _query(wire, resultv2="")

    assert answer["state"] == "1"
    assert sorted(answer["data"][0]) == ["context", "ftime", "time"]


def test_order_can_be_oldest_first(simulator, wire):
    simulator.advance(NUMBER, "collected", company="zhongtong", at="2026-11-22 12:00:00")
    simulator.advance(NUMBER, "in_transit", at="2026-11-22 18:30:00")

    assert [line["statusCode"] for line in _query(wire, order="asc")["data"]] == ["103", "0"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": "0" * 32}, "503"),
        ({"customer": "NOBODY"}, "400"),
        ({"com": "nobody"}, "400"),
        ({"num": ""}, "400"),
        ({"num": "1" * 40}, "400"),
        ({"phone": ""}, "408"),
        ({"phone": "12"}, "408"),
        ({"phone": "9999"}, "408"),
        ({"com": "yuantong"}, "500"),
    ],
)
def test_query_rules(simulator, wire, changes, code):
    simulator.advance(NUMBER, "collected", company="zhongtong", phone="13900000001")

    assert _query(wire, **changes)["returnCode"] == code


def test_a_wrong_signature_is_counted(simulator, wire):
    _query(wire, sign="0" * 32)

    assert simulator.counters()["bad_signatures"] == {"kuaidi100": 1}


def test_unknown_number_has_no_result_yet(wire):
    answer = _query(wire)

    assert answer == sample("kuaidi100/query.json")["response_errors"][0]


def test_one_number_at_most_every_half_hour(simulator, wire):
    simulator.advance(NUMBER, "collected", company="zhongtong")
    assert _query(wire)["status"] == "200"

    assert _query(wire)["returnCode"] == "504"
    simulator.post("clock", now=shop_time(minutes=31))
    assert _query(wire)["status"] == "200"
    simulator.post("settings", query_gap_seconds=0)
    assert _query(wire)["status"] == "200"


def test_subscribing_twice_is_501(wire, subscriber):
    recorded = sample("kuaidi100/subscribe.json")

    first, second = _subscribe(wire, subscriber.url), _subscribe(wire, subscriber.url)

    assert first == recorded["response_ok"]
    assert second == recorded["response_duplicate"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"company": "nobody"}, "700"),
        ({"number": ""}, "700"),
        ({"number": "7" * 40}, "700"),
        ({"callbackurl": ""}, "700"),
        ({"callbackurl": "ftp://x"}, "700"),
        ({"phone": ""}, "408"),
        ({"company": "shunfeng", "number": "SF0000000000001", "phone": ""}, "408"),
    ],
)
def test_subscription_rules(wire, changes, code):
    parameters = {"callbackurl": "http://127.0.0.1:9/x", "phone": "0001"}
    param = {"company": "zhongtong", "number": NUMBER, "key": KEY}
    for name, value in changes.items():
        (param if name in param else parameters)[name] = value

    text = json.dumps(param | {"parameters": parameters})
    answer = wire.post_form("/poll", {"schema": "json", "param": text})

    assert (answer["result"], answer["returnCode"]) == (False, code)


@pytest.mark.parametrize(
    ("param", "code"), [("", "700"), ("no json", "700"), ("[]", "700"), ('{"key":"wrong"}', "601")]
)
def test_broken_subscriptions_are_refused(wire, param, code):
    answer = wire.post_form("/poll", {"schema": "json", "param": param})

    assert (answer["result"], answer["returnCode"]) == (False, code)


def test_a_carrier_that_needs_no_phone(wire, subscriber):
    answer = _subscribe(
        wire, subscriber.url, company="yuantong", number="YT0000000000101", phone=""
    )

    assert answer["returnCode"] == "200"


def test_each_push_is_signed_and_has_the_whole_trace(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url)
    for stage in ("collected", "in_transit", "out_for_delivery", "delivered"):
        simulator.advance(NUMBER, stage, wait=True)

    forms = subscriber.wait_for(4)
    bodies = [json.loads(form["param"]) for form in forms]

    assert all(form["sign"] == _md5(form["param"] + SALT) for form in forms)
    assert [len(body["lastResult"]["data"]) for body in bodies] == [1, 2, 3, 4]
    assert [body["lastResult"]["state"] for body in bodies] == ["103", "0", "5", "301"]
    assert [body["status"] for body in bodies] == ["polling"] * 3 + ["shutdown"]
    assert [body["lastResult"]["ischeck"] for body in bodies] == ["0", "0", "0", "1"]
    assert bodies[0]["billstatus"] == "got"
    assert bodies[3]["billstatus"] == "check"


def test_push_has_the_members_of_the_recorded_one(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url)
    simulator.advance(NUMBER, "collected", wait=True)

    body = json.loads(subscriber.wait_for(1)[0]["param"])

    recorded = json.loads(sample("kuaidi100/push_callback.json")["request"]["form"]["param"])
    assert sorted(body) == sorted(recorded)
    assert sorted(body["lastResult"]) == sorted(recorded["lastResult"])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"ok",
        b'{"result":"true","returnCode":"200","message":""}',
        b'{"result":true,"returnCode":200,"message":""}',
        b'{"result":false,"returnCode":"500","message":""}',
    ],
)
def test_anything_but_the_exact_answer_is_repeated(simulator, wire, subscriber, answer):
    subscriber.answers.append(answer)
    _subscribe(wire, subscriber.url)

    simulator.advance(NUMBER, "collected")

    first, second = subscriber.wait_for(2)[:2]
    assert first == second
    assert _settled(simulator)[0]["attempts"] == 2


def test_repeats_end_after_three(simulator, wire, subscriber):
    subscriber.answers.extend([b"no"] * 10)
    simulator.post("settings", push_retry_seconds=0.02)
    _subscribe(wire, subscriber.url)

    simulator.advance(NUMBER, "collected")

    push = _settled(simulator)[0]
    assert (push["attempts"], push["given_up"], push["acknowledged"]) == (4, True, False)


def _settled(simulator) -> list:
    """The pushes once each was acknowledged or given up."""
    for _ in range(500):
        pushes = simulator.get("kuaidi100/pushes")["pushes"]
        if all(push["acknowledged"] or push["given_up"] for push in pushes):
            return pushes
        time.sleep(0.01)
    raise AssertionError(pushes)


def test_forged_unsigned_duplicate_and_old_pushes(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url)
    simulator.advance(NUMBER, "collected", wait=True)
    simulator.advance(NUMBER, "in_transit", push="forged", wait=True)
    simulator.advance(NUMBER, "arrived", push="unsigned", wait=True)
    simulator.advance(NUMBER, "out_for_delivery", push="duplicate", wait=True)
    simulator.advance(NUMBER, "delivered", push="old", wait=True)

    forms = subscriber.wait_for(7)
    counts = [len(json.loads(form["param"])["lastResult"]["data"]) for form in forms]
    right = [form.get("sign") == _md5(form["param"] + SALT) for form in forms]

    assert sorted(counts) == [1, 2, 3, 4, 4, 4, 5]
    assert right == [True, False, False, True, True, True, True]
    assert "sign" not in forms[2]


def test_no_push_is_needed_for_polling(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url)

    answer = simulator.advance(NUMBER, "collected", push="none")

    assert answer["pushes"] == 0
    assert _query(wire)["state"] == "103"


def test_an_abort_ends_the_subscription(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url)
    simulator.advance(NUMBER, "abort", wait=True)

    body = json.loads(subscriber.wait_for(1)[0]["param"])

    assert body == sample("kuaidi100/push_callback.json")["abort_param"]
    assert _subscribe(wire, subscriber.url)["returnCode"] == "200"


def test_a_corrected_carrier_is_named(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url)

    simulator.advance(NUMBER, "collected", corrected_company="yuantong", wait=True)

    body = json.loads(subscriber.wait_for(1)[0]["param"])
    assert (body["autoCheck"], body["comOld"], body["comNew"]) == ("1", "zhongtong", "yuantong")


def test_an_unknown_code_can_be_sent(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url)

    simulator.advance(NUMBER, "in_transit", code="777", wait=True)

    body = json.loads(subscriber.wait_for(1)[0]["param"])
    assert body["lastResult"]["state"] == "777"


def test_no_salt_no_sign(simulator, wire, subscriber):
    _subscribe(wire, subscriber.url, salt="")
    simulator.advance(NUMBER, "collected", wait=True)

    assert "sign" not in subscriber.wait_for(1)[0]


def test_an_unreachable_subscriber_is_tried_again(simulator, wire):
    _subscribe(wire, "http://127.0.0.1:9/nobody")

    push = simulator.advance(NUMBER, "collected", wait=True)["pushes"][0]

    assert push["acknowledged"] is False
    assert push["last_answer"].startswith("unreachable")


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("exception", "201"),
        ("returning", "6"),
        ("returned", "4"),
        ("awaiting_pickup", "501"),
        ("rejected", "14"),
    ],
)
def test_other_ends_of_the_road_have_their_codes(simulator, wire, to, code):
    simulator.advance(NUMBER, to, company="zhongtong")

    assert _query(wire)["data"][0]["statusCode"] == code


def test_carrier_guess(wire):
    status, _, body = wire.send("GET", f"/autonumber/auto?num={NUMBER}&key={KEY}")

    assert status == 200
    assert json.loads(body) == sample("kuaidi100/autonumber.json")["response"]
    _, _, nothing = wire.send("GET", f"/autonumber/auto?num=XX1&key={KEY}")
    assert json.loads(nothing) == []
    _, _, refused = wire.send("GET", f"/autonumber/auto?num={NUMBER}&key=wrong")
    assert json.loads(refused)["returnCode"] == "601"


def test_busy_server_on_demand(simulator, wire):
    simulator.fault("kuaidi100", "error", method="query", returnCode="502", message="服务器繁忙")

    assert _query(wire)["returnCode"] == "502"


def test_parcels_travel_by_themselves_to_the_door(simulator, wire, subscriber):
    simulator.post("settings", auto_advance_seconds=0.05)
    _subscribe(wire, subscriber.url)

    forms = subscriber.wait_for(5)

    states = {json.loads(form["param"])["lastResult"]["state"] for form in forms}
    assert states == {"103", "0", "1001", "5", "301"}
    time.sleep(0.2)
    assert len(subscriber.forms) == 5


def test_public_base_replaces_the_host_of_the_callback():
    with listening() as subscriber:
        base, _, path = subscriber.url.partition("/hooks")
        with running_simulator(public_base=base) as simulator:
            _subscribe(Wire(simulator.base_url), f"https://oc.example.cn/hooks{path}?t=8f2c")
            simulator.advance(NUMBER, "collected", wait=True)

            push = simulator.get("kuaidi100/pushes")["pushes"][0]

    assert push["acknowledged"] is True
    assert push["url"] == f"{subscriber.url}?t=8f2c"
