"""Parcels: what leaves which warehouse, by which carrier, and how far it has come."""

from orders.fulfilment.models.carriers import Carrier
from orders.fulfilment.models.shipments import Shipment, ShipmentLine, ShipmentState
from orders.fulfilment.models.tracking import TrackingPoint, TrackingState

__all__ = [
    "Carrier",
    "Shipment",
    "ShipmentLine",
    "ShipmentState",
    "TrackingPoint",
    "TrackingState",
]
