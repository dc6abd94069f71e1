"""Every change of stock. Callers lock their order first; here levels are locked by id."""

from inventory.actions.adjust import adjust_stock, hold_batch, release_batch, set_safety_stock
from inventory.actions.consume import Departure, consume_reservations
from inventory.actions.expire import hold_expired_batches
from inventory.actions.promise import confirm_reservations, release_reservations
from inventory.actions.receive import Receipt, receive_goods, receive_stock
from inventory.actions.reserve import Demand, Promise, Request, reserve, reserve_or_refuse
from inventory.actions.watch import report_low_stock

__all__ = [
    "Demand",
    "Departure",
    "Promise",
    "Receipt",
    "Request",
    "adjust_stock",
    "confirm_reservations",
    "consume_reservations",
    "hold_batch",
    "hold_expired_batches",
    "receive_goods",
    "receive_stock",
    "release_batch",
    "release_reservations",
    "report_low_stock",
    "reserve",
    "reserve_or_refuse",
    "set_safety_stock",
]
