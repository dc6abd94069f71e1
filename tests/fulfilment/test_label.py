"""Carrier, waybill number and the label."""

import pytest

from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, WrongState
from ordercenter.core.models import Event
from orders.actions import add_note, change_address, send_back_order
from orders.errors import TooLate
from orders.fulfilment.actions import (
    pack_shipment,
    print_label,
    release_shipment,
    set_carrier,
    unpack_shipment,
    void_label,
)
from orders.fulfilment.errors import NoWaybill, WaybillTaken
from orders.fulfilment.handlers import follow_address
from orders.fulfilment.labels import draw_label
from orders.fulfilment.models import Carrier, Shipment
from orders.fulfilment.paper import wrap
from orders.models import Order, Urgency
from orders.receiver import Receiver
from tests.fulfilment import world

pytestmark = pytest.mark.usefixtures("house")

ELSEWHERE = Receiver("李四", "13900001111", "广东省", "深圳市", "南山区", "科技路 1 号")


def carrier(code: str) -> int:
    return Carrier.objects.get(code=code).pk


def in_pdf(text: str) -> bytes:
    """Chinese text as it stands in the PDF: UTF-16 with PDF's escapes."""
    escaped = {ord("("): rb"\(", ord(")"): rb"\)", ord("\\"): rb"\\"}
    return b"".join(
        escaped.get(byte, bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte)
        for byte in text.encode("utf-16-be")
    )


def labelled(**draft: object) -> Shipment:
    shipment = world.released(world.preparing_order(**draft))
    set_carrier(shipment.pk, seen=None, carrier=carrier("SF"), waybill="SF100200", actor=SYSTEM)
    print_label(shipment.pk, seen=None, actor=SYSTEM)
    shipment.refresh_from_db()
    return shipment


def test_the_label_carries_number_receiver_goods_notes_and_urgency():
    shipment = world.released(world.preparing_order({"A": 2, "B": 1}, urgency=Urgency.RED))
    add_note(shipment.order_id, text="明天中午前送到", actor=SYSTEM)
    set_carrier(shipment.pk, seen=None, carrier=carrier("SF"), waybill="sf 100 200", actor=SYSTEM)

    label = print_label(shipment.pk, seen=None, actor=SYSTEM)

    assert label.content.startswith(b"%PDF-")
    assert b"(SF100200)" in label.content
    for text in ("顺丰速运", "王小明", "杭州市", "特急", "货品A", "明天中午前送到", "仓库老李"):
        assert in_pdf(text) in label.content, text


def test_printing_keeps_the_time_and_the_receiver():
    shipment = labelled()

    assert shipment.label_printed_at is not None
    assert shipment.printed_receiver == world.RECEIVER
    assert world.kinds(shipment.order_id)[-2:] == [
        "shipment.carrier_set",
        "shipment.label_printed",
    ]


def test_a_repeated_print_is_the_same_label():
    shipment = labelled()
    first = draw_label(shipment)

    again = print_label(shipment.pk, seen=None, actor=SYSTEM)

    assert again.content == first
    printed_at = shipment.label_printed_at
    shipment.refresh_from_db()
    assert shipment.label_printed_at == printed_at


def test_own_delivery_gets_numbers_of_ours():
    numbers = set()
    for _ in range(2):
        shipment = world.released()
        set_carrier(shipment.pk, seen=None, carrier=carrier("OWN"), actor=SYSTEM)
        print_label(shipment.pk, seen=None, actor=SYSTEM)
        shipment.refresh_from_db()
        numbers.add(shipment.waybill)

    assert len(numbers) == 2
    assert all(number.startswith("OC") for number in numbers)


def test_a_masked_receiver_prints_the_mask_and_a_hint_at_the_token():
    masked = Receiver(
        "王**",
        "138****5678",
        "浙江省",
        "杭州市",
        "西湖区",
        "文三路***",
        token="oaid-abcdefgh12345678",
    )
    shipment = labelled(receiver=masked)

    content = draw_label(shipment)

    assert in_pdf("王**") in content
    assert in_pdf("12345678") in content
    assert in_pdf("oaid-abc") not in content


@pytest.mark.parametrize("code", [None, "SF"])
def test_no_label_without_carrier_and_number(code):
    shipment = world.released()
    if code:
        set_carrier(shipment.pk, seen=None, carrier=carrier(code), actor=SYSTEM)
    before = world.picture(shipment)

    with pytest.raises(NoWaybill):
        print_label(shipment.pk, seen=None, actor=SYSTEM)

    assert world.picture(shipment) == before


def test_no_label_before_the_release():
    shipment = world.planned(world.preparing_order())
    set_carrier(shipment.pk, seen=None, carrier=carrier("SF"), waybill="SF100200", actor=SYSTEM)

    with pytest.raises(WrongState):
        print_label(shipment.pk, seen=None, actor=SYSTEM)

    shipment.refresh_from_db()
    assert shipment.label_printed_at is None


def test_a_number_belongs_to_one_parcel_of_a_carrier():
    labelled()
    other = world.released()
    before = world.picture(other)

    with pytest.raises(WaybillTaken):
        set_carrier(other.pk, seen=None, carrier=carrier("SF"), waybill="SF100200", actor=SYSTEM)

    assert world.picture(other) == before
    set_carrier(other.pk, seen=None, carrier=carrier("ZTO"), waybill="SF100200", actor=SYSTEM)


@pytest.mark.parametrize("number", ["SF1", "SF'; DROP", "运单号码一二三", "X" * 36])
def test_nonsense_is_no_waybill_number(number):
    shipment = world.released()

    with pytest.raises(BadInput):
        set_carrier(shipment.pk, seen=None, carrier=carrier("SF"), waybill=number, actor=SYSTEM)

    shipment.refresh_from_db()
    assert (shipment.carrier, shipment.waybill) == (None, "")


def test_the_carrier_stays_once_the_label_is_printed():
    shipment = labelled()
    before = world.picture(shipment)

    with pytest.raises(WrongState):
        set_carrier(shipment.pk, seen=None, carrier=carrier("ZTO"), actor=SYSTEM)

    assert world.picture(shipment) == before


def test_the_address_is_settled_until_the_label_is_voided():
    shipment = labelled()
    order = Order.objects.get(pk=shipment.order_id)

    with pytest.raises(TooLate, match=shipment.number):
        change_address(order.pk, seen=None, receiver=ELSEWHERE, actor=SYSTEM)

    order.refresh_from_db()
    assert order.receiver == world.RECEIVER
    void_label(shipment.pk, seen=None, reason="客户改地址", actor=SYSTEM)
    change_address(order.pk, seen=None, receiver=ELSEWHERE, actor=SYSTEM)
    shipment.refresh_from_db()
    assert (shipment.waybill, shipment.label_printed_at, shipment.receiver_name) == ("", None, "")
    assert world.broken_laws() == {}


def test_the_address_is_settled_while_a_parcel_is_packed():
    first, _second = world.two_parcels(world.preparing_order())
    release_shipment(first.pk, seen=None, actor=SYSTEM)
    pack_shipment(first.pk, seen=None, quantities=world.contents(first), actor=SYSTEM)
    order = Order.objects.get(pk=first.order_id)
    assert order.state == "preparing"

    with pytest.raises(TooLate):
        change_address(order.pk, seen=None, receiver=ELSEWHERE, actor=SYSTEM)
    with pytest.raises(TooLate):
        send_back_order(order.pk, seen=None, reason="再看看", actor=SYSTEM)

    unpack_shipment(first.pk, seen=None, reason="改地址", actor=SYSTEM)
    change_address(order.pk, seen=None, receiver=ELSEWHERE, actor=SYSTEM)


def test_an_open_parcel_goes_to_the_new_address_and_says_so_once():
    shipment = world.released()
    change_address(shipment.order_id, seen=None, receiver=ELSEWHERE, actor=SYSTEM)
    event = Event.objects.get(stream=shipment.stream, kind="order.address_changed")

    follow_address(event)
    follow_address(event)

    assert world.kinds(shipment.order_id).count("shipment.receiver_followed") == 1
    set_carrier(shipment.pk, seen=None, carrier=carrier("SF"), waybill="SF100200", actor=SYSTEM)
    print_label(shipment.pk, seen=None, actor=SYSTEM)
    shipment.refresh_from_db()
    assert shipment.printed_receiver == ELSEWHERE


def test_long_text_is_wrapped_without_losing_a_letter():
    text = "浙江省杭州市西湖区" * 12

    lines = list(wrap(text, 12))

    assert len(lines) > 1
    assert "".join(lines) == text
