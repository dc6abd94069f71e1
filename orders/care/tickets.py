"""Short-lived signed tickets: to one order, to one photo. Whoever holds one was let in."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

ORDER_LASTS = timedelta(minutes=30)
PHOTO_LASTS = timedelta(minutes=10)
_ORDER = "care.order"
_PHOTO = "care.photo"


def order_ticket(order_id: int) -> str:
    """Opens the customer's page of this order for half an hour."""
    return signing.dumps(order_id, salt=_ORDER)


def order_of(ticket: str) -> int | None:
    """The order that the ticket opens; None for a forged or old one."""
    return _read(ticket, _ORDER, ORDER_LASTS)


def photo_ticket(attachment_id: int) -> str:
    """Opens one photo for ten minutes."""
    return signing.dumps(attachment_id, salt=_PHOTO)


def photo_of(ticket: str) -> int | None:
    """The attachment that the ticket opens; None for a forged or old one."""
    return _read(ticket, _PHOTO, PHOTO_LASTS)


def _read(ticket: str, salt: str, lasts: timedelta) -> int | None:
    try:
        return int(signing.loads(ticket, salt=salt, max_age=lasts))
    except signing.BadSignature:
        return None
