"""A refund on its way: asked for, confirmed, failed, paid by hand. Every step can come twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from ordercenter.core import intents, moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError, require_reason
from ordercenter.core.lifecycle import advance
from ordercenter.core.models import Intent
from ordercenter.core.timeline import record
from orders.actions import mark_refunded, release_refund, withdraw_work_orders
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.models import Order, Payment, WorkOrderKind
from rma.actions.common import locked_refund
from rma.actions.settle import finish_if_paid
from rma.errors import PayByHand
from rma.models import Refund, RefundState, Return
from rma.models.refunds import OPEN_REFUND

# While one program asks, no other does; longer than a call can take.
LEASE = timedelta(minutes=2)
# When an outcome that is still open is asked about: after 1, 5, 10, 20, 30 minutes, then hourly
# (execution.md 16).
_PAUSES = (1, 5, 10, 20, 30, 60)


class TooSoon(DomainError):
    """Another refund of the same payment went out a moment ago; `after` is seconds to wait."""

    code = "refund_too_soon"

    def __init__(self, after: float) -> None:
        self.after = after
        super().__init__(_("Another refund of this payment went out a moment ago."), after=after)


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to ask about one refund now. `is_first` when nobody was asked before."""

    refund: Refund
    is_first: bool


@transaction.atomic
def start_refund(refund_id: int, *, pause: timedelta, actor: Actor) -> Turn | None:
    """Take the turn to ask the other side; None when the refund is over or another has the turn.

    Before the first call the refund is `sending` and its intent says that the outcome is unknown;
    both are committed when this returns. Raises `TooSoon` when less than `pause` has gone by
    since another refund of the same payment.
    """
    _order, refund = locked_refund(refund_id, seen=None)
    if not refund.is_by_machine or not refund.is_open:
        return None
    is_first = refund.state == RefundState.PLANNED
    if not is_first and refund.next_check_at and refund.next_check_at > moments.now():
        return None
    refund.next_check_at = moments.now() + LEASE
    refund.checks += 1
    if is_first:
        _require_pause(refund, pause)
        refund.sent_at = moments.now()
        advance(
            refund,
            "send",
            actor=actor,
            fields=["sent_at", "next_check_at", "checks"],
            data={"number": refund.number, "method": refund.method, "amount": refund.amount},
        )
    else:
        _touch(refund)
    intents.count_attempt(_intent(refund))
    return Turn(refund, is_first)


def _require_pause(refund: Refund, pause: timedelta) -> None:
    last = (
        Refund.objects.filter(payment=refund.payment_id, sent_at__isnull=False)
        .order_by("-sent_at")
        .values_list("sent_at", flat=True)
        .first()
    )
    if last is not None and (left := last + pause - moments.now()) > timedelta(0):
        raise TooSoon(left.total_seconds())


def _touch(refund: Refund) -> None:
    """Write what only machines look at, outside the version that people see."""
    Refund.objects.filter(pk=refund.pk).update(
        next_check_at=refund.next_check_at, checks=refund.checks
    )


def _intent(refund: Refund) -> Intent:
    return intents.plan(
        f"refund.{refund.method}",
        refund.number,
        {"amount": str(refund.amount), "order": refund.order.number},
    )


def _settle_intent(refund: Refund, state: Intent.State, told: str) -> None:
    if refund.is_by_machine:
        intents.settle(_intent(refund), state, {"reference": refund.reference, "told": told})


@transaction.atomic
def wait_for_refund(refund_id: int, *, trouble: str, actor: Actor, ask: str = "") -> Refund:
    """The outcome is still open: asked about again after a while, with the same number.

    With `ask` a work order tells finance what is to be done meanwhile.
    """
    order, refund = locked_refund(refund_id, seen=None)
    if refund.state not in OPEN_REFUND:
        return refund
    minutes = _PAUSES[min(refund.checks, len(_PAUSES)) - 1] if refund.checks else _PAUSES[0]
    refund.next_check_at = moments.now() + timedelta(minutes=minutes)
    _touch(refund)
    if refund.trouble != trouble[:300]:
        before, refund.trouble = refund.trouble, trouble[:300]
        refund.save(update_fields=["trouble", "version"])
        record(
            refund,
            "refund.waits",
            actor=actor,
            data={"number": refund.number},
            changes={"trouble": [before, refund.trouble]},
        )
    if ask:
        _ask_finance(order, refund, ask, actor)
    return refund


@transaction.atomic
def succeed_refund(
    refund_id: int, *, reference: str, actor: Actor, at: datetime | None = None
) -> Refund:
    """The buyer has the money, so says the other side; its return ends with its last refund.

    A repeat changes nothing. A success after a failure we believed goes to a person.
    """
    order, refund = locked_refund(refund_id, seen=None)
    if refund.state == RefundState.SUCCEEDED:
        return refund
    if refund.state == RefundState.FAILED:
        text = _("Refund %(number)s was paid although it was told to have failed.")
        _ask_finance(order, refund, str(text) % {"number": refund.number}, actor)
        return refund
    refund.reference, refund.trouble = reference[:64], ""
    refund.done_at = min(at or moments.now(), moments.now())
    advance(
        refund,
        "succeed",
        actor=actor,
        fields=["reference", "trouble", "done_at"],
        data=_told(refund),
    )
    _settle_intent(refund, Intent.State.DONE, "succeeded")
    _paid(order, refund, actor)
    return refund


@transaction.atomic
def fail_refund(refund_id: int, *, why: str, actor: Actor) -> Refund:
    """The other side says for good that nothing was paid; the amount can be promised again.

    A work order tells finance, who plan it anew or pay another way. A repeat changes nothing.
    """
    order, refund = locked_refund(refund_id, seen=None)
    if refund.state not in OPEN_REFUND:
        return refund
    _end_without_money(order, refund, "fail", why, actor)
    _settle_intent(refund, Intent.State.REFUSED, why)
    text = _("Refund %(number)s failed: %(why)s. Plan it anew or pay it by hand.")
    _ask_finance(order, refund, str(text) % {"number": refund.number, "why": why}, actor)
    return refund


@transaction.atomic
def call_off_refund(refund_id: int, *, seen: int | None, reason: str, actor: Actor) -> Refund:
    """A refund that nobody was asked for yet is not paid; the amount can be promised again."""
    actor.require("rma.approve_refund")
    require_reason(reason)
    order, refund = locked_refund(refund_id, seen=seen)
    _end_without_money(order, refund, "call_off", reason, actor)
    return refund


def _end_without_money(order: Order, refund: Refund, verb: str, why: str, actor: Actor) -> None:
    refund.trouble = why.strip()[:300]
    advance(
        refund,
        verb,
        actor=actor,
        fields=["trouble"],
        data={**_told(refund), "why": refund.trouble},
    )
    payment = Payment.objects.get(pk=refund.payment_id) if refund.payment_id else None
    release_refund(order, refund.amount, payment=payment, actor=actor)


@transaction.atomic
def pay_out_refund(refund_id: int, *, seen: int | None, reference: str, actor: Actor) -> Refund:
    """Finance has paid a refund of their list and says under which number.

    Raises `PayByHand` for refunds that machines pay, `BadInput` without a number.
    """
    actor.require("rma.pay_out_refund")
    if not reference.strip():
        raise BadInput(_("Enter the number of the payment."), fields={"reference": ["empty"]})
    order, refund = locked_refund(refund_id, seen=seen)
    if refund.is_by_machine:
        raise PayByHand(
            _("Refund %(number)s goes by %(method)s by itself. Call it off to pay it by hand.")
            % {"number": refund.number, "method": refund.get_method_display()}
        )
    refund.reference, refund.done_at = reference.strip()[:64], moments.now()
    advance(refund, "pay_out", actor=actor, fields=["reference", "done_at"], data=_told(refund))
    _paid(order, refund, actor)
    return refund


def _told(refund: Refund) -> dict[str, object]:
    return {
        "number": refund.number,
        "method": refund.method,
        "amount": refund.amount,
        "reference": refund.reference,
    }


def _paid(order: Order, refund: Refund, actor: Actor) -> None:
    """What follows when money has arrived: the order is refunded in full, the return is over."""
    if order.refunded_amount == order.paid_amount and _all_paid(order):
        mark_refunded(order, actor=actor)
    if refund.rma_id is not None:
        rma: Return = Return.objects.locked(refund.rma_id, seen=None)
        rma.order = order
        finish_if_paid(order, rma, actor=actor)
    withdraw_work_orders(
        order, [WorkOrderKind.REFUND], reason=str(_("The money was paid back.")), actor=actor
    )


def _all_paid(order: Order) -> bool:
    total: Decimal = order.refunds.filter(state=RefundState.SUCCEEDED).aggregate(
        total=Sum("amount")
    )["total"] or Decimal("0.00")
    return total == order.paid_amount


def _ask_finance(order: Order, refund: Refund, text: str, actor: Actor) -> None:
    """One work order about refunds on the order, however often something goes wrong."""
    open_work_orders(
        [
            WorkOrderDraft(
                order=order,
                kind=WorkOrderKind.REFUND,
                title=text,
                detail={"refund": refund.number, "trouble": refund.trouble},
                owner_role="finance",
            )
        ],
        actor=actor,
    )
