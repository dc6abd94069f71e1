"""What is compared with a settlement file, and what came of it. Nothing here knows the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orders.finance.models import Cause, LineKind, LineOutcome, OrderOutcome

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as we read it; `numbers` are the order numbers it names, `amount` is signed (CNY)."""

    row: int
    kind: LineKind
    amount: Decimal
    numbers: tuple[str, ...] = ()
    transaction: str = ""
    fee: Decimal = ZERO
    day: date | None = None
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """An order of ours: what was paid, and what another file has settled of it.

    `payments` are (transaction, amount), `refunds` the amounts that have arrived at the buyer, as
    far as no other file has told them.
    """

    id: int
    numbers: tuple[str, ...]
    paid: Decimal
    in_period: bool = True
    settled: Decimal = ZERO
    payments: tuple[tuple[str, Decimal], ...] = ()
    refunds: tuple[Decimal, ...] = ()

    @property
    def due(self) -> Decimal:
        return self.paid - self.settled


@dataclass(frozen=True, slots=True)
class Gap:
    """One difference. `row` where it is about one line."""

    cause: Cause
    ours: Decimal
    theirs: Decimal
    order: int | None = None
    number: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What the file says of an order: what we expected, what came."""

    outcome: OrderOutcome
    ours: Decimal
    theirs: Decimal


@dataclass(slots=True)
class Matching:
    """Outcomes by row and by order, and all differences."""

    lines: dict[int, tuple[LineOutcome, int | None]] = field(default_factory=dict)
    orders: dict[int, OrderResult] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
