"""Every change of a shipment: its order is locked first, then the shipment, then stock."""

from orders.fulfilment.actions.cancel import cancel_shipment
from orders.fulfilment.actions.carrier import set_carrier
from orders.fulfilment.actions.dispatch import dispatch_shipment
from orders.fulfilment.actions.facts import collect_shipment, deliver_shipment, recover_shipment
from orders.fulfilment.actions.label import print_label, void_label
from orders.fulfilment.actions.pack import pack_shipment, unpack_shipment
from orders.fulfilment.actions.pick import scan_item, start_picking
from orders.fulfilment.actions.plan import plan_shipments
from orders.fulfilment.actions.release import release_shipment
from orders.fulfilment.actions.split import rejoin_shipment, split_shipment
from orders.fulfilment.actions.track import Trace, take_tracking

__all__ = [
    "Trace",
    "cancel_shipment",
    "collect_shipment",
    "deliver_shipment",
    "dispatch_shipment",
    "pack_shipment",
    "plan_shipments",
    "print_label",
    "recover_shipment",
    "rejoin_shipment",
    "release_shipment",
    "scan_item",
    "set_carrier",
    "split_shipment",
    "start_picking",
    "take_tracking",
    "unpack_shipment",
    "void_label",
]
