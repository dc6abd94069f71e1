"""Returns, refunds, parcels nobody announced."""

from rma.models.parcels import UnknownParcel, UnknownParcelState
from rma.models.policies import ReturnPolicy
from rma.models.refunds import Refund, RefundState
from rma.models.returns import Return, ReturnKind, ReturnLine, ReturnReason, ReturnState

__all__ = [
    "Refund",
    "RefundState",
    "Return",
    "ReturnKind",
    "ReturnLine",
    "ReturnPolicy",
    "ReturnReason",
    "ReturnState",
    "UnknownParcel",
    "UnknownParcelState",
]
