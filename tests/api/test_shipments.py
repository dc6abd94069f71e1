"""Shipments over HTTP: read, pick, pack, label, dispatch."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import StockLevel
from ordercenter.core.actor import SYSTEM
from orders.fulfilment.actions import plan_shipments
from orders.fulfilment.api.verbs import VERBS
from orders.fulfilment.models import Carrier, Shipment
from orders.models import Order, OrderState
from tests.api.support import Caller, World, build_world, partner_for, staff_with
from tests.factories import bring_to

URL = "/api/v1/shipments/"


@pytest.fixture
def carrier(db: None) -> Carrier:
    carrier = Carrier.objects.filter(is_active=True).first()
    assert carrier is not None, "the migrations bring carriers"
    return carrier


@pytest.fixture
def parcel(world: World, admin: Caller) -> dict[str, Any]:
    """The parcel of an order of two pieces of the first SKU; planned, nothing done yet."""
    return plan(world, admin)


def plan(world: World, caller: Caller) -> dict[str, Any]:
    number = caller.place(world.body(world.codes[0])).json()["number"]
    order = bring_to(Order.objects.get(number=number).pk, OrderState.PREPARING)
    if not Shipment.objects.filter(order=order).exists():
        plan_shipments(order.pk, actor=SYSTEM)
    shipment = Shipment.objects.get(order=order)
    answer: dict[str, Any] = caller.get(f"{URL}{shipment.number}/").json()
    return answer


def url(parcel: dict[str, Any], verb: str = "") -> str:
    return f"{URL}{parcel['number']}/" + (f"{verb}/" if verb else "")


def step(caller: Caller, parcel: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """The parcel after a verb that must succeed."""
    answer = caller.post(url(parcel, verb), body, version=parcel["version"])
    assert answer.status_code == 200, answer.content
    assert answer["ETag"] == f'"{answer.json()["version"]}"'
    after: dict[str, Any] = answer.json()
    return after


def test_a_parcel_goes_from_the_plan_out_of_the_door(
    world: World, admin: Caller, parcel: dict[str, Any], carrier: Carrier
):
    sku = world.codes[0]

    now = step(admin, parcel, "release")
    now = step(admin, now, "start_picking")
    now = step(admin, now, "set_carrier", carrier=carrier.code, waybill="SF1234567890")
    now = step(admin, now, "pack", pieces=[{"sku": sku, "quantity": 2}], weight_grams=900)
    now = step(admin, now, "print_label")
    now = step(admin, now, "dispatch")

    assert (now["state"], now["waybill"], now["weight_grams"]) == (
        "dispatched",
        "SF1234567890",
        900,
    )
    assert now["receiver"]["name"] == "王小明"
    assert now["lines"] == [{"line": "1", "sku": sku, "quantity": 2, "checked": 2}]
    level = StockLevel.objects.get(sku__code=sku)
    assert (level.on_hand, level.reserved) == (998, 0)
    assert Order.objects.get().state == "dispatched"


def test_the_label_is_a_pdf_once_it_is_printed(
    world: World, admin: Caller, parcel: dict[str, Any], carrier: Carrier
):
    before = admin.get(url(parcel, "label"))
    now = step(admin, parcel, "release")
    now = step(admin, now, "set_carrier", carrier=carrier.code, waybill="SF1234567890")
    step(admin, now, "print_label")

    after = admin.get(url(parcel, "label"), headers={"Accept": "application/pdf"})

    assert (before.status_code, before["Content-Type"]) == (404, "application/problem+json")
    assert (after.status_code, after["Content-Type"]) == (200, "application/pdf")
    assert after.content.startswith(b"%PDF-")


def test_parcels_that_lack_pieces_are_not_packed(admin: Caller, parcel: dict[str, Any]):
    now = step(admin, parcel, "release")

    answer = admin.post(
        url(now, "pack"),
        {"pieces": [{"sku": "ELSE", "quantity": 2}]},
        version=now["version"],
    )
    nothing = admin.post(url(now, "pack"), {}, version=now["version"])

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_item")
    assert nothing.status_code == 409
    assert nothing.json()["missing"][0]["wanted"] == 2
    assert Shipment.objects.get().state == "released"


def test_a_parcel_without_a_number_does_not_leave(
    world: World, admin: Caller, parcel: dict[str, Any]
):
    now = step(admin, parcel, "release")
    now = step(admin, now, "pack", pieces=[{"sku": world.codes[0], "quantity": 2}])

    answer = admin.post(url(now, "dispatch"), version=now["version"])

    assert answer.status_code == 409
    assert StockLevel.objects.get(sku__code=world.codes[0]).on_hand == 1000


def test_a_carrier_nobody_knows(admin: Caller, parcel: dict[str, Any]):
    answer = admin.post(url(parcel, "set_carrier"), {"carrier": "PIGEON"}, version=1)

    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["carrier"])


def test_a_stale_version_tells_what_happened(admin: Caller, parcel: dict[str, Any]):
    step(admin, step(admin, parcel, "release"), "start_picking")

    answer = admin.post(url(parcel, "cancel"), {"reason": "客户不要了"}, version=parcel["version"])

    assert answer.status_code == 412
    assert [event["kind"] for event in answer.json()["happened"]] == [
        "shipment.released",
        "shipment.picking",
    ]


BODIES: dict[str, dict[str, Any]] = {
    "unpack": {"reason": "再看"},
    "void_label": {"reason": "印错"},
    "cancel": {"reason": "不发了"},
}


def body_for(verb: str, carrier: Carrier) -> dict[str, Any]:
    return {"carrier": carrier.code} if verb == "set_carrier" else BODIES.get(verb, {})


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
class TestEveryVerb:
    """The rules that hold for all verbs alike."""

    def test_needs_the_version(self, admin: Caller, parcel: dict[str, Any], verb: str):
        answer = admin.post(url(parcel, verb), BODIES.get(verb, {}))

        assert (answer.status_code, answer.json()["code"]) == (428, "version_required")

    def test_needs_a_permission(self, parcel: dict[str, Any], carrier: Carrier, verb: str):
        clerk = staff_with("fulfilment.view_shipment")

        answer = clerk.post(url(parcel, verb), body_for(verb, carrier), version=parcel["version"])

        assert answer.status_code == 403
        assert Shipment.objects.get().version == parcel["version"]

    def test_no_partner_can_do_it(
        self, world: World, parcel: dict[str, Any], carrier: Carrier, verb: str
    ):
        ours, stranger = partner_for(world.shop), partner_for(build_world().shop)
        body = body_for(verb, carrier)

        statuses = [
            who.post(url(parcel, verb), body, version=parcel["version"]).status_code
            for who in (ours, stranger)
        ]

        assert statuses == [403, 404]
        assert Shipment.objects.get().version == parcel["version"]


def test_partners_read_their_own_parcels_only(world: World, admin: Caller):
    there = build_world()
    ours, theirs = plan(world, admin), plan(there, admin)
    partner = partner_for(world.shop)

    rows = partner.get(URL).json()["results"]

    assert [row["number"] for row in rows] == [ours["number"]]
    assert partner.get(url(ours)).status_code == 200
    for part in ("", "label"):
        assert partner_for(world.shop).get(url(theirs, part)).status_code in (403, 404)
    assert partner.get(url(theirs)).status_code == 404
    assert partner.get(URL, order=theirs["order"]).json()["results"] == []


def test_filters(world: World, admin: Caller, carrier: Carrier):
    one, two = plan(world, admin), plan(world, admin)
    two = step(admin, two, "set_carrier", carrier=carrier.code, waybill="YT5555")
    two = step(admin, two, "release")

    for asked, expected in [
        ({}, [two, one]),
        ({"state": "released"}, [two]),
        ({"order": one["order"]}, [one]),
        ({"warehouse": world.warehouse.code}, [two, one]),
        ({"warehouse": "ELSEWHERE"}, []),
        ({"waybill": "YT5555"}, [two]),
    ]:
        rows = admin.get(URL, **asked).json()["results"]
        assert [row["number"] for row in rows] == [row["number"] for row in expected], asked


def test_a_known_version_is_not_sent_again(admin: Caller, parcel: dict[str, Any]):
    answer = admin.get(url(parcel), headers={"If-None-Match": f'"{parcel["version"]}"'})

    assert (answer.status_code, answer.content) == (304, b"")
