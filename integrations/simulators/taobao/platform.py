"""What the platform is made of, and what one call has to work with."""

from dataclasses import dataclass, field

from ..clock import Clock
from ..counters import Counters
from ..faults import FaultPlan
from .accounts import Accounts, Seller
from .documents import Document
from .errors import invalid_argument, missing_argument, trade_not_found
from .store import Shop, Store, Trade

SYSTEM = "taobao"
# Faults of the platform itself, beside those of the transport.
REFUSALS = frozenset({"limited", "daily_quota", "isp", "try_later", "error"})
LIST_FAULTS = frozenset({"duplicate_row", "row_moved", "late_row"})
SPOIL_FAULT = frozenset({"spoil"})


@dataclass(slots=True)
class Limits:
    """Quotas; 0 means no limit. Calls are counted per app, decryptions per shop and day."""

    calls_per_second: int = 0
    calls_per_day: int = 0
    decrypts_per_day: int = 1000


@dataclass(slots=True)
class Platform:
    """The state behind the gateway."""

    clock: Clock
    counters: Counters
    faults: FaultPlan
    accounts: Accounts = field(default_factory=Accounts.demo)
    store: Store = field(default_factory=Store)
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class Call:
    """A call that passed the gateway: its arguments and the shop it may see."""

    platform: Platform
    method: str
    args: dict[str, str]
    seller: Seller
    shop: Shop

    def need(self, name: str) -> str:
        """A required argument; error 40 when it is missing or blank."""
        value = self.args.get(name, "")
        if not value:
            raise missing_argument(name)
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """An optional whole number in a range; error 41 otherwise."""
        text = self.args.get(name, "")
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise invalid_argument(name)
        return int(text)

    def flag(self, name: str) -> bool:
        """An optional true/false; error 41 for any other word."""
        text = self.args.get(name, "false")
        if text not in ("true", "false"):
            raise invalid_argument(name)
        return text == "true"

    def trade(self) -> Trade:
        """The trade that ``tid`` names in this shop; another shop's trade does not exist here."""
        text = self.need("tid")
        if not text.isascii() or not text.isdigit():
            raise invalid_argument("tid")
        trade = self.shop.get(int(text))
        if trade is None:
            raise trade_not_found()
        return trade


# A method answers the members of its envelope: as a document, or as JSON bytes without braces.
Members = Document | bytes
