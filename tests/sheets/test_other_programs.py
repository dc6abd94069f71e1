"""What other programs make of our workbook when they open and save it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orders.models import Order, OrderState
from tests.factories import OrderFactory
from tests.sheets import office
from tests.sheets.world import Sheet, export, person, sync

pytestmark = pytest.mark.django_db
needs_office = pytest.mark.skipif(
    office.OFFICE is None, reason="LibreOffice is not installed on this machine"
)
MEMOS = ("普通", "第一行\n第二行", "=1+1", "+86 138", "a & <b>", "_x0041_", "00123", "")


@needs_office
def test_libreoffice_opens_and_saves_and_nothing_has_changed(tmp_path: Path):
    boss = person()
    orders = [OrderFactory(seller_memo=memo) for memo in MEMOS]

    saved = office.edit(export(actor=boss), {}, tmp_path)
    done = sync(saved, actor=boss)

    assert list(done.cells()) == []
    assert done.run.counts["rows"] == len(orders)
    assert [Order.objects.get(pk=order.pk).seller_memo for order in orders] == list(MEMOS)


@needs_office
def test_what_is_typed_in_libreoffice_is_applied_and_locked_cells_stay(tmp_path: Path):
    boss = person()
    orders = [OrderFactory(seller_memo=memo) for memo in MEMOS]
    content = export(actor=boss)
    cell = Sheet(content).cell
    typed = {
        cell(orders[0], "seller_memo").coordinate: "改过",
        cell(orders[0], "receiver_phone").coordinate: "13900001111",
        cell(orders[1], "state").coordinate: "待核款",
        cell(orders[2], "note").coordinate: "从电子表格追加",
    }
    locked = {cell(orders[3], "number").coordinate: "X", cell(orders[3], "total").coordinate: "1"}

    saved = office.edit(content, typed | locked, tmp_path)
    done = sync(saved, actor=boss)

    assert {(c.number, c.field, c.outcome) for c in done.run.cells.all()} == {
        (orders[0].number, "seller_memo", "applied"),
        (orders[0].number, "receiver_phone", "applied"),
        (orders[1].number, "state", "applied"),
        (orders[2].number, "note", "applied"),
        # A macro gets past the protection; our own look at locked cells is what counts.
        (orders[3].number, "", "refused"),
    }
    now = Order.objects.get(pk=orders[0].pk)
    assert (now.seller_memo, now.receiver_phone) == ("改过", "13900001111")
    assert Order.objects.get(pk=orders[1].pk).state == OrderState.PENDING_FINANCE


@needs_office
def test_texts_hidden_sheets_and_protection_survive_libreoffice(tmp_path: Path):
    boss = person()
    order = OrderFactory()
    numbers = {"number": "00123456789012345678", "receiver_phone": "013800001111"}
    Order.objects.filter(pk=order.pk).update(**numbers)
    order.refresh_from_db()
    content = export(actor=boss)
    place = Sheet(content).cell(order, "seller_memo").coordinate

    sheet = Sheet(office.edit(content, {place: "改过"}, tmp_path))

    for key, text in {**numbers, "seller_memo": "改过"}.items():
        cell = sheet.cell(order, key)
        assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@"), key
    assert sheet.book.sheetnames[1:] == ["_lists", "_base"]
    assert {hidden.sheet_state for hidden in sheet.book.worksheets[1:]} <= {"hidden", "veryHidden"}
    assert sheet.main.protection.sheet
    assert sheet.cell(order, "number").protection.locked
    assert not sheet.cell(order, "seller_memo").protection.locked
    rules = sheet.main.data_validations.dataValidation
    assert {rule.formula1.replace("$", "") for rule in rules} == {"_lists!A1:A11", "_lists!B1:B4"}


def test_openpyxl_opens_saves_and_nothing_has_changed():
    boss = person()
    orders = [OrderFactory(seller_memo=memo) for memo in MEMOS]

    done = sync(Sheet(export(actor=boss)).saved(), actor=boss)

    assert list(done.cells()) == []
    assert [Order.objects.get(pk=order.pk).seller_memo for order in orders] == list(MEMOS)


def test_people_find_a_frozen_protected_sheet_with_drop_downs():
    boss = person()
    order = OrderFactory(number="00123456789012345678")

    sheet = Sheet(export(actor=boss))

    assert sheet.main.freeze_panes == "B2"
    assert sheet.main.protection.sheet
    assert [s.sheet_state for s in sheet.book.worksheets] == ["visible", "veryHidden", "veryHidden"]
    for key, is_locked in (("number", True), ("total", True), ("state", False), ("city", False)):
        cell = sheet.cell(order, f"receiver_{key}" if key == "city" else key)
        assert cell.protection.locked == is_locked, key
    # Empty to begin with: the column's own style says that it can be written into.
    assert not sheet.main.column_dimensions["N"].protection.locked
    for key in ("external_number", "receiver_phone"):
        cell = sheet.cell(order, key)
        assert (cell.number_format, cell.data_type) == ("@", "s"), key
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.main.data_validations.dataValidation}
    assert rules == {"E2": "_lists!$A$1:$A$11", "F2": "_lists!$B$1:$B$4"}
    words = [row[0].value for row in sheet.book["_lists"].iter_rows()]
    assert words[:4] == ["待支付", "待审核", "待核款", "备货中"]
    assert sheet.main.column_dimensions["V"].hidden
    assert sheet.cell(order, "total").value == 10
