"""Looking at incoming data with a packer's eye: what would stop a parcel? (A5)

Nothing is refused here. What looks wrong becomes a finding; findings open a work order that a
person resolves before the order is approved.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

from orders.receiver import Receiver

# An address says a place when a number or one of these words is in it (execution.md, section 9).
_PLACE = re.compile(r"\d|[号弄栋幢楼座室村组店厦园]|单元|小区")
_SHORTEST_STREET = 5
# More than this share of the safety stock in one line is unusual.
_UNUSUAL_SHARE = 2


class Finding(StrEnum):
    NO_LINES = "no_lines"
    PHONE_MISSING = "phone_missing"
    PHONE_INVALID = "phone_invalid"
    ADDRESS_VAGUE = "address_vague"
    UNKNOWN_SKU = "unknown_sku"
    QUANTITY_UNUSUAL = "quantity_unusual"


# What a change of address can mend, and what a change of lines can.
OF_RECEIVER = (Finding.PHONE_MISSING, Finding.PHONE_INVALID, Finding.ADDRESS_VAGUE)
OF_LINES = (Finding.NO_LINES, Finding.UNKNOWN_SKU, Finding.QUANTITY_UNUSUAL)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What cleaning wants to know of a line; `safety` is the SKU's safety stock, if known."""

    sku_code: str
    is_known: bool
    quantity: int
    safety: int | None


def look_over(receiver: Receiver, lines: Iterable[LineFacts]) -> dict[Finding, list[str]]:
    """Every finding with the values that led to it; empty when a parcel could be packed."""
    found: dict[Finding, list[str]] = {}
    if not receiver.is_masked:
        _look_at_receiver(receiver, found)
    lines = list(lines)
    if not lines:
        found[Finding.NO_LINES] = []
    unknown = [line.sku_code for line in lines if not line.is_known]
    if unknown:
        found[Finding.UNKNOWN_SKU] = unknown
    unusual = [
        f"{line.sku_code} × {line.quantity}"
        for line in lines
        if line.safety and line.quantity > _UNUSUAL_SHARE * line.safety
    ]
    if unusual:
        found[Finding.QUANTITY_UNUSUAL] = unusual
    return found


def _look_at_receiver(receiver: Receiver, found: dict[Finding, list[str]]) -> None:
    if not receiver.phone:
        found[Finding.PHONE_MISSING] = []
    elif not is_phone(receiver.phone):
        found[Finding.PHONE_INVALID] = [receiver.phone]
    if is_vague(receiver):
        found[Finding.ADDRESS_VAGUE] = [
            " ".join((receiver.province, receiver.city, receiver.district, receiver.street))
        ]


def is_phone(text: str) -> bool:
    """True for a number that can be dialled in China, a virtual one with an extension included."""
    number = text.partition("-")[0] if len(text.partition("-")[0]) == 11 else text
    if len(number) == 11 and number.isdigit() and number[0] == "1":
        # Mobile numbers are nearly all there is; the library takes 30 times as long.
        return number[1] in "3456789"
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, "CN"))
    except phonenumbers.NumberParseException:
        return False


def is_own_phone(text: str) -> bool:
    """True for a number that stays with its owner: a virtual one is lent for one parcel."""
    return "-" not in text and is_phone(text)


def is_vague(receiver: Receiver) -> bool:
    """True when nobody could ring the right door: no district, no street, nothing to count by."""
    if not receiver.province or not (receiver.city or receiver.district):
        return True
    street = receiver.street.strip()
    return len(street) < _SHORTEST_STREET or not _PLACE.search(street)


def as_tags(findings: Mapping[Finding, list[str]]) -> list[str]:
    """The tags that an order with these findings carries."""
    return sorted(str(finding) for finding in findings)


def without(tags: Sequence[str], mended: Collection[Finding]) -> list[str]:
    """The tags of an order whose data has these findings no longer."""
    return [tag for tag in tags if tag not in mended]
