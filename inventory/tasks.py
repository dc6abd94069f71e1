"""What the workers run for stock."""

from __future__ import annotations

from inventory.actions import report_low_stock as report


def report_low_stock() -> int:
    """Tell of every level that fell below or rose above its safety stock; how many fell."""
    return report()
