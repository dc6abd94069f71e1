"""The order list: the same few queries for any number of rows, pages that hang on rows."""

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Timer
from orders.actions import hold_order, place_orders
from orders.models import Order, OrderState
from tests.factories import RECEIVER, OrderFactory, ShopFactory, StockLevelFactory
from tests.factories import draft as make_draft

LIST = "admin:orders_order_changelist"


def place(count, *, first=0, **fields):
    """Orders of one shop, placed in one go, newest last."""
    level = StockLevelFactory(on_hand=1000)
    shop = ShopFactory()
    shop.warehouses.set([level.warehouse])
    drafts = [
        make_draft((level.sku.code, 1), number=f"N-{first + n:04d}", **fields) for n in range(count)
    ]
    return [placed.order for placed in place_orders(shop, drafts, actor=SYSTEM)]


def shown(answer):
    return [order.number for order in answer.context["cl"].result_list]


@pytest.mark.parametrize("tab", ["review", "overdue", "all"])
def test_ten_rows_and_a_hundred_take_the_same_queries(tab, signed_in, monkeypatch):
    orders = place(130)
    Timer.objects.filter(subject_kind="order").update(due_at=moments.now())
    hold_order(orders[-1].pk, reason="x", actor=SYSTEM)
    client = signed_in("cs")
    order_admin = admin.site._registry[Order]
    taken = {}

    for rows in (10, 100):
        cache.clear()
        monkeypatch.setattr(order_admin, "list_per_page", rows)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse(LIST), {"tab": tab})
        assert len(shown(answer)) == rows
        taken[rows] = len(queries)

    assert taken[10] == taken[100] <= 12


def test_pages_hang_on_rows_and_meet_without_gap_or_overlap(signed_in, monkeypatch):
    monkeypatch.setattr(admin.site._registry[Order], "list_per_page", 4)
    numbers = [order.number for order in place(10)][::-1]
    client, address = signed_in("cs"), reverse(LIST)

    first = client.get(address)
    second = client.get(address + first.context["cl"].paginator.older)
    place(3, first=10)  # newer orders come in while somebody turns pages
    third = client.get(address + second.context["cl"].paginator.older)
    back = client.get(address + third.context["cl"].paginator.newer)

    assert [shown(first), shown(second), shown(third)] == [numbers[:4], numbers[4:8], numbers[8:]]
    assert shown(back) == shown(second)
    assert third.context["cl"].paginator.older == ""


def test_no_page_uses_offset(signed_in, monkeypatch):
    monkeypatch.setattr(admin.site._registry[Order], "list_per_page", 2)
    place(6)
    client, address = signed_in("cs"), reverse(LIST)
    older = client.get(address).context["cl"].paginator.older

    with CaptureQueriesContext(connection) as queries:
        client.get(address + older)

    assert not [q["sql"] for q in queries if "OFFSET" in q["sql"]]


def test_counting_stops_at_the_cap(signed_in, monkeypatch):
    monkeypatch.setattr(admin.site._registry[Order], "list_per_page", 2)
    monkeypatch.setattr("ordercenter.core.adminkit.keyset.COUNT_CAP", 5)
    place(9)

    pages = signed_in("cs").get(reverse(LIST)).context["cl"].paginator

    assert pages.count_text == "5+"


def test_tabs_hold_what_they_say(signed_in):
    review = OrderFactory(state=OrderState.PENDING_REVIEW)
    finance = OrderFactory(state=OrderState.PENDING_FINANCE)
    late = OrderFactory(state=OrderState.PREPARING)
    held = OrderFactory(state=OrderState.PREPARING)
    Timer.objects.filter(subject_id=late.pk).update(due_at=late.placed_at)
    hold_order(held.pk, reason="等客户回复", actor=SYSTEM)
    client = signed_in("cs")

    def tab(key):
        return set(shown(client.get(reverse(LIST), {"tab": key})))

    assert tab("review") == {review.number}
    assert tab("finance") == {finance.number}
    assert tab("preparing") == {late.number, held.number}
    assert tab("overdue") == {late.number}
    assert tab("trouble") == {held.number}
    assert tab("all") == {review.number, finance.number, late.number, held.number}


def test_tabs_carry_their_counts(signed_in):
    OrderFactory.create_batch(3, state=OrderState.PENDING_REVIEW)

    tabs = signed_in("cs").get(reverse(LIST)).context["tabs"]

    assert [(str(tab.title), tab.count) for tab in tabs[:2]] == [("待审核", "3"), ("待核款", "")]


def test_a_search_looks_at_all_orders_whatever_tab_is_open(signed_in):
    order = OrderFactory(state=OrderState.PREPARING)

    answer = signed_in("cs").get(reverse(LIST), {"tab": "review", "q": order.number})

    assert shown(answer) == [order.number]


@pytest.mark.parametrize(("role", "sees"), [("cs", True), ("finance", False), ("director", False)])
def test_receivers_are_masked_unless_the_role_needs_them(role, sees, signed_in):
    order = OrderFactory()
    client = signed_in(role)

    pages = [
        client.get(reverse(LIST)).content.decode(),
        client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode(),
    ]

    for page in pages:
        assert (RECEIVER.phone in page) is sees
        assert (RECEIVER.name in page) is sees
        assert ("138****5678" in page) is not sees
