"""Lists, details and receivers of the simulated shops."""

import json

import pytest

from .conftest import DETAIL_FIELDS, LIST_FIELDS, TopClient, shop_time

LIST = "taobao.trades.sold.increment.get"
GET = "taobao.trade.fullinfo.get"
DECRYPT = "taobao.top.oaid.decrypt"
TEA_OAID = "1demoOAIDkZx3Qp0001abcdefghijkl=="


@pytest.fixture
def trades(simulator):
    """250 trades of the last hour beside the samples."""
    simulator.generate(count=250, seed=11)
    return simulator


def _all_pages(top: TopClient, numbers, page_size: int = 50) -> list[int]:
    return [tid for number in numbers for tid in top.tids(number, page_size)]


def test_pages_hold_every_trade_once_and_in_falling_modified_order(trades, top):
    rows = [r for n in range(1, 7) for r in top.page(n, 50).get("trades", {"trade": []})["trade"]]

    assert len({row["tid"] for row in rows}) == len(rows) == 253
    modified = [row["modified"] for row in rows]
    assert modified == sorted(modified, reverse=True)


def test_total_or_has_next_but_never_both(trades, top):
    counted, probed = top.page(3, 100), top.page(3, 100, use_has_next="true")
    before_last = top.page(2, 100, use_has_next="true")

    assert (counted["total_results"], counted.get("has_next")) == (253, None)
    assert (probed.get("total_results"), probed["has_next"]) == (None, False)
    assert before_last["has_next"] is True


def test_a_page_past_the_end_has_no_list(trades, top):
    answer = top.page(99, 100)

    assert sorted(answer) == ["request_id", "total_results"]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"start_modified": ""}, 40),
        ({"end_modified": ""}, 40),
        ({"fields": ""}, 40),
        ({"start_modified": "2026-11-10"}, 41),
        ({"start_modified": shop_time(hours=-25)}, 41),
        ({"start_modified": shop_time(hours=1)}, 41),
        ({"page_size": "101"}, 41),
        ({"page_size": "0"}, 41),
        ({"page_no": "0"}, 41),
        ({"page_no": "-1"}, 41),
        ({"use_has_next": "yes"}, 41),
        ({"status": "SHIPPED"}, 41),
        ({"start_modified": shop_time(days=-100), "end_modified": shop_time(days=-99.5)}, 41),
    ],
)
def test_window_and_page_limits(top, args, code):
    window = {"start_modified": shop_time(hours=-23), "end_modified": shop_time()}

    assert top.refusal(LIST, **{"fields": "tid"} | window | args)["code"] == code


def test_window_of_exactly_one_day_is_allowed_and_both_ends_count(top):
    row = top.page()["trades"]["trade"][0]

    only = top.tids(start_modified=row["modified"], end_modified=row["modified"])

    assert only == [row["tid"]]
    end = shop_time()
    start = end.replace(end[:10], shop_time(days=-1)[:10])
    assert len(top.tids(start_modified=start, end_modified=end)) == 3


def test_status_filter(top):
    assert [tid % 1000 for tid in top.tids(status="WAIT_BUYER_PAY")] == [201]


def test_lists_have_no_receiver_whatever_is_asked(top):
    row = top.page(fields=DETAIL_FIELDS)["trades"]["trade"][0]

    assert not [name for name in row if name.startswith("receiver_")]
    assert not {"oaid", "buyer_message", "seller_memo"} & set(row)
    assert row["has_buyer_message"] is True


def test_only_asked_fields_come(top):
    trade = top.detail("4100000000000000101", fields="tid,payment,orders.oid,orders.num")

    assert sorted(trade) == ["orders", "payment", "tid", "tid_str"]
    assert [sorted(line) for line in trade["orders"]["order"]] == [["num", "oid"]] * 2


@pytest.mark.parametrize("fields", ["tid,modified", "tid,status,modified,payment", "status"])
def test_short_rows_say_the_same_as_long_ones(trades, top, fields):
    short = top.page(fields=fields)["trades"]["trade"]
    long = top.page()["trades"]["trade"]

    assert set(short[0]) - {"tid_str"} == set(fields.split(","))
    assert short == [{name: row[name] for name in short[0]} for row in long]


def test_details_are_masked(top):
    trade = top.detail("4100000000000000201")

    assert trade["receiver_name"] == "周**"
    assert trade["receiver_mobile"] == "*******0002"
    assert trade["receiver_address"] == "*****"


@pytest.mark.parametrize(
    "missing",
    ["receiver_name", "receiver_address", "created", "receiver_mobile", "receiver_phone"],
)
def test_oaid_needs_its_neighbour_fields(top, missing):
    fields = ",".join(name for name in DETAIL_FIELDS.split(",") if name != missing)

    assert "oaid" not in top.detail("4100000000000000101", fields=fields)


def test_oaid_needs_include_oaid(top):
    assert "oaid" not in top.detail("4100000000000000101", include_oaid="")
    assert top.detail("4100000000000000101")["oaid"] == TEA_OAID


def test_forward_paging_loses_a_row_that_backward_paging_keeps(trades, top):
    """Two readers of one window; between two pages a row leaves it because it changed."""
    end = shop_time()
    window = {"start_modified": shop_time(hours=-2), "end_modified": end}
    everything = set(_all_pages_of(top, range(1, 7), window))

    trades.post("clock", now=shop_time(seconds=30))
    trades.fault("taobao", "row_moved", method=LIST)
    forwards = set(_all_pages_of(top, range(1, 7), window))
    rest = set(_all_pages_of(top, range(1, 7), window))
    trades.fault("taobao", "row_moved", method=LIST)
    backwards = set(_all_pages_of(top, range(6, 0, -1), window))

    assert len(everything - forwards) == 1
    assert rest <= backwards


def _all_pages_of(top: TopClient, numbers, window) -> list[int]:
    return [tid for number in numbers for tid in top.tids(number, 50, **window)]


def test_a_changed_trade_moves_to_the_first_place(trades, top):
    oldest = _all_pages(top, [6], 50)[-1]

    trades.change(oldest, buyer_message="快一点")

    assert top.tids(1, 1) == [oldest]
    assert top.detail(oldest)["buyer_message"] == "快一点"


def test_an_older_change_does_not_move_it_up(trades, top):
    newest = top.tids(1, 1)[0]
    older = shop_time(hours=-3)

    trades.change(newest, modified=older)

    assert newest not in top.tids(1, 100)
    assert top.tids(start_modified=older, end_modified=older) == [newest]


def test_a_late_row_is_missing_from_lists_but_there_by_number(simulator, top):
    simulator.fault("taobao", "late_row", method=LIST, seconds=60)

    missing = {101, 201, 301} - {tid % 1000 for tid in top.tids()}

    assert missing == {101}
    assert {tid % 1000 for tid in top.tids()} == {201, 301}
    assert top.detail("4100000000000000101")["tid"] == 4100000000000000101
    simulator.post("clock", now=shop_time(seconds=61))
    assert len(top.tids()) == 3


def test_a_late_row_that_is_made_again_is_listed_once(simulator, top):
    simulator.reset(samples=False)
    simulator.generate(count=1, seed=1)
    simulator.fault("taobao", "late_row", method=LIST, seconds=60)
    top.tids()

    simulator.generate(count=1, seed=1)

    simulator.post("clock", now=shop_time(seconds=61))
    assert top.page(timestamp=shop_time())["total_results"] == 1


def test_a_page_can_hold_a_trade_twice(simulator, top):
    simulator.fault("taobao", "duplicate_row", method=LIST)

    assert [tid % 1000 for tid in top.tids()] == [101, 201, 301, 101]
    assert [tid % 1000 for tid in top.tids()] == [101, 201, 301]


def test_the_same_number_in_two_shops_is_two_trades(simulator, top, other_shop):
    for shop, client in (("demo1", top), ("demo2", other_shop)):
        simulator.generate(count=3, seed=5, shop=shop)
        assert client.page()["total_results"] >= 3
    tid = other_shop.tids(1, 1)[0]

    simulator.change(tid, shop="demo2", buyer_message="另一家店")

    assert other_shop.detail(tid)["buyer_message"] == "另一家店"
    assert top.detail(tid)["buyer_message"] != "另一家店"
    assert top.detail(tid)["oaid"] != other_shop.detail(tid)["oaid"]


def test_another_shops_trade_does_not_exist(other_shop):
    error = other_shop.refusal(GET, tid="4100000000000000101", fields="tid")

    assert error["sub_code"] == "isv.trade-not-exist"


def _decrypt(top: TopClient, *queries):
    return top.ask(DECRYPT, query_list=json.dumps(queries))["receiver_list"]["receiver"]


def test_decryption_gives_clear_name_and_virtual_number(top):
    receiver = _decrypt(top, {"oaid": TEA_OAID, "tid": "4100000000000000101", "scene": "1002"})[0]

    assert (receiver["name"], receiver["mobile"]) == ("林小满", "18877771111-123")
    assert receiver["matched"] is True


def test_an_oaid_does_not_match_after_the_address_changed(simulator, top):
    simulator.change("4100000000000000101", address={"detail": "南山路1号"})

    old = _decrypt(top, {"oaid": TEA_OAID, "tid": "4100000000000000101", "scene": "1002"})[0]
    oaid = top.detail("4100000000000000101")["oaid"]
    new = _decrypt(top, {"oaid": oaid, "tid": "4100000000000000101", "scene": "1002"})[0]

    assert old == {"oaid": TEA_OAID, "tid": "4100000000000000101", "matched": False}
    assert (new["matched"], new["address_detail"]) == (True, "南山路1号")


def test_decryption_has_a_daily_quota(simulator, top):
    simulator.post("settings", decrypts_per_day=2)
    query = {"oaid": TEA_OAID, "tid": "4100000000000000101", "scene": "1002"}
    _decrypt(top, query, query)

    error = top.refusal(DECRYPT, query_list=json.dumps([query]))

    assert error["code"] == 7
    assert "more seconds" in error["sub_msg"]


@pytest.mark.parametrize(
    "query_list",
    [
        "no json",
        "{}",
        "[]",
        json.dumps([{"oaid": "x", "tid": "1", "scene": "1002"}] * 21),
        json.dumps([{"oaid": "x", "tid": "1", "scene": "9"}]),
        json.dumps([{"tid": "1", "scene": "1002"}]),
    ],
)
def test_bad_decryption_queries_are_refused(top, query_list):
    assert top.refusal(DECRYPT, query_list=query_list)["code"] == 41


SPOILED_LISTS = {
    "unknown_status": lambda row: row["status"] == "WAIT_PLATFORM_INSPECTION",
    "missing_tid": lambda row: "tid" not in row and "tid_str" not in row,
    "text_in_num": lambda row: row["orders"]["order"][0]["num"] == "两件",
    "absurd_number": lambda row: row["orders"]["order"][0]["num"] == 10**15,
    "negative_money": lambda row: row["payment"] == "-1.00",
    "long_text": lambda row: len(row["buyer_nick"]) == 5000,
    "emoji": lambda row: "🐱" in row["buyer_nick"],
    "nul_character": lambda row: "\x00" in row["buyer_nick"],
    "missing_lines": lambda row: "orders" not in row,
    "lines_not_wrapped": lambda row: isinstance(row["orders"], list),
    "bad_time": lambda row: row["created"] == "2026-13-45 99:00:00",
    "null_fields": lambda row: row["payment"] is None,
    "unknown_sku": lambda row: row["orders"]["order"][0]["outer_sku_id"].startswith("NO-SUCH"),
}


@pytest.mark.parametrize("how", sorted(SPOILED_LISTS))
def test_a_spoiled_trade_is_malformed_until_mended(simulator, top, how):
    simulator.post("taobao/spoil", tid="4100000000000000101", how=how)
    row = top.page()["trades"]["trade"][0]
    detail = top.detail("4100000000000000101")

    simulator.post("taobao/spoil", tid="4100000000000000101", how="none")
    mended = top.page()["trades"]["trade"][0]

    assert SPOILED_LISTS[how](row)
    assert SPOILED_LISTS[how](detail)
    assert not SPOILED_LISTS[how](mended)
    assert mended["tid"] == 4100000000000000101


def test_a_spoil_can_show_in_details_only(simulator, top):
    simulator.post("taobao/spoil", count=1, how="missing_tid", where="detail")

    assert len(top.tids()) == 3
    assert "tid" not in top.detail("4100000000000000101")


def test_a_spoil_fault_hits_one_answer(simulator, top):
    simulator.fault("taobao", "spoil", method=GET, how="text_in_num")

    first, second = top.detail("4100000000000000101"), top.detail("4100000000000000101")

    assert first["orders"]["order"][0]["num"] == "两件"
    assert second["orders"]["order"][0]["num"] == 1


def test_refunds_are_listed_by_status_and_follow_changes(simulator, top):
    method, fields = "taobao.refunds.receive.get", {"fields": "refund_id,tid,oid,status"}
    simulator.change("4100000000000000101", refund={"status": "WAIT_SELLER_AGREE"})

    asked = top.ask(method, **fields, status="WAIT_SELLER_AGREE")["refunds"]["refund"]
    line = top.detail("4100000000000000101")["orders"]["order"][0]

    assert [row["tid"] % 1000 for row in asked] == [301, 101]
    assert line["refund_status"] == "WAIT_SELLER_AGREE"
    assert line["refund_id"] == asked[1]["refund_id"]
    assert "refunds" not in top.ask(method, **fields, status="SUCCESS")


@pytest.mark.parametrize("fields", [LIST_FIELDS, "tid,status,modified"])
def test_amounts_of_generated_trades_add_up(trades, top, fields):
    for row in top.page(1, 100, fields=LIST_FIELDS)["trades"]["trade"]:
        trade = top.detail(row["tid"], fields=f"{fields},payment,post_fee,orders")
        cents = [_cents(line["divide_order_fee"]) for line in trade["orders"]["order"]]
        assert _cents(trade["payment"]) == sum(cents) + _cents(trade["post_fee"])


def _cents(yuan: str) -> int:
    whole, _, part = yuan.partition(".")
    assert len(part) == 2
    return int(whole) * 100 + int(part)
