"""POST /api/v1/orders/<number>/<verb>/: people and programs move an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orders.api.verbs import VERBS
from orders.models import Order, OrderNote, WorkOrder
from tests.api.support import (
    RECEIVER,
    URGENT,
    Caller,
    World,
    administrator,
    build_world,
    partner_for,
    staff_with,
)
from tests.factories import bring_to

BODIES: dict[str, dict[str, Any]] = {
    "pay": {"amount": "60.00"},
    "send_back": {"reason": "地址再看一下"},
    "cancel": {"reason": "不要了"},
    "close": {"reason": "丢件"},
    "change_address": {"receiver": {**RECEIVER, "street": "解放路 88 号"}},
    "hold": {"reason": "等客户回电"},
    "note": {"text": "易碎"},
    "urgency": URGENT,
}


def revision(world: World) -> dict[str, Any]:
    line = {"line": "1", "sku": world.codes[1], "quantity": 5, "unit_price": "9.00"}
    return {"lines": [line], "reason": "客户改主意"}


def body_for(verb: str, world: World) -> dict[str, Any]:
    return revision(world) if verb == "revise" else BODIES.get(verb, {})


@pytest.mark.parametrize(
    ("verb", "begins_in", "ends_in"),
    [
        ("pay", "pending_payment", "pending_review"),
        ("approve", "pending_review", "pending_finance"),
        ("send_back", "pending_finance", "pending_review"),
        ("confirm_funds", "pending_finance", "preparing"),
        ("cancel", "preparing", "cancelled"),
        ("close", "delivered", "closed"),
        ("complete", "delivered", "completed"),
        ("change_address", "pending_review", "pending_review"),
        ("revise", "pending_review", "pending_review"),
        ("allocate", "pending_review", "pending_review"),
        ("hold", "preparing", "preparing"),
        ("note", "completed", "completed"),
        ("urgency", "preparing", "preparing"),
    ],
)
def test_each_verb_does_what_it_says(
    world: World, admin: Caller, verb: str, begins_in: str, ends_in: str
):
    number = admin.place(world.body(paid=begins_in != "pending_payment")).json()["number"]
    order = bring_to(Order.objects.get(number=number).pk, begins_in)

    answer = admin.post(
        f"/api/v1/orders/{number}/{verb}/", body_for(verb, world), version=order.version
    )

    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == ends_in
    assert answer["ETag"] == f'"{answer.json()["version"]}"'
    assert answer.json() == admin.get(f"/api/v1/orders/{number}/").json()


def test_every_verb_is_in_the_table_above():
    assert {verb.name for verb in VERBS} == {
        *BODIES,
        "approve",
        "confirm_funds",
        "complete",
        "allocate",
        "revise",
    }


def test_a_revision_names_the_partners_own_line(world: World, admin: Caller):
    order = admin.place(world.body()).json()

    answer = admin.post(world.url(order, "revise"), revision(world), version=1).json()

    assert (answer["lines"][0]["sku"], answer["lines"][0]["quantity"]) == (world.codes[1], 5)
    assert answer["total"] == "85.00"


def test_a_revision_of_a_line_that_is_not_there(world: World, admin: Caller):
    order = admin.place(world.body()).json()
    body = revision(world)
    body["lines"][0]["line"] = "9"

    answer = admin.post(world.url(order, "revise"), body, version=1)

    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["lines.0.line"])


def test_a_revision_that_names_a_line_twice_changes_nothing(world: World, admin: Caller):
    order = admin.place(world.body()).json()
    body = revision(world)
    body["lines"] = [*body["lines"], {**body["lines"][0], "quantity": 1}]
    again = len(body["lines"]) - 1

    answer = admin.post(world.url(order, "revise"), body, version=1)

    assert (answer.status_code, answer.json()["fields"]) == (
        422,
        {f"lines.{again}.line": ["这一行写了两次。"]},
    )
    assert Order.objects.get().version == 1


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
class TestEveryVerb:
    """The rules that hold for all verbs alike."""

    def test_needs_the_version(self, world: World, admin: Caller, verb: str):
        order = admin.place(world.body()).json()

        answer = admin.post(world.url(order, verb), body_for(verb, world))

        assert (answer.status_code, answer.json()["code"]) == (428, "version_required")
        assert Order.objects.get().version == 1

    def test_refuses_a_stale_version_and_tells_what_happened(
        self, world: World, admin: Caller, verb: str
    ):
        order = admin.place(world.body()).json()
        admin.post(world.url(order, "urgency"), URGENT | {"urgency": "yellow"}, version=1)
        admin.post(world.url(order, "note"), {"text": "等"}, version=2)
        admin.post(world.url(order, "approve"), version=2)

        answer = admin.post(world.url(order, verb), body_for(verb, world), version=1)

        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (412, "changed_meanwhile")
        assert (problem["seen"], problem["current"]) == (1, 3)
        assert [event["kind"] for event in problem["happened"]] == [
            "order.urgency_set",
            "order.approved",
        ]
        assert problem["happened"][0]["changes"]["urgency"] == ["normal", "yellow"]
        assert Order.objects.get().version == 3

    def test_needs_a_permission(self, world: World, verb: str):
        order = administrator().place(world.body()).json()
        clerk = staff_with("orders.view_order")

        answer = clerk.post(world.url(order, verb), body_for(verb, world), version=1)

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert Order.objects.get().version == 1
        assert not WorkOrder.objects.exists()
        assert not OrderNote.objects.exists()

    def test_knows_no_order_of_somebody_else(self, world: World, verb: str):
        order = administrator().place(world.body()).json()
        stranger = partner_for(build_world().shop)

        answer = stranger.post(world.url(order, verb), body_for(verb, world), version=1)

        assert answer.status_code == 404

    def test_refuses_fields_it_does_not_know(self, world: World, admin: Caller, verb: str):
        order = admin.place(world.body()).json()

        answer = admin.post(
            world.url(order, verb), {**body_for(verb, world), "bogus": 1}, version=1
        )

        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["bogus"])

    def test_is_not_done_by_a_get(self, world: World, admin: Caller, verb: str):
        order = admin.place(world.body()).json()

        answer = admin.get(world.url(order, verb))

        assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ('W/"1"', 412, "changed_meanwhile"),
        ("1", 400, "version_unreadable"),
        ("*", 400, "version_unreadable"),
        ('"1", "2"', 400, "version_unreadable"),
        ('"one"', 400, "version_unreadable"),
        ('""', 400, "version_unreadable"),
        ('"1', 400, "version_unreadable"),
        ('"-1"', 400, "version_unreadable"),
        ('"٣"', 400, "version_unreadable"),
        ('"99999999999999999999"', 400, "version_unreadable"),
        ('"999999999"', 412, "changed_meanwhile"),
        (" ", 428, "version_required"),
    ],
)
def test_an_if_match_that_names_no_version(
    world: World, admin: Caller, header: str, status: int, code: str
):
    order = admin.place(world.body()).json()

    answer = admin.post(world.url(order, "approve"), version=header)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Order.objects.get().state == "pending_review"


def test_a_move_that_the_state_does_not_allow(world: World, admin: Caller):
    order = admin.place(world.body()).json()

    answer = admin.post(world.url(order, "complete"), version=1)

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (answer.json()["state"], answer.json()["verb"]) == ("pending_review", "complete")


def test_a_move_that_a_work_order_blocks(world: World, admin: Caller):
    order = admin.place(world.body()).json()
    admin.post(world.url(order, "hold"), {"reason": "等客户回电"}, version=1)

    answer = admin.post(world.url(order, "approve"), version=1)

    assert (answer.status_code, answer.json()["code"]) == (409, "on_hold")
    assert answer.json()["work_order"] == WorkOrder.objects.get().pk


@pytest.mark.parametrize("verb", ["cancel", "send_back", "close", "hold"])
@pytest.mark.parametrize("reason", ["", "  ", None, 7])
def test_what_needs_a_reason_is_refused_without(
    world: World, admin: Caller, verb: str, reason: Any
):
    order = admin.place(world.body()).json()

    answer = admin.post(world.url(order, verb), {"reason": reason}, version=1)

    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["reason"])


def test_an_address_nobody_finds_is_refused_by_its_field(world: World, partner: Caller):
    order = partner.place(world.body()).json()
    receiver = {**RECEIVER, "street": "?"}

    answer = partner.post(world.url(order, "change_address"), {"receiver": receiver}, version=1)

    assert answer.status_code == 422
    assert Order.objects.get().receiver_street == RECEIVER["street"]


def test_a_refusal_leaves_nothing_of_the_verb_behind(world: World, admin: Caller):
    order = admin.place(world.body()).json()
    body = revision(world)
    body["lines"][0]["quantity"] = 50_000

    answer = admin.post(world.url(order, "revise"), body, version=1)

    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert Order.objects.get().version == 1
    assert admin.get(world.url(order)).json() == order


@pytest.mark.django_db
def test_an_urgent_order_says_by_when_and_why():
    world = build_world()
    admin = administrator()
    order = admin.place(world.body()).json()

    answer = admin.post(world.url(order, "urgency"), {"urgency": "red"}, version=1)

    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"wanted_by", "reason"}
    assert admin.get(world.url(order)).json() == order


@pytest.mark.usefixtures("committed_db")
def test_eight_writers_lose_no_update(race: Callable[..., list[Any]]):
    world = build_world()
    writers = [administrator() for _ in range(8)]
    order = writers[0].place(world.body()).json()
    url = world.url(order, "urgency")
    levels = ["yellow", "orange", "red", "yellow", "orange", "red", "yellow", "orange"]

    answers = race(
        *[
            lambda writer=writer, level=level: writer.post(
                url, URGENT | {"urgency": level}, version=1
            )
            for writer, level in zip(writers, levels, strict=True)
        ],
        meet_after="ordercenter.core.api.verbs.seen_version",
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert Order.objects.get().urgency == winner.json()["urgency"]
    assert Order.objects.get().version == 2
