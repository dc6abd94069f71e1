"""What other programs make of our workbook when they open and save it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from orders.models import Order
from tests.factories import OrderFactory
from tests.sheets.world import Sheet, export, person, sync

pytestmark = pytest.mark.django_db
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
MEMOS = ("普通", "第一行\n第二行", "=1+1", "+86 138", "a & <b>", "_x0041_", "00123", "")


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed on this machine")
def test_libreoffice_opens_saves_and_the_sync_takes_it(tmp_path: Path):
    """Headless, with a profile of its own: convert is open and save."""
    boss = person()
    orders = [OrderFactory(seller_memo=memo) for memo in MEMOS]
    edited = Sheet(export(actor=boss)).set(
        orders[0], seller_memo="改过", receiver_phone="13900001111"
    )
    source = tmp_path / "orders.xlsx"
    source.write_bytes(edited.saved())
    command = [
        str(OFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
        "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "saved"),
        str(source),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=180, capture_output=True)

    done = sync((tmp_path / "saved" / "orders.xlsx").read_bytes(), actor=boss)

    assert {(c.number, c.field, c.outcome) for c in done.run.cells.all()} == {
        (orders[0].number, "seller_memo", "applied"),
        (orders[0].number, "receiver_phone", "applied"),
    }
    assert Order.objects.get(pk=orders[0].pk).seller_memo == "改过"


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
