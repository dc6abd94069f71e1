"""The callback's door: verify, store, answer; and what becomes of a push afterwards."""

import json

import pytest
from django.test import Client
from django_q.models import OrmQ

from integrations.inbound import process_call, process_new, read_again
from integrations.models import InboundCall, TrackingSubscription
from integrations.tracking.subscriptions import follow_shipment
from integrations.tracking.views import MOST_BYTES
from ordercenter.core import moments
from ordercenter.core.models import Event
from orders.fulfilment.models import Shipment, TrackingPoint
from orders.models import Order, WorkOrder
from tests.fulfilment import world
from tests.integrations.tracking.pushes import form, push, signed, trace

pytestmark = pytest.mark.django_db
ACK = {"result": True, "returnCode": "200", "message": "成功"}


def send(subscription: TrackingSubscription, body: str | bytes, token: str = ""):
    # As the outside world: with the check of CSRF tokens in force.
    return Client(enforce_csrf_checks=True).post(
        f"/hooks/kuaidi100/{token or subscription.token}/",
        body,
        content_type="application/x-www-form-urlencoded",
    )


def take(subscription: TrackingSubscription, param: str) -> InboundCall:
    """A genuine push from the door to its end."""
    assert send(subscription, signed(subscription, param)).status_code == 200
    process_new()
    return InboundCall.objects.latest("pk")


def everything() -> tuple[object, ...]:
    return (
        list(Shipment.objects.values()),
        list(Order.objects.values("state", "version")),
        TrackingPoint.objects.count(),
        Event.objects.count(),
    )


def test_acknowledges_exactly_stores_byte_for_byte_and_works_later(followed):
    body = signed(followed, push(followed, trace("103", "0")))
    before = everything()

    response = send(followed, body)

    call = InboundCall.objects.get()
    assert response.status_code == 200
    assert json.loads(response.content) == ACK
    assert response.content.decode() == '{"result": true, "returnCode": "200", "message": "成功"}'
    assert bytes(call.body) == body.encode()
    assert (call.state, call.source, call.path_token) == ("new", "kuaidi100.push", followed.token)
    assert OrmQ.objects.count() == 1
    assert everything() == before


def test_a_push_drives_the_parcel_and_its_order(followed):
    call = take(followed, push(followed, trace("103", "0", "5")))

    shipment = Shipment.objects.get()
    followed.refresh_from_db()
    assert (call.state, call.error) == ("done", "")
    assert (shipment.state, shipment.tracking_state) == ("in_transit", "out_for_delivery")
    assert shipment.order.state == "in_transit"
    assert shipment.carrier_picked_up_at is not None
    assert followed.heard_at is not None
    assert world.broken_laws() == {}


def test_delivered_drives_the_order_and_ends_the_subscription(followed):
    take(followed, push(followed, trace("103", "301"), status="shutdown"))

    followed.refresh_from_db()
    assert Shipment.objects.get().order.state == "delivered"
    assert followed.state == "ended"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s, param: form(param, "0" * 32),
        lambda s, param: form(param, ""),
        lambda s, param: form(param + " ", signed(s, param).rsplit("=", 1)[1]),
        lambda s, param: signed(s, param).lower(),
        lambda s, param: "sign=only",
        lambda s, param: "",
        lambda s, param: b"\xff\xfe\x00garbage",
        lambda s, param: "&".join(f"a{n}=1" for n in range(500)),
    ],
)
def test_a_forged_push_is_refused_noted_and_changes_nothing(followed, spoil):
    before = everything()

    response = send(followed, spoil(followed, push(followed, trace("103", "301"))))
    process_new()

    call = InboundCall.objects.get()
    assert response.status_code == 403
    assert json.loads(response.content)["result"] is False
    assert (call.state, call.error) == ("refused", "签名不正确")
    assert everything() == before
    assert OrmQ.objects.count() == 0


def test_a_push_signed_for_another_parcel_is_forged(followed):
    other = TrackingSubscription.objects.create(
        shipment_id=followed.shipment_id, company="shunfeng", number="SF999"
    )

    response = send(followed, signed(other, push(followed, trace("301"))))

    assert response.status_code == 403


def test_an_address_nobody_was_given_is_not_there(followed):
    response = send(followed, signed(followed, push(followed, trace("103"))), token="guess")

    assert response.status_code == 404
    assert InboundCall.objects.count() == 0


def test_too_much_is_not_read(followed):
    response = send(followed, "param=" + "a" * MOST_BYTES)

    assert response.status_code == 413
    assert InboundCall.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_post(followed, method):
    response = getattr(Client(), method)(f"/hooks/kuaidi100/{followed.token}/")

    assert response.status_code == 405


def test_the_same_push_again_is_acknowledged_and_changes_nothing(followed):
    body = signed(followed, push(followed, trace("103", "0")))
    send(followed, body)
    process_new()
    before = everything()

    response = send(followed, body)
    process_new()

    call = InboundCall.objects.get()
    assert json.loads(response.content) == ACK
    assert (call.repeats, call.state) == (1, "done")
    assert everything() == before


def test_an_old_push_that_comes_late_turns_nothing_back(followed):
    rows = trace("103", "0", "301")
    take(followed, push(followed, rows, status="shutdown"))
    before = everything()

    call = take(followed, push(followed, rows[1:]))

    followed.refresh_from_db()
    assert call.state == "done"
    assert everything() == before
    assert followed.state == "ended"


def test_pushes_in_the_wrong_order_end_where_the_right_order_does(followed):
    rows = trace("103", "0", "5", "301")
    for start in (2, 0, 3, 1):
        take(followed, push(followed, rows[start:]))

    shipment = Shipment.objects.get()
    assert (shipment.state, shipment.order.state) == ("delivered", "delivered")
    assert TrackingPoint.objects.count() == 4


def test_a_push_about_another_number_is_failed_and_visible(followed):
    before = everything()

    call = take(followed, push(followed, trace("301")).replace(followed.number, "SF0000000000"))

    assert call.state == "failed"
    assert call.error == f"回调里的单号是 'SF0000000000'，而不是 {followed.number}"
    assert everything() == before


def test_what_can_not_be_read_is_failed_and_visible(followed):
    call = take(followed, push(followed, [{"ftime": "yesterday"}]))

    assert (call.state, call.error) == ("failed", "无法识别轨迹时间：'yesterday'")


def test_a_failed_call_can_be_read_again(followed, monkeypatch):
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("integrations.tracking.inbound.take_tracking", break_down)
        call = take(followed, push(followed, trace("103")))
    assert (call.state, call.error) == ("failed", "ZeroDivisionError: a bug")

    assert read_again(call.pk) is True
    process_new()

    call.refresh_from_db()
    assert (call.state, Shipment.objects.get().state) == ("done", "in_transit")
    assert read_again(call.pk) is False


def test_a_corrected_carrier_is_remembered(followed):
    take(followed, push(followed, trace("103"), autoCheck="1", comNew="zhongtong"))

    followed.refresh_from_db()
    assert followed.company == "zhongtong"


def test_an_abort_ends_the_subscription_and_asks_a_person(followed):
    call = take(followed, push(followed, [], status="abort", message="3天查询无记录"))

    followed.refresh_from_db()
    work = WorkOrder.objects.get(kind="tracking")
    assert (call.state, followed.state) == ("done", "aborted")
    assert (work.owner_role, "3天查询无记录" in work.title) == ("logistics", True)
    assert followed.number in work.title


def test_an_abort_that_comes_after_the_end_is_no_news(followed):
    take(followed, push(followed, trace("301"), status="shutdown"))

    take(followed, push(followed, [], status="abort", message="60天无变化"))

    followed.refresh_from_db()
    assert followed.state == "ended"
    assert not WorkOrder.objects.filter(kind="tracking").exists()


def test_a_push_proves_the_subscription_whose_answer_was_lost(followed):
    TrackingSubscription.objects.update(state="planned")

    take(followed, push(followed, trace("103")))

    followed.refresh_from_db()
    assert followed.state == "active"


def test_a_call_is_read_once_by_two_workers_at_once(race):
    world.make_house()
    subscription = _subscribed()
    send(subscription, signed(subscription, push(subscription, trace("103", "0"))))
    call = InboundCall.objects.get()

    outcomes = race(*[lambda: process_call(call.pk)] * 4)

    assert sorted(outcomes) == [False, False, False, True]
    assert TrackingPoint.objects.count() == 2


def test_calls_about_one_parcel_at_once_neither_lose_nor_block(race):
    world.make_house()
    subscription = _subscribed()
    rows = trace("103", "0", "5", "301")
    for start in range(4):
        send(subscription, signed(subscription, push(subscription, rows[start:])))
    abort = push(subscription, [], status="abort", message="60天无变化")
    send(subscription, signed(subscription, abort))

    outcomes = race(*[process_new] * 4)

    assert sum(outcomes) == 5
    assert set(InboundCall.objects.values_list("state", flat=True)) == {"done"}
    assert Shipment.objects.get().state == "delivered"


def test_a_worker_that_dies_five_times_over_a_call_leaves_it_to_people(followed):
    send(followed, signed(followed, push(followed, trace("103"))))
    InboundCall.objects.update(attempts=5, not_before=moments.now())

    process_new()

    call = InboundCall.objects.get()
    assert (call.state, call.error) == ("failed", "每次处理时工作进程都意外中止")


def _subscribed() -> TrackingSubscription:
    subscription = follow_shipment(world.dispatched().pk)
    assert subscription is not None
    return subscription
