"""What we sell, where it lies, and to whom it is promised."""

from inventory.models.catalogue import Batch, Bin, Sku, Warehouse
from inventory.models.stock import Movement, Placement, Reservation, StockLevel

__all__ = [
    "Batch",
    "Bin",
    "Movement",
    "Placement",
    "Reservation",
    "Sku",
    "StockLevel",
    "Warehouse",
]
