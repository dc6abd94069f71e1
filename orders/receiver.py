"""Where goods go: in clear text where we may know it, by the channel's token where not."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# One star hides a part of a name; in a street it may stand between two measures.
_STAR = re.compile(r"[*＊]")
_STARS = re.compile(r"[*＊]{2,}|[*＊]$")
_MOBILE_DIGITS = 11
_NOT_DIGIT = re.compile(r"[^\d+]")

COLUMNS = (
    "receiver_name",
    "receiver_phone",
    "receiver_phone_tail",
    "receiver_province",
    "receiver_city",
    "receiver_district",
    "receiver_street",
    "receiver_token",
    "receiver_is_masked",
)


class Sameness(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    CANNOT_KNOW = "cannot_know"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver of goods. `token` is the channel's stand-in for what it keeps from us."""

    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    token: str = ""

    @property
    def is_masked(self) -> bool:
        """True when the channel shows stars instead of the person."""
        return bool(_STAR.search(self.name + self.phone) or _STARS.search(self.street))

    @property
    def phone_tail(self) -> str:
        """The last four digits; channels leave them readable."""
        number, _, extension = self.phone.partition("-")
        # What stands before the dash of a landline is its area, of a mobile the whole number.
        digits = number if len(number) >= _MOBILE_DIGITS else number + extension
        return digits[-4:] if digits[-4:].isdigit() else ""

    def as_columns(self) -> dict[str, Any]:
        """The columns of an order that hold this receiver."""
        return {
            "receiver_name": self.name[:100],
            "receiver_phone": self.phone[:40],
            "receiver_phone_tail": self.phone_tail,
            "receiver_province": self.province[:40],
            "receiver_city": self.city[:40],
            "receiver_district": self.district[:40],
            "receiver_street": self.street[:300],
            "receiver_token": self.token[:300],
            "receiver_is_masked": self.is_masked,
        }

    @classmethod
    def from_columns(cls, row: Any) -> Receiver:
        """The receiver that the row's columns hold."""
        return cls(
            name=row.receiver_name,
            phone=row.receiver_phone,
            province=row.receiver_province,
            city=row.receiver_city,
            district=row.receiver_district,
            street=row.receiver_street,
            token=row.receiver_token,
        )


def compare(one: Receiver, other: Receiver) -> Sameness:
    """Whether two receivers are the same person at the same place, as far as it can be known."""
    if one.token and other.token and one.token == other.token:
        return Sameness.SAME
    if one.is_masked or other.is_masked:
        if one.phone_tail and other.phone_tail and one.phone_tail != other.phone_tail:
            return Sameness.DIFFERENT
        return Sameness.CANNOT_KNOW
    same = all(
        getattr(one, part) == getattr(other, part)
        for part in ("name", "phone", "province", "city", "district", "street")
    )
    return Sameness.SAME if same else Sameness.DIFFERENT


def tidy_text(text: str) -> str:
    """Full-width letters and digits become ordinary ones, white space becomes single blanks.

    What no database can store goes: NUL, and the half that a channel left of an emoji it cut.
    """
    whole = text.encode("utf-8", "ignore").decode().replace("\x00", "")
    return " ".join(unicodedata.normalize("NFKC", whole).split())


def tidy_phone(text: str) -> str:
    """Digits only (a leading + and an extension behind - stay); masked numbers stay as they are."""
    text = tidy_text(text)
    if "*" in text:
        return text
    number, dash, extension = text.partition("-")
    if dash and len(_NOT_DIGIT.sub("", number)) >= _MOBILE_DIGITS:
        return f"{_NOT_DIGIT.sub('', number)}-{_NOT_DIGIT.sub('', extension)}"
    digits = _NOT_DIGIT.sub("", text)
    return digits.removeprefix("+86") if digits.startswith("+86") else digits
