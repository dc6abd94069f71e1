"""Every change of an order. One road: whoever changes an order calls one of these."""

from orders.actions.address import change_address
from orders.actions.allocate import allocate_order, release_expired_holds
from orders.actions.cancel import cancel_order, close_order
from orders.actions.channel_update import ChannelUpdate, take_channel_update
from orders.actions.fill_card import CardLine, fill_card
from orders.actions.follow import follow_shipments
from orders.actions.memo import set_memo
from orders.actions.notes import add_note, attach_file
from orders.actions.pay import PaymentReference, pay_order
from orders.actions.place import Placed, place_order, place_orders
from orders.actions.refunds import (
    book_refund,
    mark_refunded,
    release_refund,
    require_refundable,
)
from orders.actions.review import (
    approve_order,
    complete_order,
    confirm_funds_order,
    send_back_order,
)
from orders.actions.revise import LineRevision, revise_order
from orders.actions.sheet_changes import PlainChange, apply_sheet_changes
from orders.actions.urgency import mark_urgent, set_urgency
from orders.actions.work_orders import (
    claim_work_order,
    hold_order,
    open_work_order,
    resolve_work_order,
    withdraw_work_orders,
)

__all__ = [
    "CardLine",
    "ChannelUpdate",
    "LineRevision",
    "PaymentReference",
    "Placed",
    "PlainChange",
    "add_note",
    "allocate_order",
    "apply_sheet_changes",
    "approve_order",
    "attach_file",
    "book_refund",
    "cancel_order",
    "change_address",
    "claim_work_order",
    "close_order",
    "complete_order",
    "confirm_funds_order",
    "fill_card",
    "follow_shipments",
    "hold_order",
    "mark_refunded",
    "mark_urgent",
    "open_work_order",
    "pay_order",
    "place_order",
    "place_orders",
    "release_expired_holds",
    "release_refund",
    "require_refundable",
    "resolve_work_order",
    "revise_order",
    "send_back_order",
    "set_memo",
    "set_urgency",
    "take_channel_update",
    "withdraw_work_orders",
]
