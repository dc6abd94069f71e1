"""POST /api/v1/orders/: an order comes in by the API."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import StockLevel
from ordercenter.core.models import Event
from orders.models import Order, WorkOrder
from tests.api.support import RECEIVER, Caller, World, build_world, partner_for


def test_stores_the_order_and_promises_its_stock(world: World, partner: Caller):
    answer = partner.place(world.body(world.codes[0], freight="8.00", discount="3.5"))

    assert answer.status_code == 201
    order = Order.objects.get()
    assert answer["Location"] == f"/api/v1/orders/{order.number}/"
    assert answer["ETag"] == '"1"'
    assert (order.state, order.source, order.total) == ("pending_review", "api", Decimal("24.50"))
    assert StockLevel.objects.get(sku__code=world.codes[0]).reserved == 2


def test_answers_what_a_read_answers(world: World, partner: Caller):
    placed = partner.place(world.body(buyer_message="尽快 🎁")).json()

    assert partner.get(world.url(placed)).json() == placed


def test_names_the_partner_its_address_and_its_program_on_the_timeline(
    world: World, partner: Caller
):
    partner.headers["User-Agent"] = "erp-connector/2.1\x01"

    partner.place(world.body())

    event = Event.objects.get(kind="order.placed")
    assert (event.actor_kind, event.door, event.ip) == ("partner", "api", "127.0.0.1")
    assert event.device == "erp-connector/2.1"


def test_an_unpaid_order_waits_for_its_payment(world: World, partner: Caller):
    answer = partner.place(world.body(paid=False))

    assert answer.json()["state"] == "pending_payment"
    assert answer.json()["paid_amount"] == "0.00"


def test_says_all_shortages_at_once_and_stores_nothing(world: World, partner: Caller):
    first, second, third = world.codes
    body = world.body()
    body["lines"][0]["quantity"] = 5000
    body["lines"][1]["quantity"] = 6000

    answer = partner.place(body)

    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert {s["sku"]: (s["wanted"], s["available"]) for s in answer.json()["shortages"]} == {
        first: (5000, 1000),
        second: (6000, 1000),
    }
    assert third not in answer.json()["detail"]
    assert not Order.objects.exists()
    assert not StockLevel.objects.exclude(reserved=0).exists()


def test_a_number_the_shop_has_already_is_a_duplicate(world: World, partner: Caller):
    body = world.body()
    partner.place(body)

    answer = partner.place(body)

    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_order")
    assert Order.objects.count() == 1


def test_the_same_number_in_two_shops_is_two_orders(world: World):
    other = build_world()
    both = partner_for(world.shop, other.shop)
    first = both.place(world.body(external_number="8"))

    second = both.place(other.body(external_number="8"))

    assert (first.status_code, second.status_code) == (201, 201)


def test_full_width_text_and_emoji_are_taken_tidily(world: World, partner: Caller):
    receiver = {**RECEIVER, "name": "  王　小明😀 ", "phone": "１３８ 1234-５６７８"}

    answer = partner.place(world.body(receiver=receiver)).json()

    assert answer["receiver"]["name"] == "王 小明😀"
    assert answer["receiver"]["phone"] == "13812345678"
    assert answer["tags"] == []


def test_what_looks_wrong_becomes_a_tag_and_work_for_a_person(world: World, partner: Caller):
    answer = partner.place(world.body(receiver={**RECEIVER, "street": "?", "phone": "123"}))

    assert answer.status_code == 201
    assert answer.json()["tags"] == ["address_vague", "phone_invalid"]
    assert WorkOrder.objects.get().blocks == ["approve"]


def test_an_unknown_sku_is_refused_by_its_line(world: World, partner: Caller):
    answer = partner.place(world.body(world.codes[0], "NO-SUCH"))

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["lines.1.sku"]
    assert not Order.objects.exists()


def test_a_gift_follows_its_main_order(world: World, partner: Caller):
    main = partner.place(world.body()).json()

    gift = partner.place(world.body(kind="gift", main_order=main["number"]))

    assert gift.status_code == 201
    assert gift.json()["main_order"] == main["number"]
    assert partner.get(world.url(gift.json())).json()["main_order"] == main["number"]


@pytest.mark.parametrize(
    "fields",
    [{"kind": "gift"}, {"kind": "gift", "main_order": "OC9901010000001"}, {"main_order": "OC1"}],
)
def test_a_gift_without_its_main_order_is_refused(world: World, partner: Caller, fields):
    answer = partner.place(world.body(**fields))

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["main_order"]


def test_lines_get_numbers_where_the_partner_gives_none(world: World, partner: Caller):
    lines = [{"sku": code, "quantity": 1} for code in world.codes]
    lines[1]["line"] = "A-7"

    answer = partner.place(world.body(lines=lines)).json()

    assert [line["line"] for line in answer["lines"]] == ["1", "A-7", "3"]


def test_placing_takes_this_many_statements(world: World, partner: Caller):
    partner.place(world.body())

    with CaptureQueriesContext(connection) as seen:
        answer = partner.place(world.body(receiver={**RECEIVER, "phone": "13900000001"}))

    assert answer.status_code == 201
    # The test's own transaction turns the view's into a savepoint (2). Then: claim (2), SKUs,
    # customer looked for and made (2), order, lines, event, clock, stock (2), the answer kept.
    assert len(seen) == 2 + 12, [query["sql"][:90] for query in seen]
