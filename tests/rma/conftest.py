import pytest

from inventory.models import Warehouse
from ordercenter.core import clocks
from rma.selectors import forget_policies
from tests.fulfilment import world as warehouse


@pytest.fixture
def house(db: None) -> Warehouse:
    """One warehouse with 50 pieces of A and 50 of B, and fresh policies."""
    clocks.forget_policies()
    forget_policies()
    return warehouse.make_house()
