"""The carrier's push and our own question bring the same traces at the same moment."""

from datetime import datetime

from ordercenter.core.actor import SYSTEM
from ordercenter.core.moments import SHANGHAI
from orders.fulfilment.actions import Trace, take_tracking
from orders.fulfilment.models import Shipment, TrackingState
from tests.fulfilment import world

MESSAGE = [
    Trace(datetime(2026, 3, 1, 10, tzinfo=SHANGHAI), TrackingState.COLLECTED, "已揽收"),
    Trace(datetime(2026, 3, 2, 10, tzinfo=SHANGHAI), TrackingState.DELIVERED, "已签收"),
]


def test_push_and_poll_at_once_count_once(race):
    world.make_house()
    shipment = world.dispatched()

    outcomes = race(
        lambda: take_tracking(shipment.pk, MESSAGE, actor=SYSTEM),
        lambda: take_tracking(shipment.pk, MESSAGE, actor=SYSTEM),
        meet_after="orders.fulfilment.actions.track._keep_new",
    )

    assert sorted(outcomes) == [0, 2]
    assert Shipment.objects.get(pk=shipment.pk).state == "delivered"
    assert world.kinds(shipment.order_id).count("shipment.delivered") == 1
