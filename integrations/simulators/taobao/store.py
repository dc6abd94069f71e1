"""The trades of each shop: found by number, listed by modified time, newest first."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .documents import Document, is_served_as_stored, join_members, split_members
from .receivers import Receiver
from .spoiling import Spoil

HIGHEST_TID = 1 << 63


@dataclass(slots=True)
class Trade:
    """One trade: its JSON in two runs, and the few facts the rules need beside it."""

    tid: int
    modified: str
    status: str
    receiver: Receiver
    public: bytes = b""
    private: bytes = b""
    as_stored: bool = True
    spoil: Spoil | None = None

    def document(self) -> Document:
        """A fresh parsed copy; changing it changes nothing until it is put back."""
        return join_members(self.public, self.private)


@dataclass(slots=True)
class Window:
    """The rows of one list call before paging, oldest first."""

    keys: list[tuple[str, int]]
    low: int
    high: int

    def __len__(self) -> int:
        return self.high - self.low

    def page(self, number: int, size: int) -> list[int]:
        """The trade numbers of a page, counted from the newest row; empty past the end."""
        high = self.high - (number - 1) * size
        if high <= self.low:
            return []
        return [tid for _, tid in reversed(self.keys[max(self.low, high - size) : high])]


class Shop:
    """All trades of one seller."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._trades: dict[int, Trade] = {}
        self._by_modified: list[tuple[str, int]] = []
        self._late: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._trades)

    def __iter__(self) -> Iterator[Trade]:
        return iter(self._trades.values())

    def get(self, tid: int) -> Trade | None:
        """The trade of this shop with that number."""
        return self._trades.get(tid)

    def put(self, document: Document, receiver: Receiver) -> Trade:
        """Store a trade, in place of an older one with the same number."""
        tid: int = document["tid"]
        self._unlist(tid)
        self._late.pop(tid, None)
        trade = Trade(tid, document["modified"], document["status"], receiver)
        _render(trade, document)
        self._trades[tid] = trade
        insort(self._by_modified, (trade.modified, tid))
        return trade

    def edit(self, tid: int, change: Callable[[Document], None], modified: str) -> Trade:
        """Change a trade's document and list it under its new modified time."""
        trade = self._trades[tid]
        document = trade.document()
        change(document)
        document["modified"] = modified
        was_late = tid in self._late
        self._unlist(tid)
        trade.modified, trade.status = modified, document["status"]
        _render(trade, document)
        if not was_late:
            insort(self._by_modified, (modified, tid))
        return trade

    def hold_back(self, tid: int, until: float) -> None:
        """Keep a trade out of lists until a moment (a late row); by number it is there."""
        self._unlist(tid)
        self._late[tid] = until

    def window(
        self, start: str, end: str, now: float, accepts: Callable[[Trade], bool] | None = None
    ) -> Window:
        """Trades modified from ``start`` to ``end``, both included, that lists show now."""
        if self._late:
            self._surface(now)
        keys = self._by_modified
        low = bisect_left(keys, (start, 0))
        high = bisect_right(keys, (end, HIGHEST_TID))
        if accepts is None:
            return Window(keys, low, high)
        chosen = [key for key in keys[low:high] if accepts(self._trades[key[1]])]
        return Window(chosen, 0, len(chosen))

    def newest(self, count: int) -> list[Trade]:
        """The most recently modified trades that lists show."""
        return [self._trades[tid] for _, tid in reversed(self._by_modified[-count:])]

    def _surface(self, now: float) -> None:
        for tid in [tid for tid, until in self._late.items() if until <= now]:
            del self._late[tid]
            insort(self._by_modified, (self._trades[tid].modified, tid))

    def _unlist(self, tid: int) -> None:
        trade = self._trades.get(tid)
        if trade is None or tid in self._late:
            return
        key = (trade.modified, tid)
        place = bisect_left(self._by_modified, key)
        if place < len(self._by_modified) and self._by_modified[place] == key:
            del self._by_modified[place]


def _render(trade: Trade, document: Document) -> None:
    trade.public, trade.private = split_members(document)
    trade.as_stored = is_served_as_stored(document)


@dataclass(slots=True)
class Shipment:
    """What one accepted or refused shipping call told the platform."""

    shop: str
    tid: int
    oids: list[int]
    out_sid: str
    company_code: str
    is_split: bool
    at: str
    refused: str = ""

    def describe(self) -> dict[str, Any]:
        """For the control interface; numbers above 2^53 as text."""
        return {
            "shop": self.shop,
            "tid": str(self.tid),
            "oids": [str(oid) for oid in self.oids],
            "out_sid": self.out_sid,
            "company_code": self.company_code,
            "is_split": self.is_split,
            "at": self.at,
            "refused": self.refused,
        }


@dataclass(slots=True)
class Store:
    """Everything the platform remembers, per shop."""

    shops: dict[str, Shop] = field(default_factory=dict)
    refunds: dict[str, list[Document]] = field(default_factory=dict)
    shipments: list[Shipment] = field(default_factory=list)
    stock: dict[tuple[str, int], int] = field(default_factory=dict)
    decrypts_today: dict[tuple[str, str], int] = field(default_factory=dict)

    def shop(self, key: str) -> Shop:
        """The shop with that key, made on first use."""
        return self.shops.setdefault(key, Shop(key))

    def waybill_user(self, company_code: str, out_sid: str) -> Shipment | None:
        """The accepted shipment that already carries this waybill."""
        for shipment in self.shipments:
            if (
                not shipment.refused
                and shipment.out_sid == out_sid
                and shipment.company_code == company_code
            ):
                return shipment
        return None
