"""Subscribing and asking, over real sockets, and pushes that come back."""

import time
from datetime import timedelta

import pytest
from django_q.models import OrmQ

from integrations.channels.base import Answer, Verdict
from integrations.inbound import process_new
from integrations.models import InboundCall, Notice, TrackingAccount, TrackingSubscription
from integrations.tracking import polling, subscriptions
from integrations.tracking.tasks import poll_tracking
from ordercenter.core import moments, outbox
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import WrongState
from ordercenter.core.models import Delivery
from orders.fulfilment.models import Carrier, Shipment
from orders.models import WorkOrder
from tests.fulfilment import world
from tests.integrations.tracking.conftest import make_account


def deliver() -> None:
    while outbox.drain("outside"):
        pass


def later(**span: float):
    return moments.pretend(moments.now() + timedelta(**span))


def subscription() -> TrackingSubscription:
    return TrackingSubscription.objects.get()


@pytest.mark.django_db
def test_a_dispatched_parcel_is_subscribed_with_an_address_and_salt_of_its_own(
    account, shipment, simulator, settings
):
    settings.PUBLIC_BASE_URL = "https://oc.example.cn/"
    deliver()

    mine = subscription()
    (parcel,) = simulator.get("kuaidi100/parcels")["parcels"]
    assert (mine.state, mine.company, mine.number) == ("active", "shunfeng", shipment.waybill)
    assert mine.phone_tail == parcel["phone_tail"] == "5678"
    assert parcel["subscribed"] == [f"https://oc.example.cn/hooks/kuaidi100/{mine.token}/"]
    assert len(mine.token) >= 40 and len(mine.salt) == 32


@pytest.mark.django_db
def test_hearing_of_the_dispatch_twice_subscribes_once(account, shipment, simulator):
    deliver()
    assert outbox.replay("tracking.subscribe", shipment.stream) == 1
    deliver()

    assert subscription().state == "active"
    assert simulator.counters()["calls"]["kuaidi100"]["subscribe"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["cut", "truncated"])
def test_an_answer_that_got_lost_is_asked_for_again_and_501_is_a_success(
    account, shipment, simulator, kind
):
    simulator.fault("kuaidi100", kind)
    deliver()
    unanswered = subscription().state
    Delivery.objects.filter(state="pending").update(not_before=moments.now())
    deliver()

    assert unanswered == "planned"
    assert subscription().state == "active"
    assert subscription().answer["code"] == "501"


@pytest.mark.django_db
def test_without_an_account_the_parcel_waits_for_one(shipment, simulator):
    deliver()
    assert subscription().state == "planned"
    make_account(simulator)
    with later(minutes=11):
        poll_tracking()

    assert subscription().state == "active"


@pytest.mark.django_db
def test_a_carrier_the_service_does_not_know_is_not_followed(account, house):
    Carrier.objects.update(kuaidi100_code="")
    world.dispatched()
    deliver()

    assert TrackingSubscription.objects.count() == 0
    assert Delivery.objects.get(handler="tracking.subscribe").state == "done"


@pytest.mark.django_db
def test_a_refusal_asks_a_person_and_can_be_mended(account, house, simulator):
    Carrier.objects.filter(code="SF").update(kuaidi100_code="nosuchcarrier")
    world.dispatched()
    deliver()

    assert (subscription().state, subscription().answer["code"]) == ("refused", "700")
    assert WorkOrder.objects.get(kind="tracking").owner_role == "logistics"

    Carrier.objects.filter(code="SF").update(kuaidi100_code="shunfeng")
    subscriptions.follow_again(subscription().pk, actor=SYSTEM)
    poll_tracking()
    assert subscription().state == "planned"
    with later(minutes=32):
        poll_tracking()
    assert (subscription().state, subscription().company) == ("active", "shunfeng")


@pytest.mark.django_db
def test_only_what_was_given_up_is_followed_again(followed):
    with pytest.raises(WrongState):
        subscriptions.follow_again(followed.pk, actor=SYSTEM)

    assert subscription().state == "active"


@pytest.mark.django_db
def test_a_dead_key_switches_the_account_off_and_alarms_once(account, house, simulator):
    TrackingAccount.objects.update(credentials={"key": "expired", "customer": "x"})
    world.dispatched()
    world.dispatched()
    deliver()

    account.refresh_from_db()
    assert (account.is_active, "601" in account.trouble) == (False, True)
    assert Notice.objects.get(role="admin").count == 1
    assert set(TrackingSubscription.objects.values_list("state", flat=True)) == {"planned"}


@pytest.fixture
def silent(account, shipment, simulator) -> TrackingSubscription:
    """A subscribed parcel that moved while every push got lost."""
    deliver()
    mine = subscription()
    simulator.advance(mine.number, "collected", push="none")
    simulator.advance(mine.number, "in_transit", push="none")
    return mine


@pytest.mark.django_db
def test_a_parcel_nothing_is_heard_of_is_asked_about(silent):
    assert polling.poll_due() == 0
    with later(hours=7):
        assert polling.poll_due() == 1

    call = InboundCall.objects.get()
    assert (call.source, call.state) == ("kuaidi100.query", "done")
    assert b'"nu"' in bytes(call.body)
    assert Shipment.objects.get().state == "in_transit"


@pytest.mark.django_db
def test_one_number_is_asked_about_once_in_half_an_hour_whoever_wants_it(silent, simulator):
    twin = TrackingSubscription.objects.create(
        shipment_id=silent.shipment_id + 1,
        company=silent.company,
        number=silent.number,
        state="active",
        next_poll_at=moments.now(),
    )
    asked = []
    for minutes in (0, 1, 30, 32, 40):
        with later(minutes=minutes):
            polling.ask_soon(silent.shipment_id)
            TrackingSubscription.objects.filter(pk=twin.pk).update(next_poll_at=moments.now())
            asked.append(polling.poll_due())

    assert asked == [1, 0, 0, 1, 0]


def test_two_workers_at_once_ask_once(race, account, shipment, simulator):
    deliver()
    polling.ask_soon(subscription().shipment_id)

    outcomes = race(
        *[polling.poll_due] * 3, meet_after="integrations.tracking.polling.active_account"
    )

    assert sorted(outcomes) == [0, 0, 1]
    assert simulator.counters()["calls"]["kuaidi100"]["query"] == 1


def test_two_workers_with_two_parcels_of_one_number_ask_once(race, simulator):
    world.make_house()
    shipment = world.dispatched()
    rows = [
        TrackingSubscription.objects.create(
            shipment_id=shipment.pk + n,
            company="shunfeng",
            number=shipment.waybill,
            state="active",
            next_poll_at=moments.now(),
        )
        for n in range(2)
    ]

    outcomes = race(
        *[lambda row=row: polling.claim_turn(row.pk) for row in rows],
        meet_after="integrations.tracking.polling._asked_lately",
    )

    assert sorted(outcome is None for outcome in outcomes) == [False, True]


@pytest.mark.django_db
def test_a_push_that_is_faster_than_the_answer_is_not_undone(
    account, shipment, simulator, monkeypatch
):
    class Slow:
        def subscribe(self, *_: object, **__: object) -> Verdict:
            TrackingSubscription.objects.update(state="ended")
            return Verdict(Answer.OK, code="200")

    monkeypatch.setattr(subscriptions, "client_of", lambda account: Slow())
    deliver()

    assert subscription().state == "ended"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "state", "minutes"),
    [("500", "active", 360), ("501", "active", 31), ("504", "active", 31), ("408", "refused", 360)],
)
def test_what_follows_from_an_answer_without_a_trace(silent, simulator, code, state, minutes):
    simulator.fault("kuaidi100", "error", returnCode=code)
    polling.ask_soon(silent.shipment_id)
    at = moments.now()
    assert polling.poll_due() == 1

    mine = subscription()
    assert mine.state == state
    assert mine.next_poll_at - at == pytest.approx(timedelta(minutes=minutes), rel=0.02)
    assert WorkOrder.objects.filter(kind="tracking").exists() is (state == "refused")


@pytest.fixture
def travelling(committed_db, live_server, account, shipment, settings) -> TrackingSubscription:
    """A parcel whose pushes find their way to us."""
    settings.PUBLIC_BASE_URL = live_server.url
    deliver()
    return subscription()


def pushes(simulator) -> list[dict]:
    return simulator.get("kuaidi100/pushes")["pushes"]


def test_a_parcel_travels_to_its_receiver(travelling, simulator):
    for stage in ("collected", "in_transit", "arrived", "out_for_delivery", "delivered"):
        simulator.advance(travelling.number, stage, wait=True)
        process_new()

    shipment = Shipment.objects.get()
    assert all(sent["acknowledged"] and sent["attempts"] == 1 for sent in pushes(simulator))
    assert (shipment.state, shipment.order.state) == ("delivered", "delivered")
    assert subscription().state == "ended"
    assert OrmQ.objects.count() == 5


@pytest.mark.parametrize("kind", ["forged", "unsigned"])
def test_forged_pushes_are_not_believed(travelling, simulator, kind):
    simulator.advance(travelling.number, "delivered", push=kind, wait=True)
    process_new()

    (sent,) = pushes(simulator)
    assert (sent["acknowledged"], "403" in sent["last_answer"]) == (False, True)
    assert Shipment.objects.get().state == "dispatched"
    assert InboundCall.objects.get().state == "refused"


def test_duplicate_and_old_pushes_are_harmless(travelling, simulator):
    simulator.advance(travelling.number, "collected", push="duplicate", wait=True)
    process_new()
    simulator.advance(travelling.number, "delivered", push="old", wait=True)
    process_new()

    assert all(sent["acknowledged"] for sent in pushes(simulator))
    assert Shipment.objects.get().state == "delivered"
    assert sum(InboundCall.objects.values_list("repeats", flat=True)) >= 1
    assert set(InboundCall.objects.values_list("state", flat=True)) == {"done"}


def test_a_push_that_finds_us_broken_comes_again(travelling, simulator, monkeypatch):
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr("integrations.tracking.views.store_call", break_down)
        simulator.advance(travelling.number, "collected", wait=True)
        (first,) = pushes(simulator)
    deadline = time.monotonic() + 5
    while not pushes(simulator)[0]["acknowledged"] and time.monotonic() < deadline:
        time.sleep(0.1)
    process_new()

    assert first["acknowledged"] is False
    assert pushes(simulator)[0]["acknowledged"] is True
    assert Shipment.objects.get().state == "in_transit"


def test_a_parcel_that_is_rejected_is_in_trouble(travelling, simulator):
    simulator.advance(travelling.number, "collected", wait=True)
    simulator.advance(travelling.number, "rejected", wait=True)
    process_new()

    assert Shipment.objects.get().state == "exception"
    assert WorkOrder.objects.get(kind="tracking").owner_role == "logistics"


def test_the_service_gives_up(travelling, simulator):
    simulator.advance(travelling.number, "abort", wait=True)
    process_new()

    assert subscription().state == "aborted"
    assert WorkOrder.objects.filter(kind="tracking").count() == 1
