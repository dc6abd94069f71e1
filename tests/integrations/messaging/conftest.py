from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group

from integrations.models import Robot
from integrations.simulators.testing import Simulator, running_simulator
from ordercenter.core.models import User

ROBOT_KEY = "ocoooooo-0000-4000-8000-000000000000"


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """A WeCom that knows the demo's robots and has heard nothing yet."""
    simulator_process.reset()
    simulator_process.clear_faults()
    simulator_process.post("clock")
    return simulator_process


@pytest.fixture
def robot(db: None, simulator: Simulator) -> Robot:
    """A robot that tells everything."""
    return Robot.objects.create(
        name="运营群", base_url=simulator.base_url, credentials={"key": ROBOT_KEY}
    )


@pytest.fixture
def clerk(db: None) -> User:
    """Somebody of customer service."""
    user = User.objects.create_user("kefu", password="pw", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="cs")[0])
    return user
