"""A working day of each role in a real browser, wide and as a telephone, in Chinese.

What other modules drive is not driven again: an order's road (test_browser), a return's road
(tests/rma), the customer's page and the quick form (tests/care), the numbers (tests/insight).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Timer
from orders.actions import add_note, mark_urgent
from orders.care.models import Inquiry
from orders.fulfilment.actions import dispatch_shipment, take_tracking
from orders.fulfilment.actions.track import Trace
from orders.fulfilment.models import Carrier, Shipment, TrackingState
from orders.models import Order, OrderState, Urgency, UrgentReason, WorkOrder
from rma.models import Return
from tests.factories import OrderFactory
from tests.fulfilment import world as warehouse
from tests.rma import world as returns
from tests.support.browsing import english, look
from tests.support.desks import DESKTOP, PHONE, let_the_relay_work

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"]),
]
NEW_ADDRESS = {
    "name": "李雷",
    "phone": "13812345678",
    "province": "上海市",
    "city": "上海市",
    "district": "浦东新区",
    "street": "世纪大道 100 号 8 楼",
}


@pytest.fixture
def picture(size):
    """Looks at a page, and keeps a picture of it where OC_PICTURES says so."""
    name = "phone" if size is PHONE else "desktop"
    return lambda who, title: look(who.page, f"{title}-{name}")


def go(who, path):
    who.page.goto(who.address + path)


def hurry(order: Order, hours: float) -> None:
    mark_urgent(
        order.pk,
        seen=None,
        urgency=Urgency.RED,
        wanted_by=moments.now() + timedelta(hours=hours),
        reason=UrgentReason.STORE_EMPTY,
        actor=SYSTEM,
    )


def test_customer_service_answers_changes_and_takes_back(desk, size, picture):
    warehouse.make_house()
    waiting = warehouse.preparing_order()
    arrived = returns.delivered_order({"A": 2})
    cs = desk("cs", size)

    go(cs, "/desk/")
    cs.page.get_by_label("电话、订单号、运单号或姓名").fill("13812345678")
    cs.page.keyboard.press("Enter")
    cs.page.wait_for_url("**q=13812345678**")
    picture(cs, "day-desk")
    card = cs.page.locator("article", has_text=waiting.number)
    card.get_by_role("button", name="客户问：货在哪").click()
    card = cs.page.locator("article.hot", has_text=waiting.number)
    card.locator("summary").click()
    by = (moments.now() + timedelta(days=1)).astimezone(moments.SHANGHAI)
    card.get_by_label("货在哪").fill("杭州仓")
    card.get_by_label("几时到").fill(f"{by:%Y-%m-%dT%H:%M}")
    card.get_by_label("为什么").fill("大雾封路")
    picture(cs, "day-desk-answer")
    card.get_by_role("button", name="已告知客户").click()
    expect(cs.page.locator("article.hot", has_text=waiting.number)).to_have_count(0)
    assert Inquiry.objects.get(order=waiting).place == "杭州仓"

    cs.page.locator("article", has_text=waiting.number).get_by_role("link").first.click()
    cs.page.wait_for_url(f"**/{waiting.pk}/change/**")
    cs.press("change_address", **NEW_ADDRESS)
    picture(cs, "day-order-card")
    assert Order.objects.get(pk=waiting.pk).receiver_name == "李雷"

    cs.open("rma_return_changelist")
    cs.press("request_return", order_number=arrived.number, kind="return", reason="no_reason")
    picture(cs, "day-returns")
    assert Return.objects.get().order_id == arrived.pk


def test_the_warehouse_packs_what_the_notes_and_the_scanner_allow(desk, size, picture):
    warehouse.make_house()
    Carrier.objects.create(code="own", name="自有配送", numbers_are_ours=True)
    order = warehouse.preparing_order({"A": 1, "B": 1})
    hurry(order, 3)
    calm = warehouse.released(warehouse.preparing_order({"A": 1}))
    add_note(order.pk, text="明天 12 点前送达", actor=SYSTEM)
    parcel = warehouse.released(order)
    packer = desk("warehouse", size)
    page = packer.page

    go(packer, "/scan/")
    picture(packer, "day-scan")
    shown = page.locator(".parcels .number").all_inner_texts()
    assert shown.index(parcel.number) < shown.index(calm.number)
    page.fill("#code", order.number)
    page.press("#code", "Enter")
    expect(page.get_by_text("明天 12 点前送达")).to_be_visible()
    picture(packer, "day-scan-notes")
    assert page.locator(".goods").count() == 0
    page.get_by_role("button", name="我已阅读").click()
    expect(page.locator(".goods li")).to_have_count(2)
    page.fill("#code", "XX-WRONG")
    page.press("#code", "Enter")
    expect(page.locator(".message.error")).to_be_visible()
    picture(packer, "day-scan-wrong")
    for code in ("A", "69000B"):
        page.fill("#code", code)
        page.press("#code", "Enter")
        expect(page.locator(".message.success")).to_contain_text(code[-1])
    page.get_by_role("button", name="封箱打包").click()
    page.select_option("#carrier", label="自有配送")
    page.get_by_role("button", name="打印面单").click()
    expect(page.get_by_role("button", name="交接快递，确认出库")).to_be_visible()
    picture(packer, "day-scan-label")
    page.get_by_role("button", name="交接快递，确认出库").click()
    expect(page.locator("h1 .state")).to_have_text("已出库")

    assert Shipment.objects.get(pk=parcel.pk).left_warehouse_at is not None


def test_a_card_of_sales_is_filled_in_by_service_and_paid_to_finance(desk, size, picture):
    warehouse.make_house()
    sales, cs, finance = desk("sales", size), desk("cs", size), desk("finance", size)
    by = (moments.now() + timedelta(hours=3)).astimezone(moments.SHANGHAI)

    go(sales, "/quick-order/")
    sales.page.get_by_label("客户电话").fill("13900001111")
    sales.page.get_by_label("原因").select_option("store_empty")
    sales.page.get_by_label("期望时间").fill(f"{by:%Y-%m-%dT%H:%M}")
    picture(sales, "day-quick")
    sales.page.get_by_role("button", name="下一步").click()
    sales.page.get_by_role("button", name="提交加急").click()
    sales.page.get_by_text("已上加急看板").wait_for()
    card = Order.objects.get()

    cs.open("orders_order_change", card.pk)
    assert not cs.has_button("approve")
    picture(cs, "day-card-empty")
    cs.page.click("#do-fill_card")
    expect(cs.page.locator("#dialog")).to_be_visible()
    picture(cs, "day-card-dialog")
    cs.page.keyboard.press("Escape")
    cs.open("orders_order_change", card.pk)
    fields = {"lines-1-sku": "A", "lines-1-quantity": "2", "lines-1-price": "12.50"}
    cs.press("fill_card", **NEW_ADDRESS | fields)
    picture(cs, "day-card-filled")

    finance.open("orders_order_change", card.pk)
    finance.press("pay", amount="25.00")
    cs.open("orders_order_change", card.pk)
    cs.press("approve")
    finance.open("orders_order_changelist", query="?tab=finance")
    picture(finance, "day-funds")
    finance.open("orders_order_change", card.pk)
    finance.press("confirm_funds")
    let_the_relay_work()

    card.refresh_from_db()
    assert (card.state, card.ship_by) == (OrderState.PREPARING, card.wanted_by)
    assert Shipment.objects.filter(order=card).exists()


def test_supervisor_and_logistics_clear_what_is_late_and_what_is_stuck(desk, size, picture):
    warehouse.make_house()
    order = OrderFactory(state=OrderState.PREPARING)
    hurry(order, 1)
    Timer.objects.filter(subject_kind="order").update(due_at=moments.now() - timedelta(hours=1))
    parcel = dispatch_shipment(warehouse.packed().pk, seen=None, actor=SYSTEM)
    trouble = Trace(moments.now(), TrackingState.EXCEPTION, "【上海】收件人拒收")
    take_tracking(parcel.pk, [trouble], actor=SYSTEM)
    supervisor, logistics = desk("supervisor", size), desk("logistics", size)

    go(supervisor, "/board/urgent/")
    picture(supervisor, "day-board")
    expect(supervisor.page.locator("tbody tr").first).to_contain_text(order.number)
    supervisor.open("orders_order_changelist", query="?tab=overdue")
    picture(supervisor, "day-overdue")
    expect(supervisor.page.get_by_text(order.number).first).to_be_visible()

    logistics.open("fulfilment_shipment_changelist", query="?tab=trouble")
    picture(logistics, "day-trouble")
    logistics.page.get_by_role("link", name=parcel.number).first.click()
    logistics.page.wait_for_url(f"**/{parcel.pk}/change/**")
    logistics.press("recover", reason="已与客户联系，明天再送")
    work = WorkOrder.objects.get(order=parcel.order, owner_role="logistics")
    logistics.open("orders_workorder_change", work.pk)
    if logistics.has_button("claim"):
        logistics.press("claim")
        logistics.press("resolve", resolution="明天再送，客户已同意")
    picture(logistics, "day-work-order")

    work.refresh_from_db()
    assert work.state in ("resolved", "withdrawn")
    assert Shipment.objects.get(pk=parcel.pk).state == "in_transit"
    assert english(logistics.page) == set()
