"""Personal data with stars, for readers whose work does not need it."""

from __future__ import annotations

import re

from orders.receiver import Receiver

STARS = "***"
_PHONE = re.compile(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)")


def mask_name(name: str) -> str:
    """王小明 → 王**"""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678"""
    if len(phone) < 7:
        return "*" * len(phone)
    return f"{phone[:3]}****{phone[-4:]}"


def mask_street(street: str) -> str:
    """The first three characters, then stars."""
    return f"{street[:3]}{STARS}" if street else ""


def mask_any(text: str) -> str:
    """A value whose kind is unknown: phones keep their ends, anything else its first character."""
    if _PHONE.search(text):
        return _PHONE.sub(r"\1****\2", text)
    return mask_name(text)


def masked(receiver: Receiver) -> Receiver:
    """The receiver with stars; what the channel has masked already stays as it is."""
    if receiver.is_masked:
        return receiver
    return Receiver(
        name=mask_name(receiver.name),
        phone=mask_phone(receiver.phone),
        province=receiver.province,
        city=receiver.city,
        district=receiver.district,
        street=mask_street(receiver.street),
        token=receiver.token,
    )
