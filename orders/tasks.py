"""What the workers run for orders."""

from __future__ import annotations

from orders.actions import release_expired_holds as release


def release_expired_holds() -> int:
    """Give back all stock that unpaid orders held for too long; how many orders lost it."""
    total = 0
    while released := release():
        total += released
    return total
