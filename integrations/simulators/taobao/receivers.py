"""Receivers: clear text the platform keeps to itself, masks and oaid that it gives out."""

import base64
import hashlib
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the parcel, in clear text. ``oaid`` is given only for recorded samples."""

    name: str
    mobile: str
    state: str
    city: str
    district: str
    town: str
    detail: str
    zip: str = "000000"
    oaid: str = ""

    def oaid_in(self, shop_key: str) -> str:
        """The token that stands for this receiver in one shop; another address, another token."""
        if self.oaid:
            return self.oaid
        text = "|".join((shop_key, self.name, self.mobile, self.state, self.city, self.detail))
        return "1" + base64.b64encode(hashlib.sha256(text.encode()).digest()[:24]).decode() + "=="

    def masked_fields(self, shop_key: str) -> dict[str, str]:
        """The receiver members of a trade as order calls return them since August 2026."""
        return {
            "receiver_name": mask_name(self.name),
            "receiver_state": self.state,
            "receiver_city": self.city,
            "receiver_district": self.district,
            "receiver_town": self.town,
            "receiver_address": "*****",
            "receiver_zip": self.zip,
            "receiver_mobile": mask_mobile(self.mobile),
            "receiver_phone": "",
            "oaid": self.oaid_in(shop_key),
        }

    def virtual_mobile(self) -> str:
        """A privacy number with extension, as decryption returns it instead of the real one."""
        number = int(self.mobile[-4:])
        return f"1887777{(1110 + number) % 10000:04d}-{122 + number % 800:03d}"

    def as_dict(self) -> dict[str, str]:
        """For the control interface and saved state."""
        return asdict(self)


def mask_name(name: str) -> str:
    """The first character and two stars, whatever the length."""
    return f"{name[:1]}**"


def mask_mobile(mobile: str) -> str:
    """Seven stars and the last four digits."""
    return f"*******{mobile[-4:]}"
