"""The mapping engine: what a table can say, and how it says no."""

import copy
from datetime import datetime
from decimal import Decimal

import pytest

from integrations.channels.taobao.mapping import MAPPING
from integrations.intake.converters import Unreadable
from integrations.intake.mapping import Stage, compile_table
from integrations.models import Problem
from ordercenter.core.errors import BadInput
from ordercenter.core.moments import SHANGHAI
from tests.integrations.channels.conftest import sample

TAOBAO = compile_table(MAPPING)


def trade(**changes: object) -> dict:
    """The recorded trade with other values; None takes a field away, `line` changes line 1."""
    document = copy.deepcopy(sample("trade_fullinfo_get.response.json"))
    inner = document["trade_fullinfo_get_response"]["trade"]
    line = changes.pop("line", {})
    for place, values in ((inner, changes), (inner["orders"]["order"][0], line)):
        for name, value in values.items():
            if value is None:
                place.pop(name, None)
            else:
                place[name] = value
    return document


def table(**row: object) -> dict:
    """Taobao's table with one more row, or another one for that field."""
    changed = copy.deepcopy(MAPPING)
    changed["fields"] = [r for r in changed["fields"] if r["field"] != row["field"]] + [row]
    return changed


def problem_of(document: dict, mapping=TAOBAO) -> Problem:
    with pytest.raises(Unreadable) as caught:
        mapping.read(document)
    return caught.value.problem


class TestTaobao:
    def test_the_recorded_trade(self):
        reading = TAOBAO.read(trade())

        draft = reading.draft
        assert reading.stage is Stage.PAID
        assert draft.external_number == "4100000000000000101"
        assert draft.placed_at == datetime(2026, 11, 10, 9, 31, 12, tzinfo=SHANGHAI)
        assert draft.paid_at == datetime(2026, 11, 10, 9, 32, 40, tzinfo=SHANGHAI)
        assert (draft.goods_amount, draft.freight, draft.discount, draft.total) == (
            Decimal("286.00"),
            Decimal("0.00"),
            Decimal("10.00"),
            Decimal("276.00"),
        )
        assert draft.paid_amount == Decimal("276.00")
        assert draft.buyer_name == "林**"
        assert draft.buyer_message == "请放丰巢，谢谢"
        assert draft.receiver.street == "北山街道*****"
        assert draft.receiver.is_masked
        assert draft.receiver.phone_tail == "0001"
        assert draft.receiver.token == "1demoOAIDkZx3Qp0001abcdefghijkl=="
        assert [(line.sku_code, line.quantity, line.amount) for line in draft.lines] == [
            ("TEA-LJ-250", 1, Decimal("188.00")),
            ("CUP-WH-350", 2, Decimal("88.00")),
        ]

    @pytest.mark.parametrize(
        ("status", "stage"),
        [
            ("TRADE_NO_CREATE_PAY", Stage.UNPAID),
            ("WAIT_BUYER_PAY", Stage.UNPAID),
            ("PAY_PENDING", Stage.UNPAID),
            ("WAIT_PRE_AUTH_CONFIRM", Stage.UNPAID),
            ("WAIT_SELLER_SEND_GOODS", Stage.PAID),
            ("SELLER_CONSIGNED_PART", Stage.PARTLY_SHIPPED),
            ("WAIT_BUYER_CONFIRM_GOODS", Stage.SHIPPED),
            ("TRADE_BUYER_SIGNED", Stage.SHIPPED),
            ("TRADE_FINISHED", Stage.FINISHED),
            ("TRADE_CLOSED", Stage.CANCELLED),
            ("TRADE_CLOSED_BY_TAOBAO", Stage.CANCELLED),
        ],
    )
    def test_each_status_has_its_stage(self, status, stage):
        assert TAOBAO.read(trade(status=status)).stage is stage

    @pytest.mark.parametrize(
        ("status", "is_open"),
        [
            ("NO_REFUND", False),
            ("CLOSED", False),
            ("SELLER_REFUSE_BUYER", False),
            ("WAIT_SELLER_AGREE", True),
            ("WAIT_BUYER_RETURN_GOODS", True),
            ("WAIT_SELLER_CONFIRM_GOODS", True),
            ("SUCCESS", True),
        ],
    )
    def test_a_line_that_is_or_was_refunded_is_flagged(self, status, is_open):
        reading = TAOBAO.read(trade(line={"refund_status": status}))

        assert [line.refund_open for line in reading.draft.lines] == [is_open, False]

    def test_an_unpaid_trade_has_paid_nothing(self):
        draft = TAOBAO.read(trade(status="WAIT_BUYER_PAY", pay_time=None)).draft

        assert (draft.paid_at, draft.paid_amount) == (None, Decimal("0.00"))

    def test_cities_of_county_rank_come_without_a_city(self):
        receiver = TAOBAO.read(trade(receiver_city=None)).draft.receiver

        assert (receiver.city, receiver.district) == ("", "西湖区")

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ({"outer_sku_id": None}, "TEA-LJ"),
            ({"outer_sku_id": "", "outer_iid": None}, "5200000000001"),
            ({"outer_sku_id": None, "outer_iid": None, "sku_id": None}, "680000000001"),
        ],
    )
    def test_without_a_code_of_ours_the_platforms_id_shows_what_is_meant(self, line, code):
        assert TAOBAO.read(trade(line=line)).draft.lines[0].sku_code == code

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"status": "WAIT_PLATFORM_INSPECTION"}, Problem.UNKNOWN_WORD),
            ({"status": ["WAIT_BUYER_PAY"]}, Problem.WRONG_FORM),
            ({"tid": None}, Problem.FIELD_MISSING),
            ({"tid": 1.5}, Problem.WRONG_FORM),
            ({"tid": True}, Problem.WRONG_FORM),
            ({"tid": "9" * 65}, Problem.TOO_LONG),
            ({"payment": None}, Problem.FIELD_MISSING),
            ({"payment": "-1.00"}, Problem.OUT_OF_RANGE),
            ({"payment": "99999999999999999999.99"}, Problem.OUT_OF_RANGE),
            ({"payment": "9" * 4000}, Problem.WRONG_FORM),
            ({"payment": float("inf")}, Problem.WRONG_FORM),
            ({"payment": float("nan")}, Problem.WRONG_FORM),
            ({"payment": "1e9"}, Problem.WRONG_FORM),
            ({"payment": "十二元"}, Problem.WRONG_FORM),
            ({"payment": {"yuan": 1}}, Problem.WRONG_FORM),
            ({"created": "2026-13-45 99:00:00"}, Problem.WRONG_FORM),
            ({"created": "2026-11-10T09:31:12"}, Problem.WRONG_FORM),
            ({"created": 1762738272}, Problem.WRONG_FORM),
            ({"created": "0638-01-01 00:00:00"}, Problem.OUT_OF_RANGE),
            ({"pay_time": None}, Problem.FIELD_MISSING),
            ({"modified": None}, Problem.FIELD_MISSING),
            ({"buyer_open_uid": "A" * 91}, Problem.TOO_LONG),
            ({"orders": None}, Problem.FIELD_MISSING),
            ({"orders": {"order": []}}, Problem.FIELD_MISSING),
            ({"orders": [{"oid": 1}]}, Problem.WRONG_FORM),
            ({"orders": {"order": "x"}}, Problem.WRONG_FORM),
            ({"orders": {"order": [1]}}, Problem.WRONG_FORM),
            ({"line": {"num": "两件"}}, Problem.WRONG_FORM),
            ({"line": {"num": 0}}, Problem.OUT_OF_RANGE),
            ({"line": {"num": -2}}, Problem.OUT_OF_RANGE),
            ({"line": {"num": 10**15}}, Problem.OUT_OF_RANGE),
            ({"line": {"num": 1.5}}, Problem.WRONG_FORM),
            ({"line": {"num": True}}, Problem.WRONG_FORM),
            ({"line": {"oid": None}}, Problem.FIELD_MISSING),
            ({"line": {"oid": 4100000000000000103}}, Problem.WRONG_FORM),
            ({"line": {"refund_status": "MAYBE"}}, Problem.UNKNOWN_WORD),
            ({"line": {"outer_sku_id": "X" * 65}}, Problem.TOO_LONG),
        ],
        ids=lambda value: str(value)[:50],
    )
    def test_what_is_not_sure_is_never_guessed(self, changes, problem):
        assert problem_of(trade(**changes)) is problem

    @pytest.mark.parametrize("document", [[], None, "x", {}, {"trade_fullinfo_get_response": 1}])
    def test_what_is_no_order_at_all(self, document):
        assert problem_of(document) in (Problem.FIELD_MISSING, Problem.WRONG_FORM)

    def test_the_detail_names_the_place_and_shows_the_value(self):
        with pytest.raises(Unreadable) as caught:
            TAOBAO.read(trade(line={"num": "两件"}))

        assert caught.value.detail.startswith("num: '两件'")

    def test_long_prose_is_cut_to_what_fits(self):
        draft = TAOBAO.read(
            trade(
                buyer_message="请" * 5000,
                receiver_name="长" * 5000,
                line={"title": "超" * 5000},
            )
        ).draft

        assert (len(draft.buyer_message), len(draft.receiver.name)) == (500, 100)
        assert (len(draft.buyer_name), len(draft.lines[0].title)) == (100, 200)

    def test_what_no_database_keeps_is_left_out(self):
        draft = TAOBAO.read(trade(buyer_message="请放\x00丰巢\ud83d", buyer_nick="林\x00")).draft

        assert draft.buyer_message == "请放丰巢"


class TestTables:
    def test_a_new_field_is_mapped_without_code(self):
        mapping = compile_table(
            table(field="referrer_code", path="leader.id", convert="text", default="")
        )

        with_leader = mapping.read(trade(leader={"id": 77}))
        without = mapping.read(trade())

        assert (with_leader.draft.referrer_code, without.draft.referrer_code) == ("77", "")

    @pytest.mark.parametrize(
        ("row", "value", "expected"),
        [
            ({"convert": "money_cents", "path": "cents"}, 1999, Decimal("19.99")),
            ({"convert": "money_cents", "path": "cents"}, "5", Decimal("0.05")),
            ({"convert": "money_yuan", "path": "cents"}, 12, Decimal("12.00")),
            ({"convert": "money_yuan", "path": "cents"}, 0.1, Decimal("0.10")),
            ({"convert": "constant", "value": "3.5"}, None, Decimal("3.50")),
            ({"convert": "money_yuan", "path": "gone", "default": "1.00"}, None, Decimal("1.00")),
        ],
    )
    def test_converters_of_amounts(self, row, value, expected):
        mapping = compile_table(table(field="freight", **row))

        assert mapping.read(trade(cents=value)).draft.freight == expected

    @pytest.mark.parametrize(
        ("row", "complaint"),
        [
            ({"field": "colour", "path": "x", "convert": "text"}, "colour"),
            ({"field": "freight", "path": "x", "convert": "text"}, "text"),
            ({"field": "freight", "path": "x", "convert": "magic"}, "magic"),
            ({"field": "freight", "path": "a..b", "convert": "money_yuan"}, "a..b"),
            ({"field": "freight", "path": None, "convert": "money_yuan"}, "None"),
            ({"field": "freight", "path": "x", "convert": "money_yuan", "default": "dear"}, "dear"),
            ({"field": "freight", "path": "x", "convert": "money_yuan", "default": None}, "None"),
            ({"field": "paid_at", "path": "x", "convert": "local_time"}, "None"),
            ({"field": "paid_at", "path": "x", "convert": "local_time", "zone": "Mars"}, "Mars"),
            ({"field": "paid_at", "path": "x", "convert": "local_time", "zone": "../x"}, "../x"),
            ({"field": "stage", "path": "x", "convert": "text"}, "text"),
            ({"field": "stage", "path": "x", "convert": "one_of"}, "one_of"),
            ({"field": "stage", "path": "x", "convert": "one_of", "table": {"A": "gone"}}, "gone"),
            ({"field": "urgency", "convert": "constant", "value": "purple"}, "purple"),
            ({"field": "currency", "convert": "constant", "value": "RENMINBI"}, "RENMINBI"),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_a_faulty_row_is_named_with_its_number(self, row, complaint):
        with pytest.raises(BadInput) as caught:
            compile_table(table(**row))

        [said] = caught.value.details["fields"]["table"]
        assert complaint in said
        place = len(table(**row)["fields"])
        assert said.startswith(f"fields {place}:")

    def test_every_complaint_is_told_at_once(self):
        faulty = copy.deepcopy(MAPPING)
        del faulty["fields"][0]
        faulty["fields"].append({"field": "total", "path": "x", "convert": "money_yuan"})
        faulty["lines"]["fields"].append("no row")

        with pytest.raises(BadInput) as caught:
            compile_table(faulty)

        assert len(caught.value.details["fields"]["table"]) == 3

    @pytest.mark.parametrize("faulty", [None, [], {}, {"fields": []}, {"fields": 1, "lines": {}}])
    def test_what_is_no_table(self, faulty):
        with pytest.raises(BadInput):
            compile_table(faulty)
