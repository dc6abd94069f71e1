from __future__ import annotations

import pytest

from tests.api.support import Caller, World, administrator, build_world, partner_for


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def partner(world: World) -> Caller:
    return partner_for(world.shop)


@pytest.fixture
def admin(world: World) -> Caller:
    return administrator()
