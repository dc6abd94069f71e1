"""What ERP adapters share: documents we want in the books, and what the books say of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, ClassVar

from integrations.channels.base import Verdict
from integrations.plugins import WithCredentials


class DocumentKind(StrEnum):
    """What a document tells the books: something was sold, money went back."""

    SALE = "sale"
    REFUND = "refund"


class Step(IntEnum):
    """How far a document has come in the books; each step is a call of its own."""

    NONE = 0
    SAVED = 1
    SUBMITTED = 2
    # Audited: it counts.
    BOOKED = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a sale. `amount` is what the line comes to with tax (CNY)."""

    code: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Document:
    """A document as adapters see it. The items of a sale add up to its `amount` (CNY).

    `number` is our own and never replaced; `about` is the order's number.
    """

    kind: DocumentKind
    number: str
    about: str
    day: date
    shop: str
    warehouse: str
    amount: Decimal
    items: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class Bill:
    """A document as it stands in the books (CNY)."""

    kind: DocumentKind
    number: str
    day: date
    amount: Decimal
    step: Step
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the books answer to a question about one number.

    `bill` is None where the verdict is not ok, and where there is no such number.
    """

    verdict: Verdict
    bill: Bill | None = None


class ErpTrouble(Exception):
    """A question did not end well; `verdict` says what to do about it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


class ErpAdapter(WithCredentials, ABC):
    """Speaks one ERP's language; holds no database row and never waits for one.

    Each changing method is exactly one call; the caller keeps the intent and asks before it
    repeats one whose outcome it does not know.
    """

    key: ClassVar[str]
    label: ClassVar[Any]
    default_base_url: ClassVar[str]

    def __init__(
        self, base_url: str, credentials: Mapping[str, str], options: Mapping[str, Any]
    ) -> None:
        self.base_url = (base_url or self.default_base_url).rstrip("/")
        self.credentials = credentials
        self.options = options

    @abstractmethod
    def save(self, document: Document) -> Verdict:
        """Enter the document under its number. `DUPLICATE` when the number is taken there."""

    @abstractmethod
    def submit(self, document: Document) -> Verdict:
        """Hand the saved document in."""

    @abstractmethod
    def book(self, document: Document) -> Verdict:
        """Have the submitted document audited, so that it counts."""

    @abstractmethod
    def find(self, kind: DocumentKind, number: str) -> Found:
        """What stands in the books under this number; exactly one call."""

    @abstractmethod
    def bills_of(self, kind: DocumentKind, day: date) -> Iterator[Bill]:
        """Every document of this kind that the books date to this day, booked or not.

        Raises `ErpTrouble` where a page does not come; then nothing of it may be used.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the connections."""
