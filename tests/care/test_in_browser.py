"""The pages in a real Chromium, as wide as a telephone, in Chinese."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.actions import attach_file, mark_urgent
from orders.care.actions import note_inquiry
from orders.fulfilment.actions import dispatch_shipment, take_tracking
from orders.fulfilment.actions.track import Trace
from orders.fulfilment.models import TrackingState
from orders.models import Attachment, Order, OrderState, Urgency, UrgentReason, WorkOrder
from tests.factories import OrderFactory
from tests.fulfilment.world import make_house, packed
from tests.support.browsing import SIZES, look, window

pytestmark = [pytest.mark.browser, pytest.mark.processes]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
# Everything a finger presses, except links within text.
SMALL = """() => [...document.querySelectorAll(
  'button, select, textarea, summary, input:not([type=hidden]):not([type=radio]), .pick')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().height < 48).map(e => e.outerHTML)"""


def looked_at(page: Page, name: str) -> None:
    """Nothing is cut off and everything is large enough for a thumb."""
    look(page, name)
    assert page.evaluate(SMALL) == []


def sent_order() -> Order:
    """One parcel on the road, with news and a photo."""
    make_house()
    parcel = packed()
    attach_file(
        parcel.order_id, kind=Attachment.Kind.PHOTO, name="a.png", content=PNG, actor=SYSTEM
    )
    dispatch_shipment(parcel.pk, seen=None, actor=SYSTEM)
    trace = Trace(moments.now(), TrackingState.IN_TRANSIT, "【杭州】快件已发往上海转运中心")
    take_tracking(parcel.pk, [trace], actor=SYSTEM)
    return Order.objects.get(pk=parcel.order_id)


@pytest.mark.parametrize("size", SIZES)
def test_a_customer_finds_the_order_and_asks(committed_db, live_server, browser, size):
    order = sent_order()
    page = window(browser, live_server.url, size)

    page.goto("/track/")
    looked_at(page, f"track-find-{size}")
    page.get_by_label("订单号").fill(order.number)
    page.get_by_label("收件人手机号后四位").fill("5678")
    page.keyboard.press("Enter")
    page.wait_for_url("**/track/order/")
    looked_at(page, f"track-order-{size}")
    page.get_by_role("button", name="货到哪了？").click()

    assert page.get_by_role("status").get_by_text("已收到您的询问").is_visible()
    assert WorkOrder.objects.filter(order=order, kind="inquiry").exists()


def test_a_customer_needs_no_scripts(committed_db, live_server, browser):
    order = OrderFactory()
    page = window(browser, live_server.url, scripts=False)

    page.goto("/track/")
    page.get_by_label("订单号").fill(order.number)
    page.get_by_label("收件人手机号后四位").fill("1111")
    page.get_by_role("button").click()
    assert page.get_by_text("没有找到匹配的订单").is_visible()
    page.get_by_label("收件人手机号后四位").fill("5678")
    page.get_by_role("button").click()

    page.get_by_role("button", name="催一催").click()
    assert page.get_by_role("status").get_by_text("已为您催单").is_visible()


def test_sales_reports_with_a_thumb(committed_db, live_server, browser):
    order = OrderFactory(state=OrderState.PREPARING)
    page = window(browser, live_server.url, role="sales")

    page.goto("/quick-order/")
    page.get_by_role("button", name="下一步").click()
    assert page.get_by_text("请选择加急原因。").is_visible()
    looked_at(page, "quick-errors")
    by = (moments.now() + timedelta(hours=3)).astimezone(moments.SHANGHAI)
    page.get_by_label("客户电话").fill("138 1234 5678")
    page.get_by_label("原因").select_option("store_empty")
    page.get_by_label("期望时间").fill(f"{by:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="下一步").click()
    page.get_by_text(order.number).wait_for()
    looked_at(page, "quick-choose")
    page.get_by_role("button", name="提交加急").dblclick()
    page.get_by_text("已上加急看板").wait_for()

    looked_at(page, "quick-done")
    assert Order.objects.get().urgency == Urgency.RED


@pytest.mark.parametrize("size", SIZES)
def test_board_and_desk(committed_db, live_server, browser, size):
    late, calm = OrderFactory(state=OrderState.PREPARING), OrderFactory()
    for order, hours in ((late, 1), (calm, 30)):
        mark_urgent(
            order.pk,
            seen=None,
            urgency=Urgency.RED,
            wanted_by=moments.now() + timedelta(hours=hours),
            reason=UrgentReason.BABY_FOOD,
            actor=SYSTEM,
        )
    note_inquiry(late.pk, text="在哪", actor=SYSTEM)
    page = window(browser, live_server.url, size, role="supervisor")

    page.goto("/board/urgent/")
    looked_at(page, f"board-{size}")
    assert page.locator("tbody tr").first.get_by_text(late.number).is_visible()
    page.locator("td.left").last.evaluate("cell => { cell.textContent = '' }")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("td.left").last).to_have_text(re.compile(r"^1 天 [56] 小时$"))
    page.goto("/desk/")
    page.get_by_label("电话、订单号、运单号或姓名").fill("13812345678")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=13812345678")

    looked_at(page, f"desk-{size}")
    assert page.get_by_text("尚未答复").first.is_visible()
