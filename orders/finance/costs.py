"""What the goods behind an invoice had cost, as finance looks at it before one is written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from inventory.costs import average_costs
from ordercenter.core.actor import Actor
from orders.finance.models import CostLook, FinanceGate, Invoice

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of the order. Costs are None where no purchase says what the SKU had cost."""

    sku: str
    title: str
    quantity: int
    amount: Decimal
    each: Decimal | None
    cost: Decimal | None
    purchases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CostView:
    """The lines, what is known of their cost, the invoice's amount, and a stamp over all of it."""

    lines: tuple[CostLine, ...]
    amount: Decimal

    @property
    def cost(self) -> Decimal:
        """What all lines with a known cost had cost."""
        return sum((line.cost for line in self.lines if line.cost is not None), ZERO)

    @property
    def is_complete(self) -> bool:
        return all(line.cost is not None for line in self.lines)

    @property
    def margin(self) -> Decimal:
        """The invoice's amount less the known costs."""
        return self.amount - self.cost

    @property
    def is_below_cost(self) -> bool:
        return self.margin < 0

    def as_json(self) -> dict[str, Any]:
        """Plain values, amounts as texts."""
        shown = {"lines": [asdict(line) for line in self.lines], "amount": self.amount}
        plain_values: dict[str, Any] = json.loads(json.dumps(shown, cls=DjangoJSONEncoder))
        return plain_values

    @property
    def fingerprint(self) -> str:
        """Other goods, another amount or another average cost give another one."""
        text = json.dumps(self.as_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def cost_view(invoice: Invoice) -> CostView:
    """The present costs: the weighted average of each SKU's last three purchases; two queries."""
    lines = list(invoice.order.lines.order_by("pk"))
    averages = average_costs({line.sku_id for line in lines if line.sku_id is not None})
    found = []
    for line in lines:
        average = averages.get(line.sku_id) if line.sku_id is not None else None
        each = average.each if average else None
        found.append(
            CostLine(
                sku=line.sku_code,
                title=line.title,
                quantity=line.quantity,
                amount=line.amount,
                each=each,
                cost=each * line.quantity if each is not None else None,
                purchases=tuple(
                    f"{purchase.pieces} × {purchase.unit_cost.normalize():f}"
                    for purchase in (average.purchases if average else ())
                ),
            )
        )
    return CostView(tuple(found), invoice.amount)


def valid_look(invoice: Invoice, actor: Actor) -> CostLook | None:
    """This person's last look at the invoice's costs, if what it showed is still what is.

    A parcel that moves meanwhile changes nothing; a new purchase, other goods or another amount
    make the look worthless.
    """
    looks = CostLook.objects.filter(invoice=invoice)
    if actor.kind == "person" and actor.id is not None:
        looks = looks.filter(user=actor.id)
    else:
        looks = looks.filter(user=None, looked_by=actor.label[:80])
    look = looks.order_by("-pk").first()
    if look is None or look.fingerprint != cost_view(invoice).fingerprint:
        return None
    return look


def gate_is_on() -> bool:
    """Whether a look at the costs is asked for; a missing row asks for it."""
    row = FinanceGate.objects.filter(code=FinanceGate.COST_LOOK).first()
    return row is None or row.is_on
