"""Somebody was faster: the second person sees both and decides (B5)."""

import re

import pytest
from django.urls import reverse

from ordercenter.core.actor import SYSTEM
from orders.actions import add_note, approve_order, cancel_order, set_urgency
from orders.models import OrderState, Urgency
from tests.factories import OrderFactory


@pytest.fixture
def order(db):
    return OrderFactory(state=OrderState.PENDING_REVIEW)


def press(client, order, verb, **fields):
    body = {"_form_submitted": "on", "seen": order.version, "heard": 1, **fields}
    return client.post(reverse(f"admin:orders_order_{verb}", args=[order.pk]), body)


def hidden(page, name):
    return re.search(rf'name="{name}" value="(\d+)"', page.content.decode())[1]


def test_a_stale_press_changes_nothing_and_leads_to_both_versions(order, signed_in):
    client = signed_in("cs")
    set_urgency(order.pk, seen=None, urgency=Urgency.RED, reason="客户投诉", actor=SYSTEM)

    answer = press(client, order, "cancel", reason="客户不要了")

    page = client.get(answer.url)
    assert [line.what for line in page.context["lines"]] == ["已设置加急"]
    (change,) = page.context["lines"][0].changes
    assert (change.before, change.after) == ("普通", "最急")
    assert page.context["wish"] == [("原因", "客户不要了")]
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW


def test_doing_it_anyway_acts_on_the_version_that_was_shown(order, signed_in):
    client = signed_in("cs")
    set_urgency(order.pk, seen=None, urgency=Urgency.RED, actor=SYSTEM)
    conflict = press(client, order, "cancel", reason="客户不要了").url
    page = client.get(conflict)

    client.post(conflict, {"seen": hidden(page, "seen"), "heard": hidden(page, "heard")})

    order.refresh_from_db()
    assert (order.state, order.urgency) == (OrderState.CANCELLED, Urgency.RED)


def test_another_change_while_deciding_is_another_conflict(order, signed_in):
    client = signed_in("cs")
    set_urgency(order.pk, seen=None, urgency=Urgency.RED, actor=SYSTEM)
    conflict = press(client, order, "cancel", reason="客户不要了").url
    page = client.get(conflict)
    set_urgency(order.pk, seen=None, urgency=Urgency.ORANGE, actor=SYSTEM)

    answer = client.post(conflict, {"seen": hidden(page, "seen"), "heard": hidden(page, "heard")})

    again = client.get(answer.url)
    assert len(again.context["lines"]) == 1
    assert again.context["wish"] == [("原因", "客户不要了")]
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW


def test_what_is_no_longer_possible_is_not_offered_again(order, signed_in):
    client = signed_in("cs")
    approve_order(order.pk, seen=None, actor=SYSTEM)

    page = client.get(press(client, order, "approve").url)

    assert "待核款" in str(page.context["refusal"])
    assert "在新版本上仍然执行" not in page.content.decode()


def test_a_wish_is_decided_once(order, signed_in):
    client = signed_in("cs")
    set_urgency(order.pk, seen=None, urgency=Urgency.RED, actor=SYSTEM)
    conflict = press(client, order, "cancel", reason="客户不要了").url
    page = client.get(conflict)
    body = {"seen": hidden(page, "seen"), "heard": hidden(page, "heard")}
    client.post(conflict, body)

    answer = client.post(conflict, body)

    assert answer.url == reverse("admin:orders_order_change", args=[order.pk])


def test_nobody_opens_the_wish_of_another(order, signed_in):
    client = signed_in("cs")
    set_urgency(order.pk, seen=None, urgency=Urgency.RED, actor=SYSTEM)
    conflict = press(client, order, "cancel", reason="客户不要了").url

    answer = signed_in("cs").get(conflict)

    assert answer.status_code == 302
    assert "conflict" not in answer.url


def test_an_open_dialog_of_a_stale_page_is_shown_so_that_the_conflict_can_be(order, signed_in):
    cancel_order(order.pk, seen=None, reason="重复下单", actor=SYSTEM)
    address = reverse("admin:orders_order_approve", args=[order.pk])

    answer = signed_in("cs").get(f"{address}?seen={order.version}&heard=1")

    assert 'id="dialog"' in answer.content.decode()


def test_notes_never_conflict(order, signed_in):
    add_note(order.pk, text="先打电话", actor=SYSTEM)
    client = signed_in("cs")

    press(client, order, "add_note", text="已联系客户")

    assert order.notes.count() == 2
