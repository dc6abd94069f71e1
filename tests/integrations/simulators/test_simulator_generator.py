"""Trades made to order: the same for the same seed, believable, and a shop in business."""

import time

import pytest

from integrations.simulators.testing import ControlError, running_simulator

from .conftest import TopClient, shop_time


def _content(simulator, count: int) -> list:
    window = {"modified_from": "2026-11-20 00:00:00", "modified_to": "2026-11-20 12:00:00"}
    made = simulator.generate(count=count, seed=42, skus=["SKU-1", "SKU-2"], **window)
    first = int(made["first_tid"])
    return [simulator.trade(first + 10 * n) for n in range(count)]


def test_the_same_seed_makes_the_same_trades(simulator):
    first = _content(simulator, 20)
    simulator.reset(samples=False)

    assert _content(simulator, 20) == first


def test_trades_lie_in_the_window_and_sell_the_given_codes(simulator):
    for found in _content(simulator, 50):
        trade = found["trade"]
        codes = [line["outer_sku_id"] for line in trade["orders"]["order"]]
        assert "2026-11-20 00:00:00" <= trade["modified"] <= "2026-11-20 12:00:00"
        assert trade["created"] <= trade.get("pay_time", trade["modified"]) <= trade["modified"]
        assert set(codes) <= {"SKU-1", "SKU-2"}
        assert len(codes) == len(set(codes))


def test_line_numbers_are_unique(simulator):
    trades = [found["trade"] for found in _content(simulator, 50)]
    oids = [line["oid"] for trade in trades for line in trade["orders"]["order"]]

    assert len(set(oids)) == len(oids)


@pytest.mark.parametrize(
    ("share", "status"), [(0, "WAIT_BUYER_PAY"), (1, "WAIT_SELLER_SEND_GOODS")]
)
def test_paid_share(simulator, share, status):
    simulator.reset(samples=False)
    simulator.generate(count=30, seed=1, paid_share=share)

    rows = simulator.get("taobao/trades")["trades"]
    assert {row["status"] for row in rows} == {status}


def test_some_buyers_come_back_with_the_same_oaid(simulator):
    oaids = [found["trade"]["oaid"] for found in _content(simulator, 60)]

    assert 20 < len(set(oaids)) < 60


def test_items_can_have_title_and_price(simulator):
    sku = {
        "code": "SEAT-9",
        "title": "安全座椅 旗舰款",
        "price": "1299.90",
        "properties": "颜色:红",
    }
    made = simulator.generate(count=1, seed=8, skus=[sku])

    line = simulator.trade(made["first_tid"])["trade"]["orders"]["order"][0]
    assert (line["title"], line["price"]) == ("安全座椅 旗舰款", "1299.90")
    assert line["sku_properties_name"] == "颜色:红"


def test_ten_thousand_trades_cost_a_few_seconds_of_cpu(simulator):
    before = simulator.counters()["cpu_seconds"]
    simulator.generate(count=10_000, seed=4)

    assert simulator.counters()["cpu_seconds"] - before < 10
    assert simulator.counters()["trades"]["demo1"] == 10_003


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"count": -1},
        {"count": 1, "shop": "nobody"},
        {"count": 1, "sed": 3},
        {"count": 1, "modified_from": "soon"},
        {"count": 1, "skus": [""]},
        {"count": 1, "skus": "SKU-1"},
        {"count": 1, "skus": [5]},
        {"count": 1, "skus": [{"code": "A", "price": "dear"}]},
    ],
)
def test_bad_orders_are_refused_and_make_nothing(simulator, body):
    before = simulator.counters()["trades"]

    with pytest.raises(ControlError):
        simulator.post("taobao/generate", **body)

    assert simulator.counters()["trades"] == before


def test_a_shop_in_business_gets_new_paid_and_messaged_trades(simulator):
    simulator.reset(samples=False)
    simulator.post("taobao/trickle", per_minute=0, at_once=300)

    trades = simulator.get("taobao/trades", limit=1000)["trades"]
    statuses = {row["status"] for row in trades}

    assert len(trades) == 300
    assert statuses == {"WAIT_BUYER_PAY", "WAIT_SELLER_SEND_GOODS", "TRADE_CLOSED_BY_TAOBAO"}
    paid_later = [row for row in trades if row["status"] == "WAIT_SELLER_SEND_GOODS"]
    assert all("pay_time" in simulator.trade(row["tid"])["trade"] for row in paid_later[:20])


def test_the_pace_is_kept(simulator):
    simulator.reset(samples=False)
    started = time.monotonic()
    simulator.post("taobao/trickle", per_minute=1200)
    time.sleep(0.5)
    simulator.post("taobao/trickle", per_minute=0)
    seconds = time.monotonic() - started
    made = simulator.counters()["trades"]["demo1"]
    time.sleep(0.2)

    assert 2 <= made <= 20 * seconds + 1
    assert simulator.counters()["trades"]["demo1"] == made


def test_trickle_from_the_command_line_starts_at_once():
    with running_simulator(trickle=3000, no_samples=True) as simulator:
        deadline = time.monotonic() + 10
        while TopClient(simulator.base_url).page()["total_results"] < 3:
            assert time.monotonic() < deadline, "no trade comes by itself"
            time.sleep(0.05)


def test_a_restarted_shop_never_reuses_a_number(simulator):
    simulator.reset(samples=False)
    simulator.post("taobao/trickle", per_minute=0, at_once=5)
    first = {row["tid"] for row in simulator.get("taobao/trades")["trades"]}
    simulator.reset(samples=False)
    simulator.post("clock", now=shop_time(seconds=2))
    simulator.post("taobao/trickle", per_minute=0, at_once=5)

    second = {row["tid"] for row in simulator.get("taobao/trades")["trades"]}
    assert len(first) == len(second) == 5
    assert not first & second
