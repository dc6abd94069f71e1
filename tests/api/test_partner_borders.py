"""A partner's key opens that partner's shops, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from orders.actions.keys import SCOPES
from orders.api.verbs import VERBS
from orders.models import Order
from tests.api.support import Caller, World, build_world, partner_for
from tests.api.test_order_verbs import body_for


@dataclass
class Two:
    """Two partners, each with a shop, a warehouse and an order."""

    here: World
    ours: Caller
    order: dict[str, Any]
    there: World
    theirs: Caller
    their_order: dict[str, Any]


@pytest.fixture
def two(db: None) -> Two:
    here, there = build_world(), build_world()
    ours, theirs = partner_for(here.shop), partner_for(there.shop)
    return Two(
        here,
        ours,
        ours.place(here.body(external_number="SAME", buyer_name="我方客户")).json(),
        there,
        theirs,
        theirs.place(there.body(external_number="SAME", buyer_name="对方客户")).json(),
    )


def test_the_list_shows_own_orders_only(two: Two):
    for asked in (
        {},
        {"external_number": "SAME"},
        {"search": "13812345678"},
        {"search": two.their_order["number"][:8]},
        {"phone_tail": "5678"},
        {"state": "pending_review"},
    ):
        rows = two.ours.get("/api/v1/orders/", **asked).json()["results"]
        assert [row["number"] for row in rows] == [two.order["number"]], asked


def test_asking_for_another_shop_shows_nothing(two: Two):
    assert two.ours.get("/api/v1/orders/", shop=two.there.shop.code).json()["results"] == []


@pytest.mark.parametrize("part", ["", "timeline"])
def test_anothers_order_cannot_be_told_from_one_that_does_not_exist(two: Two, part: str):
    theirs = two.ours.get(two.there.url(two.their_order, part))
    none = two.ours.get(two.there.url({"number": "OC9901019999999"}, part))

    assert theirs.status_code == none.status_code == 404
    assert {k: v for k, v in theirs.json().items() if k != "number"} == {
        k: v for k, v in none.json().items() if k != "number"
    }


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_anothers_order_is_never_changed(two: Two, verb: str):
    url = two.there.url(two.their_order, verb)

    answer = two.ours.post(url, body_for(verb, two.there), version=1)

    assert answer.status_code == 404
    assert Order.objects.get(number=two.their_order["number"]).version == 1


def test_nothing_is_placed_in_anothers_shop(two: Two):
    known = two.ours.place(two.there.body())
    unknown = two.ours.place(two.there.body(shop="no-such-shop"))

    assert (known.status_code, list(known.json()["fields"])) == (422, ["shop"])
    assert known.json() == unknown.json()
    assert Order.objects.count() == 2


def test_a_gift_follows_no_order_of_another_shop(two: Two):
    body = two.here.body(kind="gift", main_order=two.their_order["number"])

    assert list(two.ours.place(body).json()["fields"]) == ["main_order"]


def test_stock_is_that_of_the_own_shops_warehouses(two: Two):
    rows = two.ours.get("/api/v1/stock/", limit=200).json()["results"]

    assert {row["warehouse"] for row in rows} == {two.here.warehouse.code}
    assert two.ours.get("/api/v1/stock/", sku=two.there.codes[0]).json()["results"] == []
    assert (
        two.ours.get("/api/v1/stock/", warehouse=two.there.warehouse.code).json()["results"] == []
    )


def test_a_partner_without_shops_sees_nothing(two: Two):
    nobody = partner_for()

    assert nobody.get("/api/v1/orders/").json()["results"] == []
    assert nobody.get("/api/v1/stock/").json()["results"] == []
    assert nobody.get(two.here.url(two.order)).status_code == 404


READS = {
    "orders.view_order": ["/api/v1/orders/", "{order}", "{order}timeline/"],
    "inventory.view_stocklevel": ["/api/v1/stock/"],
}


@pytest.mark.parametrize("scope", READS)
def test_reading_needs_its_scope(two: Two, scope: str):
    without = partner_for(two.here.shop, scopes=[s for s in SCOPES if s != scope])

    for path in READS[scope]:
        answer = without.get(path.format(order=two.here.url(two.order)))
        assert (answer.status_code, answer.json()["permission"]) == (403, scope), path


def test_placing_needs_its_scope(two: Two):
    without = partner_for(two.here.shop, scopes=["orders.view_order"])

    answer = without.place(two.here.body())

    assert (answer.status_code, answer.json()["permission"]) == (403, "orders.place_order")
    assert Order.objects.count() == 2


def test_without_the_scope_for_receivers_even_the_own_answer_is_masked(two: Two):
    without = partner_for(two.here.shop, scopes=["orders.place_order", "orders.view_order"])

    answer = without.place(two.here.body()).json()

    assert answer["receiver"]["phone"] == "138****5678"
    assert without.get(two.here.url(answer)).json() == answer


@pytest.mark.parametrize("verb", ["approve", "confirm_funds", "allocate", "hold", "close"])
def test_what_our_staff_decide_no_key_can_do(two: Two, verb: str):
    answer = two.ours.post(two.here.url(two.order, verb), body_for(verb, two.here), version=1)

    assert answer.status_code == 403
