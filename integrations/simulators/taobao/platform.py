"""What the platform is made of, and what one call has to work with."""

from dataclasses import dataclass, field

from ..clock import Clock, parse_time
from ..counters import Counters
from ..faults import FaultPlan
from .accounts import Accounts, Seller
from .documents import Document
from .errors import (
    call_limited,
    daily_quota,
    invalid_argument,
    missing_argument,
    trade_not_found,
)
from .store import Shop, Store, Trade

SYSTEM = "taobao"
DAY_SECONDS = 86_400
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
    _second: tuple[int, int] = (0, 0)
    _day: tuple[str, int] = ("", 0)

    def spend_call(self, clock: Clock) -> None:
        """Count a call; error 7 with the seconds to wait when there are too many."""
        if not (self.calls_per_second or self.calls_per_day):
            return
        now, today = clock.epoch(), clock.text()[:10]
        in_second = self._second[1] + 1 if self._second[0] == int(now) else 1
        self._second = (int(now), in_second)
        if self.calls_per_second and in_second > self.calls_per_second:
            raise call_limited(1)
        in_day = self._day[1] + 1 if self._day[0] == today else 1
        self._day = (today, in_day)
        if self.calls_per_day and in_day > self.calls_per_day:
            raise daily_quota(seconds_to_midnight(clock))


def seconds_to_midnight(clock: Clock) -> int:
    """Until the platform's day ends in Shanghai."""
    return int(parse_time(f"{clock.text()[:10]} 00:00:00") + DAY_SECONDS - clock.epoch())


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
