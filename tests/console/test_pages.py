"""Every page opens, speaks Chinese and asks nobody outside."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from integrations.messaging.notices import notify
from integrations.models import Robot
from ordercenter.console.roles import OUR_APPS
from ordercenter.core import invariants
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Delivery, Event, LawRun, Timer
from orders.actions import hold_order
from orders.models import WorkOrder, WorkOrderState
from tests.factories import OrderFactory, ShopFactory


def ours():
    found = [m for m in admin.site._registry if m._meta.app_label in OUR_APPS]
    return sorted(found, key=lambda model: model._meta.label)


@pytest.fixture
def world(db):
    """Something on most pages."""
    order = OrderFactory()
    hold_order(order.pk, reason="等客户回复", actor=SYSTEM)
    invariants.verify()
    return order


@pytest.mark.parametrize("label", [model._meta.label for model in ours()])
def test_list_and_page_open_and_ask_nobody_outside(label, world, signed_in):
    model = apps.get_model(label)
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    client = signed_in("root")
    pages = [reverse(f"admin:{name}_changelist")]
    first = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    if first is not None:
        pages.append(reverse(f"admin:{name}_change", args=[first]))

    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert not re.findall(r'(?:src|href)="(https?:)?//(?!127\.0\.0\.1|testserver)', text)


LEFT_IN_ENGLISH = re.compile(
    r">\s*(Type to search|Filters|Select action|General|Apply Filters|Cancel|Save|Delete|Close|"
    r"Home|Log out|Change password|Previous|Next|No results found|Welcome[^<]*|Add [a-z ]+|"
    r"[Ss]tate|[Oo]rder|[Cc]reated|[Ww]hen)\s*<"
)


@pytest.mark.parametrize(
    "page",
    [
        "index",
        "orders_order_changelist",
        "orders_workorder_changelist",
        "inventory_stocklevel_changelist",
        "inventory_movement_changelist",
        "core_delivery_changelist",
        "core_lawrun_changelist",
        "django_q_schedule_changelist",
        "core_user_changelist",
        "core_user_add",
        "password_change",
    ],
)
def test_pages_leave_no_english(page, world, signed_in):
    text = signed_in("root").get(reverse(f"admin:{page}")).content.decode()

    assert LEFT_IN_ENGLISH.findall(text) == []


def test_shops_are_shown_with_their_channels_name(db, signed_in):
    ShopFactory(code="mini", channel="wechat_mini")
    ShopFactory(code="own", channel="ours")

    page = signed_in("root").get(reverse("admin:orders_shop_changelist")).text

    assert "微信小程序" in page
    assert ">ours<" in page


def test_a_robots_message_is_listed_without_its_markup(db, signed_in):
    robot = Robot.objects.create(name="群", credentials={"key": "k"})
    robot.messages.create(content='⚡ <font color="warning">特急 OC1</font> [查看](http://a/b?c=1)')

    page = signed_in("root").get(reverse("admin:integrations_robotmessage_changelist")).text

    assert "⚡ 特急 OC1<" in page
    assert "查看](" not in page


def test_every_page_names_the_house_and_its_way_home(world, signed_in):
    page = signed_in("root").get(reverse("admin:orders_order_changelist")).text

    assert re.search(r'<div id="site-name">\s*<a href="/admin/">\s*订单中心', page)
    assert 'aria-label="待办"' in page


def test_the_root_leads_to_what_waits(client):
    assert client.get("/").headers["Location"] == reverse("admin:index")


def test_a_rows_page_is_headed_in_words(world, signed_in):
    timer = Timer.objects.latest("pk")

    page = signed_in("root").get(reverse("admin:core_timer_change", args=[timer.pk]))

    assert timer.subject_kind == "work_order"
    assert page.context["subtitle"] == "工单 · 待处理"
    assert ">工单 · 待处理<" in re.sub(r"\s*([<>])\s*", r"\1", page.text)


def test_a_notice_leads_to_what_it_tells_of(world, signed_in):
    link = reverse("admin:orders_order_change", args=[world.pk])
    for kind, address in (("leads", link), ("stays", "")):
        notify(role="admin", kind=kind, title="通知", link=address)

    page = signed_in("root").get(reverse("admin:integrations_notice_changelist")).text

    cells = re.findall(r'<th[^>]*data-label="([^"]*)"[^>]*>\s*<a href="([^"]*)"', page)
    assert [label for label, _address in cells] == ["通知", "通知"]
    assert {address == link for _label, address in cells} == {True, False}


def test_the_first_page_shows_what_waits_for_the_role(world, signed_in):
    tiles = {
        str(tile.title): tile.count
        for tile in signed_in("cs").get(reverse("admin:index")).context["tiles"]
    }

    assert tiles["待审核"] == "1"
    assert tiles["异常"] == "1"
    assert "待核款" not in tiles


def test_work_orders_are_claimed_and_resolved_by_buttons(world, signed_in):
    work = WorkOrder.objects.get()
    client = signed_in("cs")
    body = {"_form_submitted": "on"}
    claim = reverse("admin:orders_workorder_claim", args=[work.pk])
    resolve = reverse("admin:orders_workorder_resolve", args=[work.pk])

    client.post(claim, body | {"seen": work.version})
    work.refresh_from_db()
    client.post(resolve, body | {"seen": work.version, "resolution": "客户已确认"})

    work.refresh_from_db()
    assert (work.state, work.resolution) == (WorkOrderState.RESOLVED, "客户已确认")
    assert work.assignee_id is not None


def test_dead_letters_are_sent_again(world, signed_in):
    dead = Delivery.objects.create(
        event=Event.objects.first(),
        handler="test.dead",
        lane="local",
        stream="order:1",
        state=Delivery.State.DEAD,
        attempts=8,
        last_error="x",
    )
    client = signed_in("supervisor")

    client.post(
        reverse("admin:core_delivery_send_again", args=[dead.pk]), {"_form_submitted": "on"}
    )

    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == (Delivery.State.PENDING, 0)


def test_laws_are_checked_by_a_button(world, signed_in):
    client = signed_in("supervisor")

    client.post(reverse("admin:core_lawrun_check_now"), {"_form_submitted": "on"})

    page = client.get(reverse("admin:core_lawrun_changelist"))
    assert "规则全部通过" in "".join(str(message) for message in page.context["messages"])


def test_the_first_page_names_the_laws_that_do_not_hold(world, signed_in):
    broken = LawRun.objects.order_by("pk").first()
    LawRun.objects.filter(pk=broken.pk).update(violations=3)
    LawRun.objects.filter(pk__gt=broken.pk).order_by("pk").last().delete()

    page = signed_in("root").get(reverse("admin:index"))

    laws = page.context["laws"]
    assert ([line.run.law for line in laws.broken], laws.unchecked) == ([broken.law], 1)
    assert laws.holding == len(invariants.all_laws()) - 2
    assert "违反 3 处" in page.content.decode()


def test_what_a_work_order_is_about_is_told_without_machines_codes(world, signed_in):
    work = WorkOrder.objects.get()
    work.detail = {"waybill": "SF1", "code": "carrier", "text": "没有编码"}
    work.save()

    page = signed_in("root").get(reverse("admin:orders_workorder_change", args=[work.pk])).text

    assert "内容：没有编码；运单号：SF1" in page
