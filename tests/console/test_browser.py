"""One order from 待审核 to 已完成 in a real browser, each step by the role whose work it is."""

import os
import shutil

import pytest
from django.db import connections
from django.urls import reverse
from playwright.sync_api import expect, sync_playwright

from ordercenter.console.roles import grant_roles
from ordercenter.core import outbox
from ordercenter.core.actor import SYSTEM
from orders.actions import set_urgency
from orders.fulfilment.models import Carrier, Shipment
from orders.models import Order, OrderState, Urgency
from tests.factories import OrderFactory, UserFactory

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
PASSWORD = "a-long-pass-phrase"
DESKTOP, PHONE = {"width": 1366, "height": 800}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (set CHROMIUM)"),
]


class Desk:
    """A browser window in which one role has signed in; remembers what went wrong in it."""

    def __init__(self, browser, live_server, role, size):
        self.address = live_server.url
        self.window = browser.new_context(viewport=size, locale="zh-CN")
        self.page = self.window.new_page()
        self.troubles = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._watch)
        user = UserFactory(roles=[role])
        user.set_password(PASSWORD)
        user.save()
        self.page.goto(self.address + reverse("admin:login"))
        self.page.fill("[name=username]", user.username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/admin/")

    def _listen(self, message):
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    def _watch(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.troubles.append(f"asked outside: {request.url}")

    def open(self, page, *args, query=""):
        self.page.goto(self.address + reverse(f"admin:{page}", args=args) + query)

    def has_button(self, verb):
        return self.page.locator(f"#do-{verb}").count() == 1

    def press(self, verb, **fields):
        """Open the button's dialog, fill it in, send it, and wait for the page to come back."""
        self.page.click(f"#do-{verb}")
        dialog = self.page.locator("#dialog")
        expect(dialog).to_be_visible()
        for name, value in fields.items():
            field = dialog.locator(f"[name={name}]")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        with self.page.expect_navigation():
            dialog.locator("button[type=submit]").click()


@pytest.fixture
def desk(committed_db, live_server, monkeypatch):
    """Opens windows; at the end none of them may have complained."""
    # Playwright's loop lives in this thread; the queries of the test are its own.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    grant_roles()
    desks = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )

        def sit(role, size=None):
            desks.append(Desk(browser, live_server, role, size or DESKTOP))
            return desks[-1]

        yield sit
        troubles = {trouble for desk in desks for trouble in desk.troubles}
        browser.close()
        # Under Playwright's loop Django has given this thread another connection.
        connections.close_all()
    assert troubles == set()


def let_the_relay_work():
    while outbox.drain("local"):
        pass


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
