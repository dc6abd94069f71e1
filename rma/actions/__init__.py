"""Every change of a return, a refund or an unknown parcel: the order is locked first."""

from rma.actions.authorise import authorise_return, close_return, refuse_return
from rma.actions.inspect import Inspected, inspect_return
from rma.actions.parcels import (
    assign_parcel,
    close_parcel,
    note_unknown_parcel,
    open_return_for_parcel,
)
from rma.actions.pay_back import (
    TooSoon,
    Turn,
    call_off_refund,
    fail_refund,
    pay_out_refund,
    start_refund,
    succeed_refund,
    wait_for_refund,
)
from rma.actions.plan_refund import plan_refund, replace_refund
from rma.actions.post import post_return, print_return_label
from rma.actions.receive import Arrived, compare_arrival, receive_return
from rma.actions.request import check_return, request_return
from rma.actions.settle import propose_amount, settle_return

__all__ = [
    "Arrived",
    "Inspected",
    "TooSoon",
    "Turn",
    "assign_parcel",
    "authorise_return",
    "call_off_refund",
    "check_return",
    "close_parcel",
    "close_return",
    "compare_arrival",
    "fail_refund",
    "inspect_return",
    "note_unknown_parcel",
    "open_return_for_parcel",
    "pay_out_refund",
    "plan_refund",
    "post_return",
    "print_return_label",
    "propose_amount",
    "receive_return",
    "refuse_return",
    "replace_refund",
    "request_return",
    "settle_return",
    "start_refund",
    "succeed_refund",
    "wait_for_refund",
]
