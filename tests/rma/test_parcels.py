"""Parcels without RMA: noted, matched, assigned."""

import pytest

from ordercenter.core.actor import SYSTEM
from ordercenter.core.clocks import sweep
from ordercenter.core.errors import BadInput, WrongState
from ordercenter.core.models import Timer
from rma.actions import (
    Arrived,
    assign_parcel,
    close_parcel,
    note_unknown_parcel,
    open_return_for_parcel,
    post_return,
    receive_return,
)
from rma.matching import suggest_for
from rma.models import Return, UnknownParcel
from tests.fulfilment.world import broken_laws
from tests.rma import world

pytestmark = pytest.mark.usefixtures("house")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def noted(**given) -> UnknownParcel:
    return note_unknown_parcel(actor=SYSTEM, **given)


def matches(parcel: UnknownParcel) -> list[tuple[str, list[str]]]:
    return [(match.number, match.because) for match in suggest_for(parcel)]


def test_a_parcel_waits_with_photo_clock_and_a_story_of_its_own():
    parcel = noted(tracking_number="yt 999", sku_codes=["A"], photo=("x.png", PNG))

    assert (parcel.state, parcel.tracking_number) == ("waiting", "YT999")
    assert parcel.photo.read() == PNG
    assert Timer.objects.get(subject_kind="unknown_parcel").owner_role == "cs"
    assert sweep() == 0
    assert broken_laws() == {}


def test_something_must_be_known_and_a_photo_must_be_one():
    with pytest.raises(BadInput):
        noted(note="a box")
    with pytest.raises(BadInput):
        noted(phone_tail="5678", photo=("x.png", b"MZ"))

    assert not UnknownParcel.objects.exists()


def test_a_parcel_lies_in_no_warehouse_that_is_not_there():
    with pytest.raises(BadInput) as refusal:
        noted(phone_tail="5678", warehouse=0)

    assert refusal.value.details["fields"] == {"warehouse": ["unknown"]}
    assert not UnknownParcel.objects.exists()


def test_the_tracking_number_of_the_way_back_is_the_best_match():
    rma = world.authorised(world.delivered_order())
    other = world.authorised(world.delivered_order())
    post_return(rma.pk, seen=None, tracking_number="YT777", actor=SYSTEM)

    found = matches(noted(tracking_number="YT777", phone_tail="5678"))

    assert found[0] == (rma.number, ["tracking_number", "phone_tail"])
    assert (other.number, ["phone_tail"]) in found


def test_our_own_waybill_on_a_parcel_that_came_back_finds_its_order():
    order = world.delivered_order()
    waybill = order.shipments.get().waybill

    found = matches(noted(tracking_number=waybill))

    assert found == [(order.number, ["waybill"])]


def test_phone_and_goods_together_beat_either_alone():
    both = world.delivered_order({"A": 1})
    world.delivered_order({"B": 1})

    found = matches(noted(phone_tail="5678", sku_codes=["A"]))

    assert found[0] == (both.number, ["phone_tail", "sku"])


def test_an_assigned_parcel_lets_its_return_be_received():
    rma = world.authorised(world.delivered_order())
    parcel = noted(phone_tail="5678")

    assign_parcel(parcel.pk, seen=parcel.version, return_id=rma.pk, actor=SYSTEM)

    parcel.refresh_from_db()
    assert (parcel.state, parcel.rma) == ("assigned", rma)
    assert world.told(rma.order_id, "return.parcel_found")
    assert receive_return(rma.pk, seen=None, arrived=world.all_of(rma), actor=SYSTEM)
    assert broken_laws() == {}


def test_a_return_that_waits_for_no_parcel_gets_none():
    rma = world.requested(world.delivered_order())
    parcel = noted(phone_tail="5678")

    with pytest.raises(WrongState):
        assign_parcel(parcel.pk, seen=None, return_id=rma.pk, actor=SYSTEM)

    assert UnknownParcel.objects.get().state == "waiting"


def test_for_an_order_without_a_return_one_is_opened_and_money_waits_for_finance():
    order = world.delivered_order({"A": 2})
    parcel = noted(phone_tail="5678", sku_codes=["A"])

    rma = open_return_for_parcel(parcel.pk, seen=None, order_id=order.pk, actor=SYSTEM)
    rma = receive_return(rma.pk, seen=None, arrived=[Arrived("A", 2)], actor=SYSTEM)
    rma = world.inspected(rma)

    assert (rma.reason, UnknownParcel.objects.get().state) == ("unannounced", "assigned")
    assert Return.objects.get().state == "inspected"
    assert broken_laws() == {}


def test_a_parcel_that_is_not_ours_is_closed_with_a_reason():
    parcel = noted(sender="别家")

    with pytest.raises(BadInput):
        close_parcel(parcel.pk, seen=None, reason="", actor=SYSTEM)

    assert close_parcel(parcel.pk, seen=None, reason="退回快递", actor=SYSTEM).state == "closed"
