from __future__ import annotations

from collections.abc import Iterator

import pytest

from ordercenter.core.clocks import forget_policies
from orders.api.auth import forget_keys
from orders.api.throttle import forget_permits
from orders.api.views import forget_shops
from orders.selectors import forget_warehouses
from tests.api.support import Caller, World, administrator, build_world, partner_for


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What a process keeps for some seconds must not reach the next test's database."""
    for forget in (forget_keys, forget_permits, forget_shops, forget_warehouses, forget_policies):
        forget()
    yield
    for forget in (forget_keys, forget_permits, forget_shops, forget_warehouses, forget_policies):
        forget()


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def partner(world: World) -> Caller:
    return partner_for(world.shop)


@pytest.fixture
def admin(world: World) -> Caller:
    return administrator()
