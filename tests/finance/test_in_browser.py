"""Finance's morning in a real browser: sheet, settlement file, difference, invoice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from inventory.actions import receive_stock
from inventory.models import Sku
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.finance.actions import InvoiceDraft, ask_invoice
from orders.finance.models import Cause, Difference, Invoice, InvoiceState, SettlementFormat
from tests.factories import ShopFactory
from tests.finance.test_settlements import entry, statement
from tests.finance.world import make_order, pay_back
from tests.fulfilment.world import make_house
from tests.rma.world import delivered_order
from tests.support.browsing import PICTURES
from tests.support.desks import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.processes]
NUMBER = "25312000000000000001"


def picture(who: Any, name: str) -> None:
    if PICTURES:
        who.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def dialog(who: Any, verb: str, name: str) -> None:
    """A picture of an open dialog, which is closed again."""
    who.page.click(f"#do-{verb}")
    who.page.wait_for_selector("#dialog button[type=submit]")
    picture(who, name)
    who.page.keyboard.press("Escape")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_finances_morning(desk: Any, size: dict[str, int], tmp_path: Path):
    make_house()
    order = delivered_order({"A": 2, "B": 1})
    for code, cost in (("A", "6.50"), ("A", "7.10"), ("B", "4.00")):
        level = Sku.objects.get(code=code).levels.get()
        receive_stock(
            sku=level.sku_id,
            warehouse=level.warehouse_id,
            quantity=40,
            unit_cost=Decimal(cost),
            document="PO-1",
            actor=SYSTEM,
        )
    ask_invoice(order.pk, seen=None, draft=InvoiceDraft(title="上海示例科技有限公司"), actor=SYSTEM)
    yesterday = moments.now().astimezone(moments.SHANGHAI).replace(hour=10) - timedelta(days=1)
    shop = ShopFactory(name="天猫旗舰店")
    first = make_order("128.00", placed=yesterday, paid=yesterday, shop=shop)
    make_order("59.90", placed=yesterday, paid=yesterday, shop=shop)
    pay_back(first, "28.00", at=yesterday)
    at = f"{yesterday:%Y-%m-%d} 20:11:00"
    bill = tmp_path / "支付宝账单.csv"
    bill.write_bytes(
        statement(
            entry("L1", first.external_number, income="128.00", at=at),
            entry("L2", first.external_number, expense="28.00", kind="交易退款", at=at),
            entry("L3", first.external_number, expense="0.64", kind="收费", at=at),
            entry("L4", "4093841234567890123", income="15.00", at=at),
        )
    )
    suffix = "phone" if size is PHONE else "desktop"
    finance = desk("finance", size)

    finance.open("finance_dailysheet_changelist")
    dialog(finance, "make", f"sheet-dialog-{suffix}")
    finance.open("finance_dailysheet_changelist")
    finance.press("make")
    picture(finance, f"sheets-{suffix}")
    with finance.page.expect_download() as told:
        finance.page.click("text=下载")
    assert told.value.suggested_filename.startswith("reconciliation-")

    finance.open("finance_settlementfile_changelist")
    page = finance.page
    page.click("#do-load")
    page.wait_for_selector("#dialog [name=file]")
    page.select_option("#dialog [name=shop]", str(shop.pk))
    layout = SettlementFormat.objects.get(name="支付宝账务明细")
    page.select_option("#dialog [name=format]", str(layout.pk))
    page.set_input_files("#dialog [name=file]", bill)
    picture(finance, f"load-dialog-{suffix}")
    with page.expect_navigation():
        page.click("#dialog button[type=submit]")
    picture(finance, f"settlement-{suffix}")
    page.click("text=查看明细")
    picture(finance, f"lines-{suffix}")

    finance.open("finance_difference_changelist", query="?tab=open")
    picture(finance, f"differences-{suffix}")
    difference = Difference.objects.get(cause=Cause.UNKNOWN_ORDER)
    finance.open("finance_difference_change", difference.pk)
    finance.press("accept", reason="线下补差价，已核对")
    picture(finance, f"difference-{suffix}")

    invoice = Invoice.objects.get()
    finance.open("finance_invoice_changelist", query="?tab=to_issue")
    picture(finance, f"invoices-{suffix}")
    finance.open("finance_invoice_change", invoice.pk)
    assert "请先点击“采购成本”" in page.content()
    assert not finance.has_button("issue")
    picture(finance, f"invoice-blocked-{suffix}")
    dialog(finance, "look", f"costs-{suffix}")
    finance.open("finance_invoice_change", invoice.pk)
    finance.press("look")
    finance.press("issue", number=NUMBER)
    picture(finance, f"invoice-{suffix}")
    finance.open("orders_order_change", order.pk)
    picture(finance, f"card-{suffix}")
    finance.open("finance_settlementformat_change", layout.pk)
    picture(finance, f"format-{suffix}")

    assert Invoice.objects.get().state == InvoiceState.ISSUED
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
