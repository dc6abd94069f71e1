"""What the processes remember for some seconds instead of asking the database each time."""

from __future__ import annotations


def forget_all() -> None:
    """Ask the database again for calendar, limits, warehouses, shops and keys of the API."""
    # Imported here: this module is loaded before Django has its settings.
    from ordercenter.core import calendar, clocks
    from orders import selectors
    from orders.api import auth, throttle, views

    calendar.forget()
    clocks.forget_policies()
    selectors.forget_warehouses()
    auth.forget_keys()
    throttle.forget_permits()
    views.forget_shops()
