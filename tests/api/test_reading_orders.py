"""GET orders: one, pages of them, and their stories."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ordercenter.core.models import Event
from orders.models import Order
from tests.api.support import RECEIVER, URGENT, Caller, World, build_world, partner_for, staff_with

URL = "/api/v1/orders/"


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["number"] for row in answer.json()["results"]]


def test_the_newest_come_first(world: World, partner: Caller):
    placed = [partner.place(world.body()).json()["number"] for _ in range(3)]

    assert numbers(partner.get(URL)) == placed[::-1]


def test_pages_go_on_where_the_last_one_ended_whatever_came_meanwhile(
    world: World, partner: Caller
):
    placed = [partner.place(world.body()).json()["number"] for _ in range(5)]
    first = partner.get(URL, limit=2)
    partner.place(world.body())

    second = partner.get(first.json()["next"])
    third = partner.get(second.json()["next"])

    assert numbers(first) + numbers(second) + numbers(third) == placed[::-1]
    assert third.json()["next"] is None
    assert third.json()["next_cursor"] is None


def test_the_next_page_keeps_the_filters(world: World, partner: Caller):
    for state in (True, True, False):
        partner.place(world.body(paid=state))

    first = partner.get(URL, state="pending_review", limit=1)
    second = partner.get(first.json()["next"])

    assert len(numbers(second)) == 1
    assert second.json()["next"] is None


def test_filters(world: World, partner: Caller):
    one = partner.place(
        world.body(
            external_number="XS-1",
            placed_at="2026-11-01T08:00:00+08:00",
            paid=False,
            receiver={**RECEIVER, "phone": "13900004321", "name": "李大雷"},
        )
    ).json()["number"]
    two = partner.place(
        world.body(
            external_number="YS-2",
            placed_at="2026-11-10T08:00:00+08:00",
            receiver={**RECEIVER, "street": "?"},
        )
    ).json()["number"]

    for asked, expected in [
        ({"state": "pending_payment"}, [one]),
        ({"state": ["pending_payment", "pending_review"]}, [two, one]),
        ({"shop": world.shop.code}, [two, one]),
        ({"shop": "none"}, []),
        ({"placed_after": "2026-11-05T00:00:00Z"}, [two]),
        ({"placed_before": "2026-11-05T00:00:00 08:00"}, [one]),
        ({"tag": "address_vague"}, [two]),
        ({"phone_tail": "4321"}, [one]),
        ({"external_number": "YS-2"}, [two]),
        ({"search": "13900004321"}, [one]),
        ({"search": "李大雷"}, [one]),
        ({"search": two}, [two]),
        ({"search": "XS-1"}, [one]),
    ]:
        assert numbers(partner.get(URL, **asked)) == expected, asked


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "no-such"},
        {"placed_after": "soon"},
        {"placed_after": "2026-11-05T00:00:00+20:55"},
        {"phone_tail": "12"},
        {"phone_tail": "１２３４"},
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"cursor": -1},
        {"cursor": 10**30},
        {"cursor": "٣"},
        {"search": "a\x00b"},
        {"tag": "x" * 41},
        {"stat": "preparing"},
        {"format": "xml"},
    ],
)
def test_a_bad_question_is_refused_by_its_name(
    world: World, partner: Caller, asked: dict[str, Any]
):
    answer = partner.get(URL, **asked)

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == list(asked)


def test_a_page_takes_as_many_statements_for_thirty_orders_as_for_one(
    world: World, partner: Caller
):
    partner.place(world.body())
    with CaptureQueriesContext(connection) as for_one:
        partner.get(URL)
    for _ in range(29):
        partner.place(world.body())

    with CaptureQueriesContext(connection) as for_thirty:
        answer = partner.get(URL)

    assert len(numbers(answer)) == 30
    assert len(for_thirty) == len(for_one) == 2


def test_the_etag_is_the_version(world: World, partner: Caller, admin: Caller):
    order = partner.place(world.body()).json()
    admin.post(world.url(order, "approve"), version=1)

    answer = partner.get(world.url(order))

    assert answer["ETag"] == '"2"'
    assert answer.json()["version"] == 2
    assert "private" in answer["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"1"', 304),
        ('W/"1"', 304),
        ('"7", "1"', 304),
        ("*", 304),
        ('"2"', 200),
        ("1", 200),
        ("nonsense", 200),
    ],
)
def test_a_known_version_is_not_sent_again(world: World, partner: Caller, header: str, status: int):
    order = partner.place(world.body()).json()

    answer = partner.get(world.url(order), headers={"If-None-Match": header})

    assert answer.status_code == status
    assert answer["ETag"] == '"1"'
    assert bool(answer.content) == (status == 200)


@pytest.mark.parametrize(
    "number", ["OC2611220000009", "OC1", "1", "OC26112200000%00", "OC" + "9" * 30]
)
def test_an_order_that_does_not_exist(world: World, partner: Caller, number: str):
    answer = partner.get(f"{URL}{number}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_receivers_are_masked_for_who_need_not_see_them(world: World):
    body = world.body(buyer_name="王小明")
    order = partner_for(world.shop).place(body).json()
    seeing = staff_with("orders.view_order", "orders.see_receiver_order")
    other = staff_with("orders.view_order")

    shown, hidden = (who.get(world.url(order)).json() for who in (seeing, other))

    assert shown["receiver"]["phone"] == "13812345678"
    assert hidden["receiver"]["phone"] == "138****5678"
    assert "小明" not in str(hidden)
    assert "文三路 269" not in str(hidden)


def test_the_story_goes_on_from_a_sequence_number(world: World, partner: Caller, admin: Caller):
    order = partner.place(world.body()).json()
    admin.post(world.url(order, "approve"), version=1)
    admin.post(world.url(order, "confirm_funds"), version=2)

    first = admin.get(world.url(order, "timeline"), limit=2).json()
    rest = admin.get(world.url(order, "timeline"), after=first["last"]).json()

    assert [event["kind"] for event in first["results"]] == ["order.placed", "order.approved"]
    assert [event["kind"] for event in rest["results"]] == ["order.released_to_warehouse"]
    assert (first["has_more"], rest["has_more"], rest["last"]) == (True, False, 3)


def test_a_story_that_goes_no_further_keeps_its_place(world: World, partner: Caller):
    order = partner.place(world.body()).json()

    answer = partner.get(world.url(order, "timeline"), after=9).json()

    assert answer == {"results": [], "last": 9, "has_more": False}


def test_partners_read_what_became_of_the_order_and_not_our_names_and_notes(
    world: World, partner: Caller
):
    clerk = staff_with("orders.note_order", "orders.view_order", full_name="张三")
    order = partner.place(world.body(receiver={**RECEIVER, "street": "?"})).json()
    clerk.post(world.url(order, "note"), {"text": "常退货的客户"}, version=1)
    partner.post(world.url(order, "note"), {"text": "请尽快"}, version=1)
    clerk.post(world.url(order, "urgency"), URGENT, version=1)

    told = partner.get(world.url(order, "timeline")).json()["results"]

    assert [event["kind"] for event in told] == [
        "order.placed",
        "order.note_added",
        "order.urgency_set",
    ]
    assert told[2]["actor"] == {"kind": "person", "label": ""}
    assert "常退货" not in str(told)
    assert "张三" not in str(told)
    everything = clerk.get(world.url(order, "timeline")).json()["results"]
    assert {"work_order.opened", "order.note_added"} <= {event["kind"] for event in everything}


def test_an_address_in_the_story_is_masked_too(world: World, partner: Caller):
    order = partner.place(world.body()).json()
    receiver = {**RECEIVER, "phone": "13900001111", "street": "解放路 88 号"}
    partner.post(world.url(order, "change_address"), {"receiver": receiver}, version=1)
    other = staff_with("orders.view_order")

    shown = str(other.get(world.url(order, "timeline")).json())

    assert Event.objects.filter(changes__has_key="receiver_phone").exists()
    assert "13900001111" not in shown
    assert "13812345678" not in shown
    assert "解放路 88" not in shown


def test_stock_by_sku_and_warehouse(world: World, partner: Caller, admin: Caller):
    partner.place(world.body(world.codes[0]))

    staff = admin.get("/api/v1/stock/", sku=[world.codes[0]]).json()["results"]
    theirs = partner.get("/api/v1/stock/", sku=list(world.codes[:2])).json()["results"]

    assert staff == [
        {
            "sku": world.codes[0],
            "warehouse": world.warehouse.code,
            "available": 998,
            "on_hand": 1000,
            "reserved": 2,
            "held": 0,
            "defective": 0,
            "safety": 0,
        }
    ]
    assert [set(row) for row in theirs] == [{"sku", "warehouse", "available"}] * 2
    assert partner.get("/api/v1/stock/", warehouse="ELSEWHERE").json()["results"] == []


def test_stock_pages(world: World, partner: Caller):
    first = partner.get("/api/v1/stock/", limit=2).json()
    second = partner.get(first["next"]).json()

    rows = first["results"] + second["results"]
    assert [row["sku"] for row in rows] == list(world.codes)
    assert second["next"] is None


def test_moments_are_utc_whatever_was_sent(world: World, partner: Caller):
    body = world.body(placed_at="2026-11-01T08:00:00.5+08:00")

    order = partner.place(body).json()

    assert order["placed_at"] == "2026-11-01T00:00:00.500000Z"
    stored = Order.objects.get()
    assert stored.placed_at.utcoffset() == timedelta()


def test_many_shops_of_one_partner(world: World):
    other = build_world()
    both = partner_for(world.shop, other.shop)
    placed = [both.place(w.body()).json()["number"] for w in (world, other, world)]

    assert numbers(both.get(URL)) == placed[::-1]
    assert numbers(both.get(URL, shop=other.shop.code)) == [placed[1]]
