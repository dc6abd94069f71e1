"""Everybody can use the pages: screen readers, keyboards, thin lines (WCAG 2.2 AA, K1)."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page

from ordercenter.console.roles import grant_roles
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.actions import add_note, attach_file, mark_urgent
from orders.care.actions import answer_inquiry, note_inquiry
from orders.care.models import Inquiry
from orders.fulfilment.actions import deliver_shipment, dispatch_shipment, take_tracking
from orders.fulfilment.actions.track import Trace
from orders.fulfilment.models import TrackingState
from orders.models import Attachment, Order, Urgency, UrgentReason
from rma.models import Return
from tests.fulfilment import world as warehouse
from tests.rma import world as returns
from tests.support.browsing import SIZES, barriers, look, tab_to, window

pytestmark = [pytest.mark.browser, pytest.mark.processes]
FIRST_LOAD_MOST = 100_000
TAIL = "5678"


def photo() -> bytes:
    """A picture of a parcel."""
    picture = Image.new("RGB", (320, 320), "#e8e2d8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((50, 80, 270, 260), fill="#c79a62", outline="#8a6535", width=4)
    draw.rectangle((145, 80, 175, 260), fill="#e3c79a")
    draw.rectangle((190, 190, 255, 245), fill="#ffffff")
    with BytesIO() as file:
        picture.save(file, "PNG")
        return file.getvalue()


def with_photo(order: Order) -> Order:
    attach_file(order.pk, kind=Attachment.Kind.PHOTO, name="a.png", content=photo(), actor=SYSTEM)
    return order


def sent_order() -> Order:
    """One parcel on the road, with news and a photo."""
    order = with_photo(returns.paid_order({"A": 2, "B": 1}))
    returns.approve_order(order.pk, seen=None, actor=SYSTEM)
    returns.confirm_funds_order(order.pk, seen=None, actor=SYSTEM)
    order.refresh_from_db()
    parcel = dispatch_shipment(warehouse.packed(order).pk, seen=None, actor=SYSTEM)
    at = moments.now()
    news = [
        Trace(at - timedelta(hours=3), TrackingState.COLLECTED, "【杭州】仓前营业部已揽收"),
        Trace(at, TrackingState.IN_TRANSIT, "【杭州】快件已发往上海转运中心"),
    ]
    take_tracking(parcel.pk, news, actor=SYSTEM)
    order.refresh_from_db()
    return order


def arrived_order() -> Order:
    order = sent_order()
    deliver_shipment(order.shipments.get().pk, seen=None, reason="本人签收", actor=SYSTEM)
    order.refresh_from_db()
    return order


def open_by_keyboard(page: Page, number: str, tail: str = TAIL) -> None:
    page.goto("/track/")
    tab_to(page, page.get_by_label("订单号"))
    page.keyboard.type(number)
    tab_to(page, page.get_by_label("收件人手机号后四位"))
    page.keyboard.type(tail)
    tab_to(page, page.get_by_role("button", name="查询"))
    page.keyboard.press("Enter")


def press(page: Page, name: str) -> None:
    """Go to a button by Tab and press it; the page comes back."""
    tab_to(page, page.get_by_role("button", name=name, exact=True))
    with page.expect_navigation():
        page.keyboard.press("Enter")


def says(page: Page, text: str) -> None:
    page.get_by_role("status").get_by_text(text).wait_for()


def test_a_barrier_would_be_found(browser):
    page = browser.new_page()
    page.set_content("<main><input><p style='color: #ddd; background: #fff'>pale</p></main>")

    assert {line.split()[1] for line in barriers(page)} >= {"label:", "color-contrast:"}


@pytest.mark.parametrize("size", SIZES)
def test_the_customers_page_has_no_barrier_at_any_step(committed_db, live_server, browser, size):
    warehouse.make_house()
    waiting, sent = warehouse.preparing_order(), sent_order()
    arrived = arrived_order()
    page = window(browser, live_server.url, size)
    found: dict[str, list[str]] = {}

    def step(name: str) -> None:
        look(page, f"track-{name}-{size}")
        found[name] = barriers(page)

    page.goto("/track/")
    step("start")
    tab_to(page, page.get_by_role("button", name="查询"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    step("empty")
    open_by_keyboard(page, waiting.number, "0000")
    says(page, "没有找到匹配的订单")
    step("wrong-tail")

    open_by_keyboard(page, waiting.number)
    page.wait_for_url("**/track/order/")
    step("found")
    tab_to(page, page.locator("summary", has_text="修改收货地址"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("收件人"))
    page.keyboard.type("李雷")
    step("address")
    press(page, "使用此地址")
    step("address-refused")
    for label, text in (("省", "上海市"), ("市", "上海市"), ("区县", "浦东新区")):
        tab_to(page, page.get_by_label(label, exact=True))
        page.keyboard.type(text)
    tab_to(page, page.get_by_label("街道门牌"))
    page.keyboard.type("世纪大道 100 号 8 楼")
    press(page, "使用此地址")
    says(page, "新地址")
    step("address-done")
    assert Order.objects.get(pk=waiting.pk).receiver_name == "李雷"

    open_by_keyboard(page, sent.number)
    page.get_by_text("已发往上海").wait_for()
    step("sent")
    press(page, "货到哪了？")
    says(page, "已收到您的询问")
    step("asked")
    press(page, "催一催")
    says(page, "已为您催单")
    step("urged")
    answer_inquiry(
        Inquiry.objects.get(order=sent).pk,
        place="上海转运中心",
        expected_at=moments.now() + timedelta(hours=20),
        reason="大雾封路",
        actor=SYSTEM,
    )
    page.goto("/track/order/")
    page.get_by_text("大雾封路").wait_for()
    step("answered")

    open_by_keyboard(page, arrived.number)
    page.get_by_text("申请退换货").first.wait_for()
    page.get_by_alt_text("打包照片").scroll_into_view_if_needed()
    step("delivered")
    tab_to(page, page.locator("summary", has_text="申请退换货"))
    page.keyboard.press("Enter")
    step("return")
    press(page, "申请退换货")
    step("return-refused")
    tab_to(page, page.get_by_label("货品A"))
    page.keyboard.press("Control+a")
    page.keyboard.type("1")
    press(page, "申请退换货")
    says(page, "退换货")
    step("return-asked")

    assert Return.objects.filter(order=arrived).count() == 1
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_first_load_is_small(committed_db, live_server, browser):
    warehouse.make_house()
    order = sent_order()
    page = window(browser, live_server.url)
    sizes: list[int] = []

    def weigh(request: object) -> None:
        measured = request.sizes()  # type: ignore[attr-defined]
        sizes.append(measured["responseBodySize"] + measured["responseHeadersSize"])

    page.on("requestfinished", weigh)
    page.goto("/track/", wait_until="networkidle")
    start = sum(sizes)
    open_by_keyboard(page, order.number)
    page.wait_for_load_state("networkidle")

    assert 0 < start < FIRST_LOAD_MOST
    assert start < sum(sizes) < FIRST_LOAD_MOST


def pressing_order() -> Order:
    order = warehouse.preparing_order()
    mark_urgent(
        order.pk,
        seen=None,
        urgency=Urgency.RED,
        wanted_by=moments.now() + timedelta(hours=1),
        reason=UrgentReason.BABY_FOOD,
        actor=SYSTEM,
    )
    return order


@pytest.mark.parametrize("size", SIZES)
def test_the_staffs_pages_have_no_barrier(committed_db, live_server, browser, size):
    grant_roles()
    warehouse.make_house()
    order = pressing_order()
    add_note(order.pk, text="明天 12 点前送达", actor=SYSTEM)
    note_inquiry(order.pk, text="在哪", actor=SYSTEM)
    parcel = warehouse.released(order)
    sent_order()
    pages = {
        "sales": ["/quick-order/"],
        "supervisor": ["/board/urgent/"],
        "cs": ["/desk/", f"/desk/?q={order.number}", "/desk/?q=13812345678"],
        "warehouse": ["/scan/", f"/scan/{parcel.number}/", "/scan/returns/", "/scan/?q=XX1"],
    }
    found: dict[str, list[str]] = {}

    for role, paths in pages.items():
        page = window(browser, live_server.url, size, role)
        for path in paths:
            page.goto(path)
            found[path] = barriers(page)
        if role == "warehouse":
            page.goto(f"/scan/{parcel.number}/")
            page.get_by_role("button", name="我已阅读").click()
            found["items"] = barriers(page)

    assert {name: lines for name, lines in found.items() if lines} == {}
