"""A settlement file is loaded once and whole, or not at all."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, ChangedMeanwhile, DomainError, Forbidden
from ordercenter.core.models import Event
from ordercenter.core.workbooks import checking
from orders.finance import reading
from orders.finance.actions import accept_difference, load_settlement
from orders.finance.models import (
    Cause,
    Difference,
    DifferenceState,
    LineOutcome,
    OrderOutcome,
    SettlementFile,
    SettlementFormat,
    SettlementLine,
)
from orders.models import Shop
from tests.factories import ShopFactory
from tests.finance.world import broken_laws, make_order, pay_back, person, shanghai

pytestmark = pytest.mark.django_db

ALIPAY = "支付宝账务明细"
GENERAL = "通用结算单"
HEADERS = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,"
    "账户余额（元）,交易渠道,业务类型,备注"
)
NOON = shanghai("2026-11-20 12:00")
DAY = date(2026, 11, 20)


@pytest.fixture
def shop() -> Shop:
    return ShopFactory()


def entry(flow: str, number: str, income: str = "0.00", expense: str = "0.00", **more: str) -> str:
    """A row as Alipay writes it: cells end with tabs."""
    cells = (
        flow, more.get("transaction", f"B{flow}"), number, "货款",
        more.get("at", "2026-11-20 14:49:39"), "buyer@example.com", income, expense, "10000.00",
        "淘宝", more.get("kind", "交易付款"), more.get("note", ""),
    )  # fmt: skip
    return ",".join(cell if cell.startswith('"') else f"{cell}\t" for cell in cells)


def statement(*rows: str, encoding: str = "gb18030") -> bytes:
    """Alipay's account statement with its remarks."""
    lines = (
        "#支付宝账务明细查询",
        "#账号：[20880000000000000156]",
        "#起始日期：[2026年11月20日 00:00:00]   终止日期：[2026年11月21日 00:00:00]",
        "#-----------------------------------------账务明细列表----------------------------------",
        HEADERS,
        *rows,
        "#-----------------------------------------账务明细列表结束------------------------------",
        "#支出合计：0笔，共0.00元",
    )
    return "\r\n".join(lines).encode(encoding)


def table(
    *rows: tuple[Any, ...], headers: str = "订单号,交易号,结算时间,金额,服务费,类型"
) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(headers.split(","))
    for row in rows:
        book.active.append(row)
    return saved(book)


def saved(book: Any) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def load(content: bytes, shop: Shop, layout: str = ALIPAY, **more: Any) -> SettlementFile:
    return load_settlement(
        BytesIO(content),
        name=more.pop("name", "账单.csv" if layout == ALIPAY else "结算.xlsx"),
        shop=shop,
        layout=SettlementFormat.objects.get(name=layout),
        actor=more.pop("actor", SYSTEM),
        **more,
    )


def refusal(content: bytes, shop: Shop, layout: str = ALIPAY) -> DomainError:
    with pytest.raises(DomainError) as caught:
        load(content, shop, layout, first_day=DAY, last_day=DAY)
    assert str(caught.value)
    assert not SettlementFile.objects.exists() and not SettlementLine.objects.exists()
    return caught.value


# -- loading ---------------------------------------------------------------------------------


def test_alipays_statement_in_gbk(shop: Shop):
    tid = "4093841234567890123"
    order = make_order("3162.56", placed=NOON, paid=NOON, shop=shop, external_number=tid)
    back = make_order("50.00", placed=NOON, paid=NOON, shop=shop)
    pay_back(back, "20.00", at=NOON)

    found = load(
        statement(
            entry("L1", f"T200P{tid}", income='"3,162.56"'),
            entry("L2", back.external_number, income="50.00"),
            entry("L3", back.external_number, expense="-20.00", kind="交易退款"),
            entry("L4", f"T200P{tid}", expense="15.81", kind="收费", note="淘宝服务费"),
            entry("L5", "", expense="3000.00", kind="提现"),
        ),
        shop,
    )

    lines = {line.row: line for line in found.lines.all()}
    assert [line.outcome for _row, line in sorted(lines.items())] == [
        LineOutcome.EXACT,
        LineOutcome.EXACT,
        LineOutcome.REFUND_AGREES,
        LineOutcome.FEE,
        LineOutcome.ASIDE,
    ]
    assert [line.amount for _row, line in sorted(lines.items())][2:4] == [
        Decimal("-20.00"),
        Decimal("-15.81"),
    ]
    first = lines[min(lines)]
    assert (first.order, first.number, first.raw[2]) == (order, tid, f"T200P{tid}")
    assert first.at == shanghai("2026-11-20 14:49:39")
    assert (found.first_day, found.last_day) == (DAY, DAY)
    assert not broken_laws()


def test_a_workbook_with_a_fee_column(shop: Shop):
    order = make_order("100.00", placed=NOON, paid=NOON, shop=shop)

    found = load(
        table((order.external_number, "", "2026-11-20 18:00:00", 99.4, 0.6, "货款")), shop, GENERAL
    )

    assert found.lines.get().outcome == LineOutcome.AFTER_FEE
    gap = found.differences.get()
    assert (gap.cause, gap.state, gap.gap) == (
        Cause.FEE,
        DifferenceState.EXPLAINED,
        Decimal("-0.60"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_texts_in_any_usual_encoding(encoding: str, shop: Shop):
    assert load(statement(entry("L1", "x", income="1.00"), encoding=encoding), shop).lines.get()


@pytest.mark.parametrize(
    ("written", "amount"),
    [("１２３．４５", "123.45"), ("￥1,234.50", "1234.50"), (" 7 ", "7.00"), ("+3.10元", "3.10")],
)
def test_amounts_as_people_and_programs_write_them(written: str, amount: str, shop: Shop):
    quoted = f'"{written}"' if "," in written else written

    assert load(statement(entry("L1", "x", income=quoted)), shop).lines.get().amount == Decimal(
        amount
    )


def test_every_line_and_every_paid_order_of_the_period_has_one_outcome(shop: Shop):
    paid = [make_order("10.00", placed=NOON, paid=NOON, shop=shop) for _ in range(3)]
    make_order("10.00", placed=NOON, paid=shanghai("2026-11-21 12:00"), shop=shop)
    make_order("10.00", placed=NOON, paid=NOON)  # another shop's

    found = load(
        statement(
            entry("L1", paid[0].external_number, income="10.00"),
            entry("L2", paid[1].number, income="9.00"),
            entry("L3", "unknown", income="1.00"),
        ),
        shop,
    )

    assert dict(found.orders.values_list("order", "outcome")) == {
        paid[0].pk: OrderOutcome.SETTLED,
        paid[1].pk: OrderOutcome.DIFFERS,
        paid[2].pk: OrderOutcome.MISSING,
    }
    assert {gap.cause: gap.gap for gap in found.differences.all()} == {
        Cause.AMOUNT: Decimal("-1.00"),
        Cause.UNKNOWN_ORDER: Decimal("1.00"),
        Cause.MISSING_THEIRS: Decimal("-10.00"),
    }
    assert found.counts["orders"] == {"settled": 1, "differs": 1, "missing": 1}
    assert not broken_laws()


def test_what_is_missing_is_explained_when_a_later_file_brings_it(shop: Shop):
    order = make_order("10.00", placed=NOON, paid=NOON, shop=shop)
    first = load(statement(entry("L1", "x", income="1.00")), shop)
    missing = first.differences.get(cause=Cause.MISSING_THEIRS)

    load(
        statement(entry("L2", order.external_number, income="10.00", at="2026-11-23 09:00:00")),
        shop,
    )

    missing.refresh_from_db()
    assert (missing.state, missing.version) == (DifferenceState.EXPLAINED, 2)
    assert Event.objects.filter(kind="difference.explained", stream=order.stream).exists()
    again = load(statement(entry("L3", "y", income="1.00")), shop)
    assert again.orders.get().outcome == OrderOutcome.ELSEWHERE
    assert not broken_laws()


def test_lines_that_came_with_another_file_count_once(shop: Shop):
    order = make_order("10.00", placed=NOON, paid=NOON, shop=shop)
    row = entry("L1", order.external_number, income="10.00")
    load(statement(row), shop)

    second = load(statement(row, entry("L2", "x", income="1.00")), shop)

    assert second.lines.order_by("row").first().outcome == LineOutcome.DUPLICATE
    assert not broken_laws()


# -- once ------------------------------------------------------------------------------------


def test_the_same_content_again_names_the_earlier_upload(shop: Shop):
    content = statement(entry("L1", "x", income="1.00"))
    load(content, shop, actor=person("finance.load_settlementfile"), name="一月.csv")

    with pytest.raises(DomainError) as caught:
        load(content, ShopFactory(), name="二月.csv")

    assert caught.value.code == "settlement_loaded_before"
    assert "一月.csv" in str(caught.value) and "财务小陈" in str(caught.value)
    assert SettlementFile.objects.count() == SettlementLine.objects.count() == 1


def test_two_uploads_of_one_file_at_once_load_it_once(race: Callable[..., list[Any]]):
    shop, other = ShopFactory(), ShopFactory()
    content = statement(entry("L1", "x", income="1.00"))

    outcomes = race(
        lambda: load(content, shop),
        lambda: load(content, other),
        meet_after="orders.finance.actions.load._refuse_twin",
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "LoadedBefore",
        "SettlementFile",
    ]
    assert SettlementFile.objects.count() == SettlementLine.objects.count() == 1


def test_lines_never_change(shop: Shop):
    load(statement(entry("L1", "x", income="1.00")), shop)

    with pytest.raises(IntegrityError), transaction.atomic():
        SettlementLine.objects.update(outcome="exact")


def test_who_may_not_load_is_refused(shop: Shop):
    with pytest.raises(Forbidden):
        load(statement(entry("L1", "x", income="1.00")), shop, actor=person())

    assert not SettlementFile.objects.exists()


# -- files that are none ---------------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GOOD = entry("L1", "x", income="1.00")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (OLE + b"\0" * 600, "old_format"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"PK\x03\x04 and nothing behind it", "truncated"),
        (b"%PDF-1.7\x00\x00", "other_format"),
        ("你好".encode()[:-1] + b"\xff\xff", "encoding"),
        (b"hello, world", "no_header"),
        (statement(GOOD).replace("收入金额".encode("gb18030"), b"x"), "no_header"),
        (statement(), "no_rows"),
        (statement(GOOD)[:-180], "cut_end"),
        (statement("L1\t,B1\t,x"), "cut_rows"),
        (statement(entry("L1", "x", income="1,234.00")), "shifted_rows"),
        (statement(entry("L1", "x", income="NaN")), "bad_cells"),
        (statement(entry("L1", "x", income="一百")), "bad_cells"),
        (statement(entry("L1", "x", income="1.005")), "bad_cells"),
        (statement(entry("L1", "x", income="1e3")), "bad_cells"),
        (statement(entry("L1", "4.09384E+18", income="1.00")), "bad_cells"),
        (statement(entry("L1", "=1+1", income="1.00")), "bad_cells"),
        (statement(entry("L1", "x", income="1.00", at="2026-13-40")), "bad_cells"),
        (statement(entry("L1", "x", income="1.00", at="0638-01-01 00:00:00")), "bad_cells"),
        (statement(entry("L1", '"x', income="1.00")), "truncated"),
    ],
)
def test_bad_texts_get_a_clear_answer(content: bytes, why: str, shop: Shop):
    found = refusal(content, shop)

    assert found.code == f"workbook_{why}", str(found)


def test_bad_cells_are_named_with_row_and_value(shop: Shop):
    found = refusal(statement(GOOD, entry("L2", "x", income="壹佰")), shop)

    assert "7 收入“壹佰”" in str(found)


ROW = ("x", "", "2026-11-20", 1.5, "", "货款")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("x", "", "2026-11-20", "=1+1", "", "")], "formula"),
        ([("x", "", "2026-11-20", 1.005, "", "")], "bad_cells"),
        ([("x", "", "2026-11-20", True, "", "")], "bad_cells"),
        ([(4093841234567890123, "", "2026-11-20", 1, "", "")], "bad_cells"),
        ([("x", "", "2026-11-20", 1e12, "", "")], "bad_cells"),
    ],
)
def test_bad_workbooks_get_a_clear_answer(rows: list[tuple[Any, ...]], why: str, shop: Shop):
    assert refusal(table(*rows), shop, GENERAL).code == f"workbook_{why}"


def test_a_workbook_with_macros(shop: Shop):
    file = BytesIO(table(ROW))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")

    assert refusal(file.getvalue(), shop, GENERAL).code == "workbook_macro"


def test_files_above_the_limits(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    monkeypatch.setattr(reading, "HEADER_WITHIN", 5)
    assert refusal(statement(*[GOOD] * 30), shop).code == "workbook_too_many"
    assert refusal(table(*[ROW] * 30), shop, GENERAL).code == "workbook_too_many"

    monkeypatch.setattr(checking, "LARGEST_UNPACKED", 1_000)
    assert refusal(table(ROW), shop, GENERAL).code == "workbook_too_large"


def test_floats_of_spreadsheet_programs_are_cents(shop: Shop):
    load(table(("x", "", "2026-11-20", 0.1 + 0.2, "", "")), shop, GENERAL)

    assert SettlementLine.objects.get().amount == Decimal("0.30")


def test_taobaos_way_of_keeping_long_numbers(shop: Shop):
    order = make_order(
        "5.00", placed=NOON, paid=NOON, shop=shop, external_number="4093841234567890123"
    )
    out = io.StringIO()
    csv.writer(out).writerows(
        [("订单编号", "结算时间", "金额"), ('="4093841234567890123"', "2026/11/20", "5")]
    )

    load(out.getvalue().encode("gb18030"), shop, GENERAL, name="a.csv")

    assert SettlementLine.objects.get().order == order


# -- differences -----------------------------------------------------------------------------


@pytest.fixture
def difference(shop: Shop) -> Difference:
    make_order("10.00", placed=NOON, paid=NOON, shop=shop)
    found = load(statement(entry("L1", "x", income="1.00")), shop)
    return found.differences.get(cause=Cause.MISSING_THEIRS)


def test_a_difference_is_accepted_with_a_reason_that_stands_on_the_order(difference: Difference):
    actor = person("finance.accept_difference")

    accept_difference(difference.pk, seen=1, reason="已线下核对", actor=actor)

    difference.refresh_from_db()
    assert (difference.state, difference.accepted_by) == (DifferenceState.ACCEPTED, "财务小陈")
    assert difference.order is not None
    told = Event.objects.get(kind="difference.accepted")
    assert (told.stream, told.data["why"]) == (difference.order.stream, "已线下核对")


def test_one_without_an_order_is_accepted_on_the_files_story(shop: Shop):
    found = load(statement(entry("L1", "x", income="1.00")), shop)

    accept_difference(found.differences.get().pk, seen=1, reason="测试款", actor=SYSTEM)

    assert Event.objects.get(kind="difference.accepted").stream == found.stream


def test_never_silently_never_twice_never_from_an_old_page(difference: Difference):
    with pytest.raises(BadInput):
        accept_difference(difference.pk, seen=1, reason=" ", actor=SYSTEM)
    with pytest.raises(Forbidden):
        accept_difference(difference.pk, seen=1, reason="x", actor=person())
    accept_difference(difference.pk, seen=1, reason="x", actor=SYSTEM)
    with pytest.raises(ChangedMeanwhile):
        accept_difference(difference.pk, seen=1, reason="x", actor=SYSTEM)
    with pytest.raises(DomainError):
        accept_difference(difference.pk, seen=2, reason="x", actor=SYSTEM)
    assert Event.objects.filter(kind="difference.accepted").count() == 1


def test_the_machine_has_these_moves_and_no_others():
    moves = {
        (str(move.source), str(move.target), move.name)
        for move in Difference._meta.get_field("state").get_all_transitions(Difference)
    }

    assert moves == {("open", "explained", "explain"), ("open", "accepted", "accept")}
