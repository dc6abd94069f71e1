"""Files that are not what we gave out get a clear answer, and change nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from ordercenter.core.actor import Actor
from ordercenter.core.models import Event
from ordercenter.core.workbooks import checking
from ordercenter.core.workbooks.errors import BadWorkbook
from orders.models import Order
from orders.plain import SEPARATOR
from orders.sheets import runs
from orders.sheets.errors import BadOrderSheet
from orders.sheets.models import SheetRun
from tests.factories import OrderFactory
from tests.sheets.world import Sheet, export, person, sync

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Actor:
    return person()


@pytest.fixture
def order() -> Order:
    return OrderFactory()


@pytest.fixture
def sheet(order: Order, boss: Actor) -> Sheet:
    return Sheet(export(actor=boss)).set(order, seller_memo="changed")


def refusal(content: bytes, boss: Actor) -> BadWorkbook:
    events = Event.objects.count()
    with pytest.raises(BadWorkbook) as caught:
        sync(content, actor=boss)
    assert Event.objects.count() == events
    assert not Order.objects.filter(seller_memo="changed").exists()
    assert str(caught.value)
    return caught.value


def rezipped(content: bytes, change: Callable[[str, bytes], bytes], **added: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, data in added.items():
            new.writestr(name.replace("__", "/").replace("_bin", ".bin"), data)
    return buffer.getvalue()


def as_is(name: str, data: bytes) -> bytes:
    return data


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"number,memo\n1,2\n", "other_format"),
        (b"%PDF-1.7", "other_format"),
        (OLE + b"\0" * 600, "old_format"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"PK\x03\x04 and nothing behind it", "truncated"),
    ],
)
def test_what_is_no_workbook(content: bytes, why: str, boss: Actor):
    assert refusal(content, boss).code == f"workbook_{why}"


def test_a_truncated_one(sheet: Sheet, boss: Actor):
    content = sheet.saved()

    assert refusal(content[: len(content) * 2 // 3], boss).code == "workbook_truncated"


def test_a_bit_that_fell_over(sheet: Sheet, boss: Actor):
    content = bytearray(sheet.saved())
    with zipfile.ZipFile(BytesIO(bytes(content))) as archive:
        place = archive.getinfo("xl/worksheets/sheet1.xml").header_offset + 200
    content[place] ^= 0xFF

    assert refusal(bytes(content), boss).code == "workbook_truncated"


def test_other_office_formats(boss: Actor):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")

    assert refusal(buffer.getvalue(), boss).code == "workbook_other_format"


def test_one_with_macros(sheet: Sheet, boss: Actor):
    content = rezipped(sheet.saved(), as_is, xl__vbaProject_bin=b"x")

    assert refusal(content, boss).code == "workbook_macro"


def test_one_larger_than_the_limit(sheet: Sheet, boss: Actor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "LARGEST_FILE", 1_000)

    with pytest.raises(BadWorkbook) as caught:
        sync(sheet.saved(), actor=boss)

    assert (caught.value.code, caught.value.status) == ("workbook_too_large", 413)
    assert not SheetRun.objects.filter(kind="import").exists()


def test_a_small_one_that_unpacks_to_a_flood(
    sheet: Sheet, boss: Actor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(checking, "LARGEST_UNPACKED", 10_000)

    assert refusal(sheet.saved(), boss).code == "workbook_too_large"


@pytest.mark.parametrize("place", ["XFD1048576", "BA2", "A200001", "A1048576"])
def test_a_cell_far_away_would_reserve_all_memory(place: str, sheet: Sheet, boss: Actor):
    sheet.main[place] = "x"

    assert refusal(sheet.saved(), boss).code == "workbook_too_wide"


def test_cells_without_a_place(sheet: Sheet, boss: Actor):
    def change(name: str, data: bytes) -> bytes:
        return data.replace(b'<c r="A2"', b"<c") if name.endswith("sheet1.xml") else data

    assert refusal(rezipped(sheet.saved(), change), boss).code == "workbook_too_wide"


@pytest.mark.parametrize("size", [64, 97, 128, 251])
def test_a_seam_between_two_pieces_is_no_fault(
    size: int, sheet: Sheet, order: Order, boss: Actor, monkeypatch: pytest.MonkeyPatch
):
    content = sheet.saved()
    monkeypatch.setattr(checking, "_CHUNK", size * 8)

    sync(content, actor=boss)

    assert Order.objects.get(pk=order.pk).seller_memo == "changed"


@pytest.mark.parametrize("size", [64, 97, 128, 251])
def test_nothing_hides_at_a_seam(
    size: int, sheet: Sheet, order: Order, boss: Actor, monkeypatch: pytest.MonkeyPatch
):
    sheet.set(order, seller_memo="=1+1")
    content = sheet.saved()
    monkeypatch.setattr(checking, "_CHUNK", size * 8)

    assert refusal(content, boss).code == "workbook_formula"


def test_one_of_somebody_else(boss: Actor):
    book = openpyxl.Workbook()
    book.active.append(["订单号", "状态"])
    buffer = BytesIO()
    book.save(buffer)

    assert refusal(buffer.getvalue(), boss).code == "workbook_foreign"


def base(sheet: Sheet) -> Any:
    return sheet.book["_base"]


def test_a_changed_base_value(sheet: Sheet, boss: Actor):
    base(sheet).cell(2, 2).value += "I saw this"

    assert refusal(sheet.saved(), boss).code == "workbook_tampered"


def test_a_changed_version(sheet: Sheet, boss: Actor):
    number, _version, *rest = base(sheet).cell(2, 2).value.split(SEPARATOR)
    base(sheet).cell(2, 2).value = SEPARATOR.join((number, "99", *rest))

    assert refusal(sheet.saved(), boss).code == "workbook_tampered"


def test_a_changed_head(sheet: Sheet, boss: Actor):
    head = json.loads(base(sheet).cell(1, 1).value)
    base(sheet).cell(1, 1).value = json.dumps({**head, "masked": not head["masked"]})

    assert refusal(sheet.saved(), boss).code == "workbook_tampered"


def test_a_base_row_of_another_export(sheet: Sheet, boss: Actor):
    other = Sheet(export(OrderFactory(), actor=boss))
    for column, cell in enumerate(base(other)[2], start=1):
        base(sheet).cell(2, column).value = cell.value

    assert refusal(sheet.saved(), boss).code == "workbook_tampered"


def test_a_lost_base_row(sheet: Sheet, boss: Actor):
    base(sheet).delete_rows(2)

    assert refusal(sheet.saved(), boss).code == "workbook_tampered"


def test_rows_that_were_not_exported(sheet: Sheet, order: Order, boss: Actor):
    sheet.main.append(["OC2611200009999", "新店"])

    found = refusal(sheet.saved(), boss)

    assert found.code == "workbook_foreign_rows" and found.details["rows"] == "3"


def test_an_order_twice(sheet: Sheet, order: Order, boss: Actor):
    sheet.main.append([cell.value for cell in sheet.main[2]])

    found = refusal(sheet.saved(), boss)

    assert found.code == "workbook_double_rows"
    assert found.details["rows"] == f"{order.number} (2, 3)"


def test_a_missing_column(sheet: Sheet, boss: Actor):
    sheet.main.delete_cols(sheet.places["seller_memo"])

    found = refusal(sheet.saved(), boss)

    assert found.code == "workbook_missing_columns"
    assert str(found.details["columns"]) in str(found)


def test_a_column_twice(sheet: Sheet, boss: Actor):
    sheet.main.cell(1, 30).value = sheet.main.cell(1, sheet.places["state"]).value

    assert refusal(sheet.saved(), boss).code == "workbook_double_columns"


def test_columns_in_another_order_and_columns_of_ones_own_are_fine(
    sheet: Sheet, order: Order, boss: Actor
):
    sheet.main.insert_cols(1)
    sheet.main.cell(1, 1).value = "我的备注"
    sheet.main.cell(2, 1).value = "=1+1"

    sync(sheet.saved(), actor=boss)

    assert Order.objects.get(pk=order.pk).seller_memo == "changed"


# -- formulas --------------------------------------------------------------------------------


def test_a_formula_in_one_of_our_cells(sheet: Sheet, order: Order, boss: Actor):
    sheet.set(order, seller_memo="=1+1")

    found = refusal(sheet.saved(), boss)

    assert found.code == "workbook_formula"
    place = sheet.cell(order, "seller_memo").coordinate
    assert found.details["cells"] == place


DANGEROUS = ["=cmd|' /C calc'!A0", "@SUM(1)", "+cmd|x", "-2+A1 ", "\t=1+1", '=HYPERLINK("x")']


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_looks_like_a_formula_goes_out_as_text_and_comes_back_unchanged(
    text: str, boss: Actor
):
    kept = text.strip()
    order = OrderFactory(seller_memo=text)
    content = export(order, actor=boss)
    cell = Sheet(content).cell(order, "seller_memo")
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", kept, True)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())

    done = sync(content, actor=boss)

    assert list(done.cells()) == []
    assert Order.objects.get(pk=order.pk).seller_memo == text


@pytest.mark.parametrize("text", ["=1+1", "@SUM(1)", "+cmd|' /C calc'!A0", "-cmd|x"])
def test_a_text_that_looks_like_a_formula_is_refused_on_the_way_in(
    text: str, sheet: Sheet, order: Order, boss: Actor
):
    cell = sheet.cell(order, "seller_memo")
    cell.value = text
    cell.data_type = "s"

    done = sync(sheet.saved(), actor=boss)

    found = done.cell(order, "seller_memo")
    assert found is not None and (found.outcome, found.reason) == ("refused", "formula")
    assert Order.objects.get(pk=order.pk).seller_memo == ""


@pytest.mark.parametrize("text", ["- 请轻放", "+86 13812345678", "-1", "1=1"])
def test_lists_and_phones_are_no_formulas(text: str, sheet: Sheet, order: Order, boss: Actor):
    cell = sheet.cell(order, "seller_memo")
    cell.value = text
    cell.data_type = "s"

    sync(sheet.saved(), actor=boss)

    assert Order.objects.get(pk=order.pk).seller_memo == text


def test_digits_that_a_program_has_rounded_are_refused(sheet: Sheet, order: Order, boss: Actor):
    sheet.set(order, seller_memo=6921168509256123456)

    done = sync(sheet.saved(), actor=boss)

    found = done.cell(order, "seller_memo")
    assert found is not None and (found.outcome, found.reason) == ("refused", "unreadable")


@pytest.mark.parametrize(
    "text",
    ["第一行\n第二行", "a & <b> \"c\" 'd'", "_x0041_ x", "😀 表情", "　全角　空格　", "a\x01\r\nb"],
)
def test_any_text_survives_the_way_out_and_back(text: str, boss: Actor):
    order = OrderFactory(seller_memo=text)

    direct = sync(export(order, actor=boss), actor=boss)

    assert list(direct.cells()) == []
    assert Order.objects.get(pk=order.pk).seller_memo == text


@pytest.mark.parametrize("text", ["C:\\new\\table \\N \\\\ \\.", "上\t中\n下", "\\\n\\t"])
def test_a_cell_holds_the_text_with_its_backslashes_and_breaks(text: str, boss: Actor):
    order = OrderFactory(seller_memo=text)

    sheet = Sheet(export(order, actor=boss))

    assert sheet.cell(order, "seller_memo").value == text


def test_every_refusal_has_its_words():
    assert BadOrderSheet.WHY
    assert {why for why, text in BadOrderSheet.WHY.items() if not str(text).strip()} == set()
