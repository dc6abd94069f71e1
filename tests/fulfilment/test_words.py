"""What each reader is told of a shipment's state."""

import pytest

from orders.fulfilment.models import ShipmentState
from orders.fulfilment.words import WORDS, word
from orders.words import Reader


@pytest.mark.parametrize("state", ShipmentState)
def test_every_reader_has_a_word_for_every_state(state):
    assert set(WORDS[state]) == {Reader.CUSTOMER, Reader.WAREHOUSE, Reader.FINANCE}
    assert all(word(state, reader) for reader in Reader)


def test_the_customer_reads_the_same_for_everything_before_the_door():
    before = {word(s, Reader.CUSTOMER) for s in ("planned", "released", "picking", "packed")}

    assert before == {word("planned", Reader.CUSTOMER)}
