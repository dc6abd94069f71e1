"""Exports that finance uploads: every form it comes in, and clear words for what is no good."""

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from integrations.erp.comparing import Row
from integrations.erp.reading import Export, read_export
from integrations.models import ErpPolicy
from ordercenter.core.workbooks.errors import BadWorkbook

DAY = date(2026, 11, 21)
HEAD = ["订单编号", "价税合计", "退款金额", "日期"]


@pytest.fixture
def policy(db: None) -> ErpPolicy:
    """The rule as the migration has made it."""
    return ErpPolicy.objects.get()


def csv(*lines: str, code: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("\r\n".join([",".join(HEAD), *lines]).encode(code))


def sheet(*rows: list[Any], head: list[str] | None = None) -> io.BytesIO:
    book = Workbook()
    page = book.active
    for row in [head or HEAD, *rows]:
        page.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def read(file: io.BytesIO, policy: ErpPolicy) -> Export:
    return read_export(file, day=DAY, policy=policy)


def row(number: str, total: str | None, refund: str = "0.00") -> Row:
    return Row(number, None if total is None else Decimal(total), Decimal(refund))


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_reads_chinese_headers_in_every_code(policy, code):
    found = read(csv("OC1,10.50,0,2026-11-21", "OC2,3,1.20,2026-11-21", code=code), policy)

    assert found.rows == [row("OC1", "10.50"), row("OC2", "3.00", "1.20")]


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_reads_other_delimiters_and_a_title_above(policy, delimiter):
    lines = ["销售订单列表", delimiter.join(HEAD), delimiter.join(["OC1", "10.50", "", "20261121"])]

    assert read(io.BytesIO("\n".join(lines).encode()), policy).rows == [row("OC1", "10.50")]


def test_reads_a_workbook_with_numbers_dates_and_sums(policy):
    file = sheet(
        ["OC1", 199.9, None, datetime(2026, 11, 21)],
        ["OC2", "¥1,234.50", "-", "2026/11/21 10:00:00"],
        ["OC3", 0.1 + 0.2, None, "2026年11月21日"],
        [],
        ["合计", 1434.7, 0, None],
    )

    found = read(file, policy)

    assert found.rows == [row("OC1", "199.90"), row("OC2", "1234.50"), row("OC3", "0.30")]


def test_rows_of_an_order_are_added_up(policy):
    found = read(csv("OC1,10.50,,2026-11-21", "OC1,4.50,2,2026-11-21"), policy)

    assert found.rows == [row("OC1", "15.00", "2.00")]


def test_red_bills_are_refunds_and_a_refund_alone_is_no_order(policy):
    found = read(csv("OC1,-10.50,,2026-11-21", "OC2,0,3,2026-11-21"), policy)

    assert found.rows == [row("OC1", None, "10.50"), row("OC2", None, "3.00")]


def test_rows_of_other_days_are_counted_and_left_out(policy):
    found = read(csv("OC1,1,,2026-11-21", "OC2,2,,2026-11-20"), policy)

    assert (found.rows, found.left_out) == ([row("OC1", "1.00")], 1)


def test_a_header_without_rows_means_no_orders(policy):
    assert read(csv(), policy).rows == []


def test_headers_are_a_rule_that_finance_edits(policy):
    policy.number_headers, policy.refund_headers = ["外部单号"], []
    file = io.BytesIO("外部单号,金额\nA-1,5.00\nA-2,-1.00".encode())

    assert read(file, policy).rows == [row("A-1", "5.00"), row("A-2", None, "1.00")]


def test_numbers_that_a_program_wrapped_are_unwrapped(policy):
    found = read(csv('"=""4200000000123456789""",1,,2026-11-21', "'0012,2,,2026-11-21"), policy)

    assert [r.number for r in found.rows] == ["4200000000123456789", "0012"]


def bad(file: io.BytesIO, policy: ErpPolicy) -> BadWorkbook:
    with pytest.raises(BadWorkbook) as caught:
        read(file, policy)
    return caught.value


def test_missing_columns_are_named(policy):
    refusal = bad(io.BytesIO("订单编号,备注\nOC1,x".encode()), policy)

    assert refusal.code == "workbook_no_header"
    assert "价税合计" in str(refusal)


def test_every_bad_cell_is_named_at_once(policy):
    refusal = bad(csv("OC1,abc,,2026-11-21", "OC2,1,,2026-11-21", "OC3,1.005,,2026-11-21"), policy)

    assert refusal.code == "workbook_bad_amounts"
    assert "2: abc" in str(refusal) and "4: 1.005" in str(refusal)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (",5,,2026-11-21", "workbook_no_number"),
        ("OC1,5,,昨天", "workbook_bad_days"),
        ("OC1,5,,2026-13-01", "workbook_bad_days"),
        ("OC1,NaN,,2026-11-21", "workbook_bad_amounts"),
        ("4.20012E+18,5,,2026-11-21", "workbook_long_numbers"),
        ("OC1,5,,2026-11-20", "workbook_other_days"),
    ],
)
def test_what_is_no_good_is_refused_whole(policy, line, code):
    assert bad(csv(line), policy).code == code


def test_numbers_that_excel_rounded_are_refused(policy):
    refusal = bad(sheet([4200000000123456789, 5, None, "2026-11-21"]), policy)

    assert refusal.code == "workbook_long_numbers"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "workbook_empty"),
        (b"PK\x03\x04 cut", "workbook_truncated"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "workbook_old_format"),
        (b"%PDF-1.4 \x00\x01", "workbook_other_format"),
        (b'"OC1,', "workbook_truncated"),
    ],
)
def test_other_files_are_told_apart(policy, body, code):
    assert bad(io.BytesIO(body), policy).code == code


def test_formulas_in_our_columns_are_refused(policy):
    assert bad(sheet(["OC1", "=1+1", None, "2026-11-21"]), policy).code == "workbook_formula"


def test_double_columns_are_refused(policy):
    head = ["订单编号", "价税合计", "退款金额", "价税合计"]

    assert bad(sheet(["OC1", 1, 0, 2], head=head), policy).code == "workbook_double_columns"


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(policy, monkeypatch):
    monkeypatch.setattr("integrations.erp.reading.LARGEST", 10)

    assert bad(csv("OC1,1,,2026-11-21"), policy).code == "workbook_export_too_large"
