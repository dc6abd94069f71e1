"""Reads about returns that other rooms ask for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderLine
from rma.models import Return, ReturnPolicy, ReturnState

_CENT = Decimal("0.01")
_CACHE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of one order line: how many left our house, how many are claimed by returns."""

    sent: int = 0
    claimed: int = 0

    @property
    def returnable(self) -> int:
        """Pieces that a new return may name."""
        return max(self.sent - self.claimed, 0)


# A return that came to nothing claims only what arrived all the same.
_PIECES = """
SELECT l.id,
       coalesce((SELECT sum(p.quantity) FROM fulfilment_shipmentline p
                   JOIN fulfilment_shipment s ON s.id = p.shipment_id
                  WHERE p.order_line_id = l.id AND s.left_warehouse_at IS NOT NULL), 0),
       coalesce((SELECT sum(CASE WHEN r.state IN ('refused', 'closed') THEN c.received
                                 WHEN r.state = 'requested' THEN c.requested
                                 ELSE c.authorised END)
                   FROM rma_returnline c JOIN rma_return r ON r.id = c.rma_id
                  WHERE c.order_line_id = l.id), 0)
  FROM orders_orderline l WHERE l.order_id = %s
"""


def pieces_of(order: Order) -> dict[int, Pieces]:
    """What was sent and what is claimed, for each line of the order."""
    with connection.cursor() as cursor:
        cursor.execute(_PIECES, [order.pk])
        return {pk: Pieces(int(sent), int(claimed)) for pk, sent, claimed in cursor.fetchall()}


_policies: tuple[float, dict[str, ReturnPolicy]] | None = None


def policy_for(channel: str) -> ReturnPolicy:
    """The channel's policy, else the common one; read every ten seconds."""
    global _policies
    if _policies is None or time.monotonic() - _policies[0] > _CACHE_SECONDS:
        _policies = (time.monotonic(), {row.channel: row for row in ReturnPolicy.objects.all()})
    table = _policies[1]
    return table.get(channel) or table.get("") or ReturnPolicy()


def forget_policies() -> None:
    """Read the policies again at the next question (after an edit, between tests)."""
    global _policies
    _policies = None


def value_of(order: Order, quantities: Mapping[int, int], *, with_freight: bool) -> Decimal:
    """What was paid for these pieces of the order's lines, in whole cents.

    Discounts are spread over the lines by their amounts. Freight is part of it only where it is
    asked for and the whole order comes back. Never more than is left to be paid back.
    """
    lines = {line.pk: line for line in order.lines.all()}
    paid_for_goods = max(order.paid_amount - order.freight, Decimal("0.00"))
    is_all = all(quantities.get(pk, 0) >= line.quantity for pk, line in lines.items())
    if is_all:
        value = order.paid_amount if with_freight else paid_for_goods
    else:
        value = _share(lines, quantities, paid_for_goods)
    return min(value, order.paid_amount - order.refunded_amount)


def _share(lines: Mapping[int, OrderLine], quantities: Mapping[int, int], paid: Decimal) -> Decimal:
    goods = sum((line.amount for line in lines.values()), Decimal("0.00"))
    if not goods:
        return Decimal("0.00")
    wanted = sum(
        (
            lines[pk].amount * quantity / lines[pk].quantity
            for pk, quantity in quantities.items()
            if pk in lines
        ),
        Decimal("0.00"),
    )
    return (paid * wanted / goods).quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a return as the customer sees it; `at` is None while it is to come."""

    code: str
    title: str | Promise
    at: datetime | None


def steps_of(rma: Return) -> list[Step]:
    """The way of the return from the question to the end, in the customer's words (H5)."""
    steps = [Step("requested", _("You asked for it"), rma.requested_at)]
    if rma.state == ReturnState.REFUSED:
        return [*steps, Step("refused", _("We could not agree"), rma.state_since)]
    steps.append(Step("authorised", _("We agreed"), rma.authorised_at))
    if rma.has_parcel:
        steps += [
            Step("posted", _("Parcel on its way to us"), rma.posted_at or rma.received_at),
            Step("received", _("Parcel arrived"), rma.received_at),
            Step("inspected", _("Goods looked at"), rma.inspected_at),
        ]
    if rma.state == ReturnState.CLOSED:
        done = [step for step in steps if step.at]
        return [*done, Step("closed", _("Ended"), rma.state_since)]
    last = _("Money paid back") if rma.gives_money else _("New parcel ordered")
    return [*steps, Step("settled", last, rma.settled_at)]
