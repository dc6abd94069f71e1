"""A returned parcel's day in a real browser: customer service, the warehouse's phone, finance."""

import pytest
from playwright.sync_api import expect

from orders.models import WorkOrder
from rma.models import Refund, Return
from tests.fulfilment.world import broken_laws, make_house
from tests.rma import world
from tests.support.browsing import PICTURES
from tests.support.desks import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def picture(who, name):
    if PICTURES:
        who.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_a_return_goes_from_the_question_to_the_money(desk):
    make_house()
    world.set_limit("0")
    order = world.delivered_order({"A": 2}, method=None)
    rma = world.requested(order, note="颜色和图片不一样")
    cs, finance, warehouse = desk("cs"), desk("finance"), desk("warehouse", PHONE)

    cs.open("rma_return_changelist")
    picture(cs, "returns-list")
    cs.open("rma_return_change", rma.pk)
    assert not cs.has_button("approve_refund")
    cs.press("authorise")
    picture(cs, "return")

    page = warehouse.page
    page.goto(f"{warehouse.address}/scan/returns/")
    picture(warehouse, "receive-home")
    page.fill("#code", rma.number)
    page.press("#code", "Enter")
    page.wait_for_url(f"**/{rma.number}/")
    for code, counted in (("A", "1"), ("B", "1"), ("69000A", "2")):
        page.fill("#code", code)
        page.press("#code", "Enter")
        expect(page.locator(".counts b")).to_have_text(counted)
        expect(page.locator("#messages p")).to_have_count(1)
    picture(warehouse, "receive-mismatch")
    assert page.locator(".message.error").count() >= 1
    page.fill("#note", "多了一件 B，已另放")
    page.click("form[action$='/receive/'] button")
    page.wait_for_selector("form[action$='/inspect/']")
    picture(warehouse, "receive-inspect")
    page.click("form[action$='/inspect/'] button")
    expect(page.locator("form[action$='/inspect/']")).to_have_count(0)
    page.wait_for_load_state()
    assert Return.objects.get().state == "inspected"
    assert WorkOrder.objects.get(kind="return").owner_role == "cs"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    finance.open("rma_return_change", rma.pk)
    finance.press("approve_refund", amount="18.00", account="6222 0000", bank="工行")
    refund = Refund.objects.get()
    finance.open("rma_refund_changelist")
    picture(finance, "payouts")
    finance.open("rma_refund_change", refund.pk)
    finance.press("pay_out", reference="B-20261122-1")
    finance.open("orders_order_change", order.pk)
    picture(finance, "order-card")

    assert Return.objects.get().state == "settled"
    assert broken_laws() == {}
