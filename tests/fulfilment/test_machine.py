"""A shipment moves exactly so."""

from orders.fulfilment.models import Shipment


def test_machine_is_exactly_this():
    moves = {(t.source, t.name, t.target) for t in Shipment().get_all_state_transitions()}

    assert moves == {
        ("planned", "release", "released"),
        ("released", "start_picking", "picking"),
        ("picking", "pack", "packed"),
        ("packed", "unpack", "picking"),
        ("packed", "dispatch", "dispatched"),
        ("dispatched", "start_transit", "in_transit"),
        ("dispatched", "deliver", "delivered"),
        ("in_transit", "deliver", "delivered"),
        ("exception", "deliver", "delivered"),
        ("dispatched", "fail", "exception"),
        ("in_transit", "fail", "exception"),
        ("delivered", "fail", "exception"),
        ("exception", "recover", "in_transit"),
        ("planned", "cancel", "cancelled"),
        ("released", "cancel", "cancelled"),
        ("picking", "cancel", "cancelled"),
        ("packed", "cancel", "cancelled"),
    }
