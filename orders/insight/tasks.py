"""What the workers run for the numbers; it can run twice, at once or again."""

from __future__ import annotations

from orders.insight import keeping


def keep_numbers() -> int:
    """Bring the daily numbers up to what the timeline has told; days of a fact counted anew."""
    return keeping.keep() or 0
