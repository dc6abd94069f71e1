import pytest

from inventory.models import Warehouse
from tests.fulfilment import world


@pytest.fixture
def house(db: None) -> Warehouse:
    """One warehouse with 50 pieces of A and 50 of B."""
    return world.make_house()
