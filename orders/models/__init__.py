"""What was promised to whom."""

from orders.models.customers import Customer
from orders.models.orders import (
    Order,
    OrderKind,
    OrderLine,
    OrderState,
    PaymentState,
    Urgency,
    UrgentReason,
)
from orders.models.papers import Attachment, OrderNote
from orders.models.payments import Payment, PaymentMethod
from orders.models.shops import CHANNEL_NAMES, ApiKey, Partner, Shop, channel_name
from orders.models.work_orders import WorkOrder, WorkOrderKind, WorkOrderState

__all__ = [
    "CHANNEL_NAMES",
    "ApiKey",
    "Attachment",
    "Customer",
    "Order",
    "OrderKind",
    "OrderLine",
    "OrderNote",
    "OrderState",
    "Partner",
    "Payment",
    "PaymentMethod",
    "PaymentState",
    "Shop",
    "Urgency",
    "UrgentReason",
    "WorkOrder",
    "WorkOrderKind",
    "WorkOrderState",
    "channel_name",
]
