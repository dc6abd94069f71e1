"""Asking again is safe: one effect, the first answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inventory.models import StockLevel
from orders.models import Order, OrderNote, Partner
from tests.api.support import Caller, World, build_world, partner_for


def test_a_repeat_gets_the_first_answer(world: World, partner: Caller):
    body = world.body()
    first = partner.place(body, key="a-1")

    again = partner.place(body, key="a-1")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
    assert "Idempotency-Replayed" not in first
    assert Order.objects.count() == 1
    assert StockLevel.objects.get(sku__code=world.codes[0]).reserved == 2


def test_the_order_of_the_members_does_not_matter(world: World, partner: Caller):
    body = world.body()
    partner.place(body, key="a-1")

    again = partner.place(dict(reversed(body.items())), key="a-1")

    assert again["Idempotency-Replayed"] == "true"


def test_another_body_under_the_same_key_is_refused(world: World, partner: Caller):
    partner.place(world.body(), key="a-1")

    answer = partner.place(world.body(), key="a-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_a_refused_request_may_be_sent_again(world: World, partner: Caller):
    body = world.body()
    body["lines"][0]["quantity"] = 5000
    assert partner.place(body, key="a-1").status_code == 409

    StockLevel.objects.filter(sku__code=world.codes[0]).update(on_hand=5000)

    assert partner.place(body, key="a-1").status_code == 201


def test_keys_of_two_partners_have_nothing_to_do_with_each_other(world: World):
    body, other = world.body(), build_world()
    partner_for(world.shop).place(body, key="a-1")

    answer = partner_for(other.shop).place(other.body(), key="a-1")

    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer


def test_a_partners_new_api_key_knows_the_old_ones_answers(world: World):
    partner = Partner.objects.create(name="换密钥的伙伴")
    partner.shops.add(world.shop)
    body = world.body()
    partner_for(partner=partner).place(body, key="a-1")

    answer = partner_for(partner=partner).place(body, key="a-1")

    assert answer["Idempotency-Replayed"] == "true"


def test_a_partner_has_to_send_a_key(world: World, partner: Caller):
    answer = partner.post("/api/v1/orders/", world.body())

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert not Order.objects.exists()


def test_a_person_need_not_send_one(world: World, admin: Caller):
    assert admin.post("/api/v1/orders/", world.body()).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 121, "键", "a b"])
def test_a_key_that_cannot_be_kept_is_refused(world: World, partner: Caller, key: str):
    answer = partner.post("/api/v1/orders/", world.body(), key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_unreadable")


def test_a_verb_with_a_key_is_done_once(world: World, partner: Caller):
    order = partner.place(world.body()).json()
    first = partner.post(world.url(order, "note"), {"text": "易碎"}, version=1, key="n-1")

    again = partner.post(world.url(order, "note"), {"text": "易碎"}, version=1, key="n-1")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again["Idempotency-Replayed"] == "true"
    assert OrderNote.objects.count() == 1


def test_a_repeat_of_a_change_is_not_stale(world: World, partner: Caller):
    order = partner.place(world.body()).json()
    first = partner.post(world.url(order, "cancel"), {"reason": "重复"}, version=1, key="c-1")

    again = partner.post(world.url(order, "cancel"), {"reason": "重复"}, version=1, key="c-1")

    assert (first.status_code, again.json()) == (200, first.json())


@pytest.mark.usefixtures("committed_db")
def test_eight_at_once_make_one_order(race: Callable[..., list[Any]]):
    world = build_world()
    partner, body = partner_for(world.shop), world.body()

    answers = race(
        *[lambda: partner.place(body, key="same")] * 8,
        meet_after="ordercenter.core.idempotency.fingerprint",
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"twin_running"}
    assert len({a.json()["number"] for a in answers if a.status_code == 201}) == 1
    assert sum("Idempotency-Replayed" not in a for a in answers if a.status_code == 201) == 1
    assert Order.objects.count() == 1
    assert StockLevel.objects.get(sku__code=world.codes[0]).reserved == 2


@pytest.mark.usefixtures("committed_db")
def test_a_running_twin_is_refused_and_the_first_goes_through(race: Callable[..., list[Any]]):
    world = build_world()
    partner, body = partner_for(world.shop), world.body()

    answers = race(
        *[lambda: partner.place(body, key="same")] * 2,
        meet_after="orders.actions.place.known_skus",
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert Order.objects.count() == 1
