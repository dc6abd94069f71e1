"""What the workers run for stock."""

from __future__ import annotations

from inventory import actions


def report_low_stock() -> int:
    """Tell of every level that fell below or rose above its safety stock; how many fell."""
    return actions.report_low_stock()


def hold_expired_batches() -> int:
    """Put what has passed its date on QC hold; how many batches."""
    return actions.hold_expired_batches()
