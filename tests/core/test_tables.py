"""Tables that people upload: what a cell says, and where the header stands."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ordercenter.core.workbooks.cells import (
    Unreadable,
    amount_of,
    day_of,
    moment_of,
    number_of,
    plain_header,
)
from ordercenter.core.workbooks.checking import keep_upload
from ordercenter.core.workbooks.errors import BadWorkbook
from ordercenter.core.workbooks.tables import Header, Limits, Table, find_header, read_table

LARGEST = Decimal(1_000_000)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("１２３．４５", "123.45"),
        ("￥1,234.50", "1234.50"),
        ('="10.50"', "10.50"),
        ("-3.1元\t", "-3.10"),
        (0.1 + 0.2, "0.30"),
        ("0.30000000000000004", "0.30"),
        ("", None),
    ],
)
def test_amounts(cell: Any, amount: str | None):
    assert amount_of(cell, largest=LARGEST) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "cell", ["1.005", 1.005, "1e3", "12,34", "NaN", "-", True, 1e6 + 1, float("inf"), "=1+1"]
)
def test_what_is_no_amount(cell: Any):
    with pytest.raises(Unreadable):
        amount_of(cell, largest=LARGEST)


@pytest.mark.parametrize(
    ("cell", "number"),
    [('="4093841234567890123"', "4093841234567890123"), ("'0012", "0012"), (12.0, "12")],
)
def test_numbers_keep_every_digit(cell: Any, number: str):
    assert number_of(cell) == number


@pytest.mark.parametrize("cell", [4093841234567890123, "4.09384E+18", 1.5, True, "=A1"])
def test_numbers_that_lost_digits_are_none(cell: Any):
    with pytest.raises(Unreadable):
        number_of(cell)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("2026-11-20 14:49:39", "2026-11-20 14:49:39"),
        ("2026/1/2 9:05", "2026-01-02 09:05:00"),
        ("2026年11月20日 14:49:39", "2026-11-20 14:49:39"),
        ("2026-11-20T14:49:39.125", "2026-11-20 14:49:39"),
        ("20261120", "2026-11-20 00:00:00"),
        (datetime(2026, 11, 20, 8), "2026-11-20 08:00:00"),
    ],
)
def test_moments_are_shanghais(cell: Any, shown: str):
    found = moment_of(cell)

    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M:%S %z}" == f"{shown} +0800"


@pytest.mark.parametrize(
    "cell", ["2026-13-40", "0638-01-01", "2026-11-20 25:00", "2026-11-20 上午", "昨天", 46346]
)
def test_what_is_no_moment(cell: Any):
    with pytest.raises(Unreadable):
        moment_of(cell)


@pytest.mark.parametrize(
    "cell", ["2026.11.20", "2026-11-20 上午10:00", 46346, "46346.5", date(2026, 11, 20)]
)
def test_days_may_have_anything_behind_them(cell: Any):
    assert day_of(cell) == date(2026, 11, 20)


@pytest.mark.parametrize("cell", ["", " \t"])
def test_an_empty_cell_is_no_day_and_no_mistake(cell: str):
    assert day_of(cell) is None and moment_of(cell) is None


def test_headers_are_compared_without_width_blanks_and_case():
    assert plain_header(" 收入 金额（＋元）ABC") == plain_header("收入金额(+元)abc")


# -- the table -------------------------------------------------------------------------------

LIMITS = Limits(rows=3, header_within=2)


def table(text: str, tmp_path: Path, encoding: str = "utf-8") -> Table:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    return read_table(path, LIMITS, refuse=BadWorkbook)


def header(found: Table) -> Header[str]:
    wanted = {"number": ["订单号", "单号"], "amount": ["金额"]}
    return find_header(
        found, wanted, within=3, lacks=lambda columns: [key for key in wanted if key not in columns]
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_texts_of_any_usual_kind(encoding: str, sign: str, tmp_path: Path):
    found = table(f"单号{sign}金额\n甲{sign}1", tmp_path, encoding)

    assert found.rows == [(1, ["单号", "金额"]), (2, ["甲", "1"])]


def test_the_row_that_lacks_least_is_named_when_none_is_a_header(tmp_path: Path):
    found = header(table("一月账单\n备注,金额\n", tmp_path))

    assert (found.place, found.missing) == (1, ["number"])


def test_the_preferred_title_wins_and_a_double_one_is_told(tmp_path: Path):
    found = header(table("单号,订单号,金额,金额", tmp_path))

    assert found.columns == {"number": 1, "amount": 2}
    assert found.doubled() == ["金额"]


def test_more_rows_than_the_limits_allow_are_refused(tmp_path: Path):
    assert len(table("x\n" * LIMITS.everything, tmp_path).rows) == LIMITS.everything
    with pytest.raises(BadWorkbook) as caught:
        table("x\n" * (LIMITS.everything + 1), tmp_path)
    assert caught.value.code == "workbook_too_many"


def test_an_upload_is_kept_up_to_its_limit():
    into = io.BytesIO()

    size, digest = keep_upload(
        io.BytesIO(b"abc"), into, largest=3, refusal=BadWorkbook("too_large")
    )

    assert (size, into.read(), digest[:8]) == (3, b"abc", "ba7816bf")
    with pytest.raises(BadWorkbook):
        keep_upload(io.BytesIO(b"abc"), into, largest=2, refusal=BadWorkbook("too_large"))
