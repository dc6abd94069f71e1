"""Daily sheets, settlement files, invoices, looks at costs."""

from orders.finance.models.invoices import CostLook, FinanceGate, Invoice, InvoiceKind, InvoiceState
from orders.finance.models.settlements import (
    CLEAN,
    Cause,
    Difference,
    DifferenceState,
    LineKind,
    LineOutcome,
    OrderOutcome,
    SettledOrder,
    SettlementColumn,
    SettlementFile,
    SettlementFormat,
    SettlementLine,
)
from orders.finance.models.sheets import DailySheet

__all__ = [
    "CLEAN",
    "Cause",
    "CostLook",
    "DailySheet",
    "Difference",
    "DifferenceState",
    "FinanceGate",
    "Invoice",
    "InvoiceKind",
    "InvoiceState",
    "LineKind",
    "LineOutcome",
    "OrderOutcome",
    "SettledOrder",
    "SettlementColumn",
    "SettlementFile",
    "SettlementFormat",
    "SettlementLine",
]
