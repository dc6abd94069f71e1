"""One order from 待审核 to 已完成 in a real browser, each step by the role whose work it is."""

import pytest
from playwright.sync_api import expect

from ordercenter.core.actor import SYSTEM
from orders.actions import set_urgency
from orders.fulfilment.models import Carrier, Shipment
from orders.models import Order, OrderState, Urgency
from tests.factories import OrderFactory
from tests.support.desks import DESKTOP, PHONE, let_the_relay_work

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_an_order_goes_its_road_by_the_right_roles_only(desk):
    carrier = Carrier.objects.create(code="own", name="自有配送", numbers_are_ours=True)
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    cs, finance, warehouse, logistics = map(desk, ("cs", "finance", "warehouse", "logistics"))

    def looks(who):
        who.open("orders_order_change", order.pk)
        return who

    assert not looks(finance).has_button("approve")
    assert not looks(warehouse).has_button("approve")
    looks(cs).press("approve")

    assert not looks(cs).has_button("confirm_funds")
    looks(finance).press("confirm_funds")
    let_the_relay_work()

    parcel = Shipment.objects.get(order=order)

    def handles(who):
        who.open("fulfilment_shipment_change", parcel.pk)
        return who

    assert not handles(cs).has_button("release")
    handles(warehouse).press("release")
    handles(warehouse).press("start_picking")
    handles(warehouse).press("pack", weight_grams="800")
    handles(warehouse).press("set_carrier", carrier=str(carrier.pk))
    handles(warehouse).press("print_label")
    assert not handles(logistics).has_button("dispatch")
    handles(warehouse).press("dispatch")
    assert not handles(warehouse).has_button("collect")
    handles(logistics).press("collect")
    handles(logistics).press("deliver", reason="客户电话确认收到")
    let_the_relay_work()

    assert not looks(warehouse).has_button("complete")
    looks(cs).press("complete")

    state = cs.page.locator("#order-state")
    expect(state).to_have_text("已完成")
    assert Order.objects.get(pk=order.pk).state == OrderState.COMPLETED
    told = [text.strip() for text in cs.page.locator(".oc-story strong").all_inner_texts()]
    assert (told[0], told[-1]) == ("已完成", "订单进入系统")


def test_the_second_person_sees_what_the_first_did_and_decides(desk):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    cs = desk("cs")
    cs.open("orders_order_change", order.pk)
    set_urgency(order.pk, seen=None, urgency=Urgency.RED, reason="客户投诉", actor=SYSTEM)

    cs.press("cancel", reason="客户不要了")

    expect(cs.page.locator("#theirs")).to_contain_text("已设置加急")
    expect(cs.page.locator("#yours")).to_contain_text("客户不要了")
    with cs.page.expect_navigation():
        cs.page.click("text=在新版本上仍然执行")
    expect(cs.page.locator("#order-state")).to_have_text("已取消")


def test_a_dialog_works_by_the_keyboard_alone(desk):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    cs = desk("cs")
    cs.open("orders_order_change", order.pk)

    cs.page.focus("#do-add_note")
    cs.page.keyboard.press("Enter")
    expect(cs.page.locator("#dialog textarea")).to_be_focused()
    cs.page.keyboard.type("客户要求上午送达")
    cs.page.keyboard.press("Tab")
    cs.page.keyboard.press("Tab")
    with cs.page.expect_navigation():
        cs.page.keyboard.press("Enter")

    expect(cs.page.locator(".oc-notes")).to_contain_text("客户要求上午送达")


PAGES = (
    ("index", ""),
    ("orders_order_changelist", "?tab=review"),
    ("orders_workorder_changelist", "?tab=open"),
    ("fulfilment_shipment_changelist", "?tab=all"),
    ("inventory_stocklevel_changelist", ""),
    ("integrations_rawmessage_changelist", ""),
    ("core_lawrun_changelist", ""),
)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_page_is_wider_than_its_screen(size, desk):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    supervisor = desk("supervisor", size)
    pages = [
        *((name, (), query) for name, query in PAGES),
        ("orders_order_change", (order.pk,), ""),
    ]

    for name, args, query in pages:
        supervisor.open(name, *args, query=query)
        spill = supervisor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert spill <= 0, name
