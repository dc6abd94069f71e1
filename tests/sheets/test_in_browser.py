"""A person's day with a sheet in a real Chromium: export, edit, upload, look, confirm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from ordercenter.console.roles import grant_roles
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.actions import set_memo
from orders.models import Order, OrderState
from orders.sheets.models import SheetRun
from tests.factories import OrderFactory
from tests.sheets.world import Sheet
from tests.support.browsing import PICTURES, SIZES, window

pytestmark = [pytest.mark.browser, pytest.mark.processes]
WIDER = "() => document.documentElement.scrollWidth - innerWidth"
# Our own part of the page, without the names of icons around it.
OURS = "() => [...document.querySelectorAll('.oc-panel')].map(e => e.innerText).join(' ')"
ENGLISH = re.compile(r"(?<![\w/.@-])[A-Za-z][a-z]{2,}(?![\w/.@-])")
NAMES = {"Excel", "system", "orders"}


def look(page: Page, name: str) -> None:
    """Nothing is wider than the screen, and our part of the page is in Chinese."""
    page.wait_for_load_state()  # a click returns before its page is there
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert page.evaluate(WIDER) <= 0, name
    assert set(ENGLISH.findall(page.evaluate(OURS))) <= NAMES, name


@pytest.mark.parametrize("role", ["finance", "admin", "supervisor"])
@pytest.mark.parametrize("size", SIZES)
def test_a_sheet_goes_out_and_comes_back(
    committed_db: None, live_server: Any, browser: Browser, size: str, role: str, tmp_path: Path
):
    grant_roles()
    orders: list[Order] = [OrderFactory(state=OrderState.PENDING_FINANCE) for _ in range(3)]
    page = window(browser, live_server.url, size, role)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    page.goto("/admin/orders/order/?tab=finance")
    page.get_by_role("link", name="导出 Excel").click()
    look(page, f"sheet-export-{role}-{size}")
    page.get_by_role("button", name="生成表格").click()
    look(page, f"sheet-made-{role}-{size}")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载表格").click()
    content = download.value.path().read_bytes()

    edited = tmp_path / "orders.xlsx"
    sheet = Sheet(content).set(orders[0], state="备货中").set(orders[1], seller_memo="表里写的")
    edited.write_bytes(sheet.set(orders[2], seller_memo="表里也写了").saved())
    set_memo(orders[2].pk, seen=None, text="页面上写的", actor=SYSTEM)
    page.goto("/admin/orders/order/import/")
    look(page, f"sheet-import-{role}-{size}")
    page.set_input_files("input[type=file]", str(edited))
    page.get_by_role("button", name="核对").click()
    page.get_by_text("页面上写的").first.wait_for()
    look(page, f"sheet-preview-{role}-{size}")
    assert Order.objects.get(pk=orders[1].pk).seller_memo == ""

    page.get_by_role("button", name="确认写入").click()
    page.get_by_text("单元格未写入").first.wait_for()
    look(page, f"sheet-done-{role}-{size}")

    assert Order.objects.get(pk=orders[1].pk).seller_memo == "表里写的"
    assert Order.objects.get(pk=orders[2].pk).seller_memo == "页面上写的"
    waits_with_progress(page, size, role)
    assert [text for text in said if "Security Policy" in text] == []


def waits_with_progress(page: Page, size: str, role: str) -> None:
    """A run that a worker has in hand shows how far it is, and then by itself what it found."""
    run = SheetRun.objects.order_by("-pk").first()
    assert run is not None
    SheetRun.objects.filter(pk=run.pk).update(
        state="running", phase="applying", done=21_000, total=50_000, beat_at=moments.now()
    )
    page.goto(f"/admin/sheets/sheetrun/{run.pk}/change/")
    page.get_by_text("21,000 / 50,000").wait_for()
    look(page, f"sheet-progress-{role}-{size}")
    SheetRun.objects.filter(pk=run.pk).update(state="done", phase="")
    page.get_by_text("表里也写了").first.wait_for(timeout=10_000)
