from collections.abc import Iterator

import pytest

from integrations.models import TrackingAccount, TrackingSubscription
from integrations.simulators.testing import Simulator, running_simulator
from integrations.tracking.subscriptions import follow_shipment
from inventory.models import Warehouse
from ordercenter.core.clocks import forget_policies
from orders.fulfilment.models import Shipment
from tests.fulfilment import world


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    with running_simulator(push_retry=0.3) as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """A Kuaidi100 that knows no parcel yet."""
    simulator_process.reset()
    simulator_process.clear_faults()
    simulator_process.post("clock")
    return simulator_process


def make_account(simulator: Simulator) -> TrackingAccount:
    """Our account, whose service is the simulator."""
    return TrackingAccount.objects.create(
        name="快递100",
        base_url=simulator.base_url,
        credentials={"key": "OcKuaidiKey1", "customer": "OCCUSTOMER0001"},
    )


@pytest.fixture
def account(db: None, simulator: Simulator) -> TrackingAccount:
    return make_account(simulator)


@pytest.fixture
def house(db: None) -> Warehouse:
    forget_policies()
    return world.make_house()


@pytest.fixture
def shipment(house: Warehouse) -> Shipment:
    """A parcel of 顺丰 that has left."""
    return world.dispatched()


@pytest.fixture
def followed(shipment: Shipment) -> TrackingSubscription:
    """A parcel we have subscribed to; the service is not asked."""
    subscription = follow_shipment(shipment.pk)
    assert subscription is not None
    TrackingSubscription.objects.filter(pk=subscription.pk).update(state="active")
    subscription.refresh_from_db()
    return subscription
