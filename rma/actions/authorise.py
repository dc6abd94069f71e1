"""We agree, or we don't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, require_reason
from ordercenter.core.lifecycle import advance
from orders.actions import require_refundable
from orders.fulfilment.models import Shipment
from orders.models import Order
from rma.actions.common import lines_of, locked, told_lines
from rma.actions.settle import settle_by_rule
from rma.models import Return, ReturnLine, ReturnReason
from rma.selectors import value_of


@transaction.atomic
def authorise_return(
    return_id: int,
    *,
    seen: int | None,
    actor: Actor,
    quantities: Mapping[int, int] | None = None,
    amount: Decimal | None = None,
    warehouse: int | None = None,
    note: str = "",
) -> Return:
    """We agree to these pieces (all that was asked for where none are named) and this amount.

    Goods go back to `warehouse`, else to where they came from. Where no goods come back, new
    goods are ordered at once, and money goes where the policy's limit allows it. Raises
    `BadInput` for more than was asked for, `RefundTooHigh` for more than is left.
    """
    actor.require("rma.authorise_return")
    order, rma = locked(return_id, seen=seen)
    lines = lines_of(rma)
    _authorise_lines(lines, quantities)
    rma.refund_amount = _amount(order, rma, lines, quantities, amount)
    if rma.refund_amount:
        require_refundable(order, rma.refund_amount)
    if rma.has_parcel:
        rma.warehouse_id = warehouse or _left_from(order)
    rma.authorised_at = moments.now()
    rma.decision = note.strip()[:300]
    advance(
        rma,
        "authorise",
        actor=actor,
        fields=["refund_amount", "warehouse", "authorised_at", "decision"],
        data={
            "number": rma.number,
            "amount": rma.refund_amount,
            "note": rma.decision,
            "lines": told_lines(lines),
        },
    )
    if lines:
        ReturnLine.objects.bulk_update(lines, ["authorised"])
    if not rma.has_parcel:
        settle_by_rule(order, rma, lines)
    return rma


def _authorise_lines(lines: Sequence[ReturnLine], quantities: Mapping[int, int] | None) -> None:
    for line in lines:
        given = line.requested if quantities is None else quantities.get(line.order_line_id, 0)
        if not 0 <= given <= line.requested:
            raise BadInput(
                _("%(sku)s: %(asked)d asked for, %(given)d can't be authorised.")
                % {"sku": line.sku.code, "asked": line.requested, "given": given},
                fields={"quantities": [line.sku.code]},
            )
        line.authorised = given
    if lines and not any(line.authorised for line in lines):
        raise BadInput(
            _("Nothing is authorised. Refuse the return instead."),
            fields={"quantities": ["empty"]},
        )


def _amount(
    order: Order,
    rma: Return,
    lines: Sequence[ReturnLine],
    quantities: Mapping[int, int] | None,
    amount: Decimal | None,
) -> Decimal:
    if not rma.gives_money:
        return Decimal("0.00")
    if amount is not None:
        return amount
    if quantities is None or not lines:
        return rma.refund_amount
    agreed = {line.order_line_id: line.authorised for line in lines}
    return value_of(order, agreed, with_freight=rma.reason != ReturnReason.NO_REASON)


def _left_from(order: Order) -> int | None:
    """The warehouse of the last parcel that left, else the order's own."""
    return (
        Shipment.objects.filter(order=order, left_warehouse_at__isnull=False)
        .order_by("-left_warehouse_at")
        .values_list("warehouse_id", flat=True)
        .first()
    ) or order.warehouse_id


@transaction.atomic
def refuse_return(return_id: int, *, seen: int | None, reason: str, actor: Actor) -> Return:
    """We don't agree, and the customer reads why. Raises `BadInput` without a reason."""
    actor.require("rma.authorise_return")
    return _end(return_id, "refuse", seen=seen, reason=reason, actor=actor)


@transaction.atomic
def close_return(return_id: int, *, seen: int | None, reason: str, actor: Actor) -> Return:
    """It ends without money or new goods; pieces that did not arrive can be claimed again."""
    actor.require("rma.close_return")
    return _end(return_id, "close", seen=seen, reason=reason, actor=actor)


def _end(return_id: int, verb: str, *, seen: int | None, reason: str, actor: Actor) -> Return:
    """Take the step with the reason as our decision, which the customer reads."""
    require_reason(reason)
    _order, rma = locked(return_id, seen=seen)
    rma.decision = reason.strip()[:300]
    advance(
        rma,
        verb,
        actor=actor,
        fields=["decision"],
        data={"number": rma.number, "reason": rma.decision},
    )
    return rma
