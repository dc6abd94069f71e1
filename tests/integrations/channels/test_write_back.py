"""The channel hears of parcels: whole, split, after silence, after refusal (E1)."""

import pytest

from integrations.channels.base import Parcel
from integrations.channels.registry import open_adapter
from integrations.channels.taobao.adapter import SHIP_API
from integrations.models import ChannelAccount, ToldChannel
from integrations.write_back.handlers import ATTEMPTS, tell_channel
from integrations.write_back.telling import ALARM_AFTER, tell_again, tell_shipment
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import Forbidden
from ordercenter.core.models import Delivery, Event, Intent
from ordercenter.core.outbox import RetryLater
from orders.actions import approve_order, confirm_funds_order
from orders.fulfilment.actions import (
    dispatch_shipment,
    plan_shipments,
    release_shipment,
    split_shipment,
)
from orders.fulfilment.models import Carrier, Shipment
from orders.models import Order, OrderState, WorkOrder, WorkOrderKind, WorkOrderState
from tests.fulfilment import world
from tests.support.laws import broken_laws


@pytest.fixture
def order(intake, generate) -> Order:
    """A paid trade of two lines that finance has released to the warehouse."""
    tids = generate(20, paid_share=1)
    intake.pull()
    placed = next(o for o in map(intake.order, tids) if o.lines.count() == 2)
    approve_order(placed.pk, seen=None, actor=SYSTEM)
    return confirm_funds_order(placed.pk, seen=None, actor=SYSTEM)


def ship(order: Order) -> Shipment:
    """The whole order leaves in one parcel of 顺丰."""
    [shipment] = plan_shipments(order.pk, actor=SYSTEM)
    return send_off(shipment)


def send_off(shipment: Shipment) -> Shipment:
    release_shipment(shipment.pk, seen=None, actor=SYSTEM)
    world.pack_and_bill(shipment)
    return dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)


def told(shipment: Shipment) -> list[str]:
    rows = ToldChannel.objects.filter(shipment=shipment).order_by("line")
    return list(rows.values_list("state", flat=True))


def trouble(order: Order) -> WorkOrder | None:
    return WorkOrder.objects.filter(order=order, kind=WorkOrderKind.WRITE_BACK).first()


def test_dispatch_leaves_a_delivery_for_the_channel(order):
    shipment = ship(order)

    delivery = Delivery.objects.get(handler="write_back.tell_channel")
    assert (delivery.lane, delivery.event.kind) == ("outside", "shipment.dispatched")
    tell_channel(delivery.event)

    assert told(shipment) == ["told", "told"]


def test_a_whole_order_is_told_as_a_whole(order, simulator):
    shipment = ship(order)

    tell_shipment(shipment.pk)

    [heard] = simulator.shipments()
    assert (heard["tid"], heard["out_sid"], heard["company_code"], heard["is_split"]) == (
        order.external_number,
        shipment.waybill,
        "SF",
        False,
    )
    assert told(shipment) == ["told", "told"]
    assert Intent.objects.get().state == "done"
    assert Event.objects.filter(stream=order.stream, kind="order.channel_told").count() == 1
    assert broken_laws() == {}


def test_telling_twice_is_telling_once(order, simulator):
    shipment = ship(order)

    tell_shipment(shipment.pk)
    tell_shipment(shipment.pk)

    assert len(simulator.get("taobao/shipments")["accepted"]) == 1
    assert Event.objects.filter(kind="order.channel_told").count() == 1


def test_two_parcels_are_told_line_by_line(order, simulator):
    [whole] = plan_shipments(order.pk, actor=SYSTEM)
    first, second = order.lines.order_by("pk")
    rest = split_shipment(
        whole.pk, seen=None, quantities={second.pk: second.quantity}, actor=SYSTEM
    )

    for shipment in (send_off(whole), send_off(rest)):
        tell_shipment(shipment.pk)

    heard = simulator.shipments()
    assert [(row["oids"], row["is_split"]) for row in heard] == [
        ([first.channel_line], True),
        ([second.channel_line], True),
    ]
    trade = simulator.trade(order.external_number)["trade"]
    assert trade["status"] == "WAIT_BUYER_CONFIRM_GOODS"


def test_a_line_that_follows_in_two_parcels_is_told_with_the_first(intake, generate, simulator):
    tids = generate(40, paid_share=1)
    intake.pull()
    order = next(
        o for o in map(intake.order, tids) if o.lines.count() == 1 and o.lines.get().quantity > 1
    )
    approve_order(order.pk, seen=None, actor=SYSTEM)
    confirm_funds_order(order.pk, seen=None, actor=SYSTEM)
    [whole] = plan_shipments(order.pk, actor=SYSTEM)
    rest = split_shipment(whole.pk, seen=None, quantities={order.lines.get().pk: 1}, actor=SYSTEM)

    for shipment in (send_off(whole), send_off(rest)):
        tell_shipment(shipment.pk)

    assert len(simulator.shipments()) == 1
    assert (told(whole), told(rest)) == (["told"], ["told"])
    assert ToldChannel.objects.get(shipment=rest).answer == {
        "told_with": Shipment.objects.get(pk=whole.pk).waybill
    }


def test_an_order_that_came_from_nowhere_is_told_nowhere(db, simulator):
    world.make_house()
    shipment = world.dispatched()

    tell_shipment(shipment.pk)

    assert not ToldChannel.objects.exists()
    assert not Intent.objects.exists()


class TestUnknownOutcome:
    def test_what_was_carried_out_is_found_and_not_repeated(self, order, simulator, intake):
        impatient(intake.account)
        shipment = ship(order)
        simulator.fault("taobao", "timeout_after_write", method=SHIP_API, count=1, seconds=2)
        with pytest.raises(RetryLater):
            tell_shipment(shipment.pk)
        assert told(shipment) == ["pending", "pending"]
        assert Intent.objects.get().state == "unknown"

        tell_shipment(shipment.pk)

        assert told(shipment) == ["told", "told"]
        assert len(simulator.get("taobao/shipments")["refused"]) == 0
        assert len(simulator.shipments()) == 1

    def test_what_was_not_carried_out_is_asked_again_under_the_same_number(
        self, order, simulator, intake
    ):
        impatient(intake.account)
        shipment = ship(order)
        simulator.fault("taobao", "timeout", method=SHIP_API, count=1, seconds=2)
        with pytest.raises(RetryLater):
            tell_shipment(shipment.pk)

        tell_shipment(shipment.pk)

        assert told(shipment) == ["told", "told"]
        assert Intent.objects.get().attempts == 2

    @pytest.mark.parametrize("kind", ["try_later", "isp", "http_502", "cut", "truncated"])
    def test_a_passing_failure_is_tried_again(self, order, simulator, kind):
        shipment = ship(order)
        simulator.fault("taobao", kind, method=SHIP_API, count=1)
        with pytest.raises(RetryLater):
            tell_shipment(shipment.pk)

        tell_shipment(shipment.pk)

        assert told(shipment) == ["told", "told"]
        assert len(simulator.shipments()) == 1

    def test_a_stated_wait_is_passed_on(self, order, simulator):
        shipment = ship(order)
        simulator.fault("taobao", "limited", method=SHIP_API, count=1, seconds=77)

        with pytest.raises(RetryLater) as caught:
            tell_shipment(shipment.pk)

        assert caught.value.after == 77.0

    def test_failures_that_go_on_alarm_a_person_once_and_success_ends_the_alarm(
        self, order, simulator
    ):
        shipment = ship(order)
        simulator.fault("taobao", "try_later", method=SHIP_API, probability=1.0)
        for _ in range(ALARM_AFTER + 2):
            with pytest.raises(RetryLater):
                tell_shipment(shipment.pk)
        assert trouble(order).state == WorkOrderState.OPEN
        assert ALARM_AFTER < ATTEMPTS
        simulator.clear_faults()

        tell_shipment(shipment.pk)

        assert trouble(order).state == WorkOrderState.WITHDRAWN


class TestRefusals:
    def test_already_shipped_with_our_waybill_is_done(self, order, simulator, intake):
        shipment = ship(order)
        open_adapter(intake.account).ship(Parcel(order.external_number, shipment.waybill, "SF"))

        tell_shipment(shipment.pk)

        assert told(shipment) == ["told", "told"]
        assert trouble(order) is None

    def test_already_shipped_with_another_waybill_is_for_a_person(self, order, intake):
        shipment = ship(order)
        open_adapter(intake.account).ship(Parcel(order.external_number, "SF9999999999", "SF"))

        tell_shipment(shipment.pk)

        assert told(shipment) == ["refused", "refused"]
        assert trouble(order).detail["code"].endswith(":B04")

    def test_a_refusal_opens_one_work_order_and_changes_nothing_of_the_parcel(
        self, order, simulator
    ):
        shipment = ship(order)
        simulator.change(order.external_number, refund={"status": "WAIT_SELLER_AGREE"})

        tell_shipment(shipment.pk)
        tell_shipment(shipment.pk)

        assert told(shipment) == ["refused", "refused"]
        assert WorkOrder.objects.filter(kind=WorkOrderKind.WRITE_BACK).count() == 1
        assert len(simulator.get("taobao/shipments")["refused"]) == 1
        assert Order.objects.get(pk=order.pk).state == OrderState.DISPATCHED

    def test_a_person_lets_it_be_told_again(self, order, simulator):
        shipment = ship(order)
        simulator.change(order.external_number, refund={"status": "WAIT_SELLER_AGREE"})
        tell_shipment(shipment.pk)
        simulator.change(order.external_number, refund={"status": "CLOSED"})

        tell_again(shipment.pk, actor=SYSTEM)
        event = Event.objects.get(kind="order.channel_told_again")
        assert Delivery.objects.filter(event=event, handler="write_back.tell_channel").exists()
        tell_channel(event)

        assert told(shipment) == ["told", "told"]
        assert trouble(order).state == WorkOrderState.WITHDRAWN

    def test_only_who_may_tells_again(self, order):
        shipment = ship(order)
        clerk = Actor(kind="person", label="小李", door="admin", id=1, permissions=frozenset())

        with pytest.raises(Forbidden):
            tell_again(shipment.pk, actor=clerk)

        assert not Event.objects.filter(kind="order.channel_told_again").exists()

    def test_a_carrier_without_a_code_at_the_channel_is_for_a_person(self, order, simulator):
        shipment = ship(order)
        Carrier.objects.filter(code="SF").update(taobao_code="")

        tell_shipment(shipment.pk)

        assert trouble(order).detail["code"] == "carrier"
        assert simulator.shipments() == []

    def test_a_lost_session_pauses_the_channel_and_tells_a_person(self, order, simulator, intake):
        shipment = ship(order)
        simulator.post("taobao/session", shop="demo1", works=False)

        with pytest.raises(RetryLater):
            tell_shipment(shipment.pk)

        intake.account.refresh_from_db()
        assert intake.account.is_paused
        assert trouble(order).state == WorkOrderState.OPEN
        assert told(shipment) == ["pending", "pending"]


def impatient(account: ChannelAccount) -> None:
    account.options = {**account.options, "timeout": 0.3}
    account.save()
