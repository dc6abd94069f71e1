"""The customer gets what was agreed: money, or other goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.lifecycle import advance
from orders.actions import place_orders
from orders.drafts import Draft, DraftLine
from orders.models import Order, OrderKind, PaymentMethod
from rma.actions.common import lines_of, locked
from rma.actions.plan_refund import plan_refunds
from rma.models import Return, ReturnLine, ReturnReason, ReturnState
from rma.models.refunds import OPEN_REFUND, RefundState
from rma.selectors import policy_for, value_of

RULE = Actor.system("rule:returns")


def settle_by_rule(order: Order, rma: Return, lines: Sequence[ReturnLine]) -> bool:
    """Settle without a person where the rules agree; whether they did. Both rows are locked.

    New goods: when all that came is good, or none had to come. Money: besides, every agreed piece
    came, nothing was found against it, and the amount is within the policy's limit; the rest is
    finance's.
    """
    if not _is_clean(rma, lines):
        return False
    if rma.gives_money:
        limit = policy_for(order.shop.channel).auto_refund_limit
        if not rma.refund_amount <= limit or rma.refund_amount > _left(order):
            return False
    _settle(order, rma, lines, actor=RULE)
    return True


def _is_clean(rma: Return, lines: Sequence[ReturnLine]) -> bool:
    if rma.findings or rma.override_reason or rma.reason == ReturnReason.UNANNOUNCED:
        return False
    if not rma.has_parcel:
        return True
    return all(line.ok == line.authorised for line in lines)


def _left(order: Order) -> Decimal:
    return order.paid_amount - order.refunded_amount


@transaction.atomic
def settle_return(
    return_id: int,
    *,
    seen: int | None,
    actor: Actor,
    amount: Decimal | None = None,
    method: PaymentMethod | None = None,
    payee: Mapping[str, str] | None = None,
    note: str = "",
) -> Return:
    """A person decides: money goes back (finance's permission), or new goods go out.

    `amount` replaces the agreed one, `method` bank pays to `payee` instead of the way the money
    came. 0 ends the return without money. Raises `RefundTooHigh`, `BadInput`.
    """
    order, rma = locked(return_id, seen=seen)
    actor.require("rma.approve_refund" if rma.gives_money else "rma.settle_return")
    lines = lines_of(rma)
    if amount is not None:
        if not rma.gives_money or amount < 0:
            raise BadInput(_("This amount is not possible here."), fields={"amount": ["range"]})
        rma.refund_amount = amount
    if note.strip():
        rma.decision = note.strip()[:300]
    _settle(order, rma, lines, actor=actor, method=method, payee=payee)
    return rma


def propose_amount(rma: Return) -> Decimal:
    """What the pieces that came are worth of the order's money; what finance is shown."""
    came = {line.order_line_id: line.inspected for line in rma.lines.all() if line.inspected}
    if not came:
        return rma.refund_amount
    whole = all(line.inspected == line.requested for line in rma.lines.all())
    if whole:
        return rma.refund_amount
    return min(value_of(rma.order, came, with_freight=False), rma.refund_amount)


def _settle(
    order: Order,
    rma: Return,
    lines: Sequence[ReturnLine],
    *,
    actor: Actor,
    method: PaymentMethod | None = None,
    payee: Mapping[str, str] | None = None,
) -> None:
    if not rma.gives_money:
        rma.replacement = place_replacement(order, rma, lines, actor=actor)
    advance(
        rma,
        "settle" if rma.has_parcel else "settle_unseen",
        actor=actor,
        fields=["refund_amount", "replacement", "decision"],
        data=_told(rma),
    )
    if rma.gives_money and rma.refund_amount:
        plan_refunds(order, rma.refund_amount, rma=rma, actor=actor, method=method, payee=payee)
        return
    finish_return(order, rma, lines, actor=actor)


def _told(rma: Return) -> dict[str, Any]:
    return {
        "number": rma.number,
        "amount": rma.refund_amount,
        "replacement": rma.replacement.number if rma.replacement else "",
        "note": rma.decision,
    }


def place_replacement(
    order: Order, rma: Return, lines: Sequence[ReturnLine], *, actor: Actor
) -> Order:
    """A new order of the same shop and receiver over the goods that go out; nothing to pay.

    It takes the ordinary road: promised stock, review, parcel.
    """
    wanted = [(row["sku"], row["quantity"], "") for row in rma.wants] or [
        (line.sku.code, line.authorised, line.order_line.title) for line in lines if line.authorised
    ]
    at = moments.now()
    draft = Draft(
        external_number=rma.number,
        placed_at=at,
        paid_at=at,
        lines=tuple(
            DraftLine(channel_line=str(place), sku_code=code, quantity=quantity, title=title)
            for place, (code, quantity, title) in enumerate(wanted, start=1)
        ),
        receiver=order.receiver,
        buyer_name=order.buyer_name,
        seller_memo=str(_("Instead of order %(order)s, return %(rma)s"))
        % {"order": order.number, "rma": rma.number},
        currency=order.currency,
        kind=OrderKind.REPLACEMENT,
        main_order_id=order.pk,
    )
    return place_orders(order.shop, [draft], actor=actor)[0].order


def finish_if_paid(order: Order, rma: Return, *, actor: Actor) -> bool:
    """End the return once nothing of its money is open and all of it has arrived; whether it did.

    Order and return are locked.
    """
    if rma.state != ReturnState.SETTLING or not rma.gives_money:
        return False
    paid = Decimal("0.00")
    for state, amount in rma.refunds.values_list("state", "amount"):
        if state in OPEN_REFUND:
            return False
        if state == RefundState.SUCCEEDED:
            paid += amount
    if paid < rma.refund_amount:
        return False
    finish_return(order, rma, lines_of(rma), actor=actor)
    return True


def finish_return(order: Order, rma: Return, lines: Sequence[ReturnLine], *, actor: Actor) -> None:
    """The customer has all of it; how long the money took stands on the return."""
    at = moments.now()
    rma.settled_at = at
    if rma.gives_money and rma.received_at:
        rma.minutes_to_money = max(int((at - rma.received_at).total_seconds() // 60), 0)
    for line in lines:
        line.settled = line.inspected if line.with_goods else line.authorised
    advance(
        rma,
        "finish",
        actor=actor,
        fields=["settled_at", "minutes_to_money"],
        data={
            "number": rma.number,
            "kind": rma.kind,
            "amount": rma.refund_amount,
            "minutes_to_money": rma.minutes_to_money,
        },
    )
    if lines:
        ReturnLine.objects.bulk_update(lines, ["settled"])
