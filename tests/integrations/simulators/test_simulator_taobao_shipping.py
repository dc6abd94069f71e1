"""What a seller may tell the platform about parcels and stock."""

import pytest

from .conftest import TopClient

SEND = "taobao.logistics.offline.send"
TEA = "4100000000000000101"
UNPAID = "4100000000000000201"
REFUNDING = "4100000000000000301"


def _letters(top: TopClient, tid: str, **args: str) -> str:
    error = top.refusal(SEND, **{"tid": tid, "out_sid": "YT00000001", "company_code": "YTO"} | args)
    assert error["code"] == 15
    return error["sub_code"].rpartition(":")[2]


def _ship(top: TopClient, tid: str, out_sid: str = "YT00000001", **args: str) -> None:
    answer = top.ask(SEND, tid=tid, out_sid=out_sid, company_code="YTO", **args)
    assert answer["shipping"] == {"is_success": True}


def test_a_shipped_trade_waits_for_the_buyer_and_shows_the_waybill(simulator, top):
    before = top.detail(TEA)["modified"]
    _ship(top, TEA)

    trade = top.detail(TEA)
    line = trade["orders"]["order"][0]

    assert trade["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert trade["modified"] > before
    assert trade["consign_time"] == line["consign_time"] == trade["modified"]
    assert (line["invoice_no"], line["logistics_company"]) == ("YT00000001", "圆通速递")
    assert [row["out_sid"] for row in simulator.shipments()] == ["YT00000001"]


@pytest.mark.parametrize(
    ("tid", "args", "letters"),
    [
        ("4999999999999999999", {}, "B01"),
        (UNPAID, {}, "B02"),
        (REFUNDING, {}, "B55"),
        (TEA, {"company_code": " "}, "B56"),
        (TEA, {"company_code": "NOBODY"}, "B57"),
        (TEA, {"out_sid": " "}, "B59"),
        (TEA, {"out_sid": "短"}, "B60"),
        (TEA, {"out_sid": "1234567"}, "B60"),
        (TEA, {"is_split": "1"}, "P38"),
        (TEA, {"sub_tid": "4100000000000000102"}, "P38"),
        (TEA, {"is_split": "1", "sub_tid": "77"}, "CD22"),
    ],
)
def test_refusals_by_state_and_waybill(simulator, top, tid, args, letters):
    assert _letters(top, tid, **args) == letters
    assert simulator.shipments() == []


@pytest.mark.parametrize("status", ["TRADE_CLOSED_BY_TAOBAO", "TRADE_CLOSED", "TRADE_FINISHED"])
def test_an_ended_trade_cannot_be_shipped(simulator, top, status):
    simulator.change(TEA, status=status)

    assert _letters(top, TEA) == "B04"


@pytest.mark.parametrize("name", ["tid", "out_sid", "company_code"])
def test_arguments_are_required(top, name):
    args = {"tid": TEA, "out_sid": "YT00000001", "company_code": "YTO"}

    error = top.refusal(SEND, **args | {name: ""})

    assert (error["code"], error["msg"]) == (40, f"Missing required arguments:{name}")


def test_split_shipping_goes_line_by_line(top):
    first = {"is_split": "1", "sub_tid": "4100000000000000102"}
    _ship(top, TEA, "YT00000001", **first)
    partly = top.detail(TEA)
    assert _letters(top, TEA, out_sid="YT00000009", **first) == "B04"

    _ship(top, TEA, "YT00000002", is_split="1", sub_tid="4100000000000000103")
    whole = top.detail(TEA)

    assert partly["status"] == "SELLER_CONSIGNED_PART"
    assert [line["status"] for line in partly["orders"]["order"]] == [
        "WAIT_BUYER_CONFIRM_GOODS",
        "WAIT_SELLER_SEND_GOODS",
    ]
    assert whole["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert [line["invoice_no"] for line in whole["orders"]["order"]] == ["YT00000001", "YT00000002"]


def test_a_line_without_refund_can_leave_a_refunding_trade(top):
    _ship(top, REFUNDING, is_split="1", sub_tid="4100000000000000302")

    assert top.detail(REFUNDING)["status"] == "SELLER_CONSIGNED_PART"


def test_a_refunded_line_does_not_hold_the_rest_back(simulator, top):
    simulator.change(REFUNDING, refund={"oid": "4100000000000000303", "status": "SUCCESS"})

    _ship(top, REFUNDING)

    lines = top.detail(REFUNDING)["orders"]["order"]
    assert [line["status"] for line in lines] == ["WAIT_BUYER_CONFIRM_GOODS", "TRADE_CLOSED"]


def test_a_waybill_of_another_receiver_is_used_up(simulator, top):
    simulator.change(UNPAID, status="WAIT_SELLER_SEND_GOODS")
    _ship(top, TEA, "YT00000001")

    assert _letters(top, UNPAID, out_sid="YT00000001") == "B60"
    _ship(top, UNPAID, "YT00000002")


def test_two_trades_of_one_receiver_share_a_parcel(simulator, top):
    simulator.change(UNPAID, status="WAIT_SELLER_SEND_GOODS")
    tea = simulator.trade(TEA)["receiver"]
    simulator.change(UNPAID, address={k: v for k, v in tea.items() if k != "oaid"})
    simulator.change(TEA, address={"name": tea["name"]})

    _ship(top, TEA, "YT00000001")
    _ship(top, UNPAID, "YT00000001")

    assert len(simulator.shipments()) == 2


def test_refused_shipments_are_remembered_too(simulator, top):
    _letters(top, UNPAID)

    refused = simulator.get("taobao/shipments")["refused"]
    assert [row["refused"].rpartition(":")[2] for row in refused] == ["B02"]


def test_carriers_with_their_codes(top):
    answer = top.ask("taobao.logistics.companies.get", fields="id,code,name,reg_mail_no")

    codes = {row["code"] for row in answer["logistics_companies"]["logistics_company"]}
    assert {"SF", "YTO", "ZTO", "STO", "YUNDA", "EMS"} <= codes


STOCK = "taobao.skus.quantity.update"


def test_stock_is_set_or_changed_and_never_below_nought(simulator, top):
    item = {"num_iid": "680000000001"}
    top.ask(STOCK, **item, skuid_quantities="5200000000001:37")
    top.ask(STOCK, **item, type="2", skuid_quantities="5200000000001:-40")
    answer = top.ask(STOCK, **item, type="2", outerid_quantities="TEA-LJ-250:5")

    assert answer["item"]["skus"]["sku"] == [{"sku_id": 5200000000001, "quantity": 5}]
    told = simulator.get("taobao/stock")["stock"]
    assert told == [{"shop": "demo1", "sku_id": "5200000000001", "quantity": 5}]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"num_iid": ""}, 40),
        ({"num_iid": "x"}, 41),
        ({"type": "3"}, 41),
        ({"skuid_quantities": ""}, 40),
        ({"skuid_quantities": "1"}, 41),
        ({"skuid_quantities": "1:-5"}, 41),
        ({"skuid_quantities": "x:5"}, 41),
        ({"skuid_quantities": "1:5;1:6"}, 41),
        ({"skuid_quantities": ";".join(f"{n}:1" for n in range(21))}, 41),
    ],
)
def test_bad_stock_calls_are_refused(top, args, code):
    good = {"num_iid": "680000000001", "skuid_quantities": "5200000000001:1"}

    error = top.refusal(STOCK, **good | args)

    assert error["code"] == code


def test_without_quantities_the_other_way_to_give_them_is_named(top):
    error = top.refusal(STOCK, num_iid="680000000001", skuid_quantities="")

    assert error["msg"] == "Missing required arguments:outerid_quantities"
