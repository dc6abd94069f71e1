"""Recorded requests sent byte for byte get the recorded answers, at the recorded time."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from integrations.simulators.testing import Simulator, running_simulator

from .conftest import TopClient, Wire, sample, top_signature

SECRET = "b3f1c0d9e8a74655a1c2d3e4f5061728"
RECORDED = (
    ("trades_sold_increment_get", "trades_sold_increment_get"),
    ("trade_fullinfo_get", "trade_fullinfo_get"),
    ("top_oaid_decrypt", "top_oaid_decrypt"),
    ("logistics_offline_send", "logistics_offline_send"),
    ("logistics_offline_send.split", "logistics_offline_send"),
    ("skus_quantity_update", "skus_quantity_update"),
    ("refunds_receive_get", "refunds_receive_get"),
)


@pytest.fixture(scope="module")
def _recorded_world() -> Iterator[Simulator]:
    with running_simulator(literal_samples=True) as simulator:
        yield simulator


@pytest.fixture
def recorded(_recorded_world: Simulator) -> Simulator:
    """Simulators that hold the samples with their recorded times."""
    _recorded_world.reset()
    return _recorded_world


def _send(simulator: Simulator, form: dict[str, str]):
    simulator.post("clock", now=form["timestamp"], frozen=True)
    return Wire(simulator.base_url).post_form("/router/rest", form)


def _without_request_id(answer):
    inner = dict(next(iter(answer.values())))
    assert inner.pop("request_id").startswith("15qx")
    return {next(iter(answer)): inner}


@pytest.mark.parametrize(("request_name", "response_name"), RECORDED)
def test_recorded_request_gets_recorded_answer(recorded, request_name, response_name):
    form = sample(f"taobao/{request_name}.request.json")["form"]

    answer = _send(recorded, form)

    expected = sample(f"taobao/{response_name}.response.json")
    assert _without_request_id(answer) == _without_request_id(expected)


def _resigned(form: dict[str, str], **changes: str) -> dict[str, str]:
    form = {name: value for name, value in (form | changes).items() if value and name != "sign"}
    return form | {"sign": top_signature(form, SECRET, form["sign_method"])}


def test_recorded_answer_with_total(recorded):
    form = sample("taobao/trades_sold_increment_get.request.json")["form"]

    answer = _send(recorded, _resigned(form, use_has_next="", page_size="1"))

    expected = sample("taobao/trades_sold_increment_get.with_total.response.json")
    assert _without_request_id(answer) == _without_request_id(expected)


def test_recorded_empty_answer_has_no_list(recorded):
    form = sample("taobao/trades_sold_increment_get.request.json")["form"]

    answer = _send(recorded, _resigned(form, page_no="2"))

    expected = sample("taobao/trades_sold_increment_get.empty.response.json")
    assert _without_request_id(answer) == _without_request_id(expected)


def test_recorded_token_answer(recorded):
    form = sample("taobao/oauth_token.request.json")["form"]

    answer = Wire(recorded.base_url).post_form("/token", form)

    assert answer == sample("taobao/oauth_token.response.json")


SHIP = {"tid": "4100000000000000101", "out_sid": "YT0000000000101", "company_code": "YTO"}
SEND = "taobao.logistics.offline.send"
LIST = "taobao.trades.sold.increment.get"
REFUSALS = (
    ("error_call_limited", SEND, SHIP, "limited", {"seconds": 1}),
    ("error_daily_quota", SEND, SHIP, "daily_quota", {"seconds": 31062}),
    ("error_remote_timeout", SEND, SHIP, "isp", {}),
    ("error_try_later", SEND, SHIP, "try_later", {}),
    ("error_bad_waybill", SEND, SHIP | {"out_sid": "?"}, "", {}),
    ("error_invalid_session", SEND, SHIP | {"session": "unknown"}, "", {}),
    ("error_invalid_timestamp", SEND, SHIP | {"timestamp": "2001-01-01 00:00:00"}, "", {}),
    ("error_missing_argument", LIST, {"fields": "tid"}, "", {}),
)


@pytest.mark.parametrize(("name", "method", "args", "fault", "options"), REFUSALS)
def test_refusal_is_worded_as_recorded(simulator, top, name, method, args, fault, options):
    if fault:
        simulator.fault("taobao", fault, method=method, **options)

    answer = top.call(method, **args)

    expected = sample(f"taobao/{name}.response.json")
    assert _without_request_id(answer) == _without_request_id(expected)


def test_second_shipment_is_refused_as_recorded(top):
    top.ask(SEND, **SHIP)

    answer = top.call(SEND, **SHIP)

    expected = sample("taobao/error_already_shipped.response.json")
    assert _without_request_id(answer) == _without_request_id(expected)


def test_wrong_signature_is_refused_as_recorded(simulator, top):
    form = top.form(SEND, **SHIP) | {"sign": "0" * 64}

    answer = top.post_form("/router/rest", form)

    expected = sample("taobao/error_invalid_signature.response.json")
    assert _without_request_id(answer) == _without_request_id(expected)
    assert simulator.counters()["bad_signatures"] == {"taobao": 1}
    assert simulator.shipments() == []


def test_samples_are_moved_close_to_now(top: TopClient):
    rows = top.page()["trades"]["trade"]

    assert [row["tid"] % 1000 for row in rows] == [101, 201, 301]
    assert rows == sorted(rows, key=lambda row: row["modified"], reverse=True)


def test_wire_bytes_are_signed_not_their_escapes(simulator, top):
    form = top.form("taobao.trade.fullinfo.get", tid="4100000000000000101", fields="tid")
    lazy = urlencode(form).replace("%2C", ",").replace("%3A", ":").encode()

    _, _, body = top.send("POST", "/router/rest", lazy, "application/x-www-form-urlencoded")

    assert body.startswith(b'{"trade_fullinfo_get_response"')
