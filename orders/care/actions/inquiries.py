"""“Where is my order”: asked, and answered by the first news with place, time and reason (K3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, NotFound
from ordercenter.core.timeline import record
from orders.actions import withdraw_work_orders
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.care.models import AnswerKind, Inquiry
from orders.errors import TooLate
from orders.models import Order, OrderState, WorkOrderKind

LONGEST = 500
# After these nobody waits for a parcel any more.
ARRIVED_OR_OVER = (
    OrderState.DELIVERED,
    OrderState.COMPLETED,
    OrderState.CANCELLED,
    OrderState.CLOSED,
)


@transaction.atomic
def ask_where(order_id: int, *, actor: Actor) -> Inquiry:
    """The customer's question is open and customer service has a work order about it.

    A question that is open already is counted once more; its first moment stays. Raises
    `TooLate` when the goods have arrived or won't come.
    """
    actor.require("care.ask_where")
    return _ask(order_id, "", actor)


@transaction.atomic
def note_inquiry(order_id: int, *, text: str, actor: Actor) -> Inquiry:
    """Customer service was asked where the order is, by telephone or chat; as `ask_where`."""
    actor.require("care.note_inquiry")
    if len(text.strip()) > LONGEST:
        raise BadInput(
            _("Write at most %(most)d characters.") % {"most": LONGEST}, fields={"text": ["length"]}
        )
    return _ask(order_id, text.strip(), actor)


def _ask(order_id: int, text: str, actor: Actor) -> Inquiry:
    order = Order.objects.locked(order_id, seen=None)
    if order.state in ARRIVED_OR_OVER:
        raise TooLate(_("This order is not on its way any more."))
    inquiry = Inquiry.objects.filter(order=order, answered_at__isnull=True).first()
    if inquiry is not None:
        inquiry.times += 1
        inquiry.save(update_fields=["times"])
    else:
        inquiry = Inquiry.objects.create(
            order=order,
            asked_at=moments.now(),
            asked_by=actor.label[:80],
            door=actor.door,
            text=text,
        )
        _ask_staff(order, actor)
    record(
        order,
        "inquiry.asked",
        actor=actor,
        data={"inquiry": inquiry.pk, "times": inquiry.times} | ({"text": text} if text else {}),
    )
    return inquiry


def _ask_staff(order: Order, actor: Actor) -> None:
    draft = WorkOrderDraft(
        order=order,
        kind=WorkOrderKind.INQUIRY,
        title=_("Tell the customer where it is, when it comes and why"),
        owner_role="cs",
    )
    open_work_orders([draft], actor=actor)


@transaction.atomic
def answer_inquiry(
    inquiry_id: int, *, place: str, expected_at: datetime | None, reason: str, actor: Actor
) -> Inquiry:
    """The customer was told place, expected time and reason; the question is closed.

    Raises `BadInput` when one of the three is missing, `TooLate` when it was answered before.
    """
    actor.require("care.answer_inquiry")
    missing = [
        name
        for name, value in (
            ("place", place.strip()),
            ("expected_at", expected_at),
            ("reason", reason.strip()),
        )
        if not value
    ]
    if missing:
        raise BadInput(
            _("Say where it is, when it will arrive and why."),
            fields={name: [str(_("This is missing."))] for name in missing},
        )
    order_id = Inquiry.objects.filter(pk=inquiry_id).values_list("order", flat=True).first()
    if order_id is None:
        raise NotFound(id=inquiry_id)
    order = Order.objects.locked(order_id, seen=None)
    inquiry = Inquiry.objects.select_for_update().get(pk=inquiry_id)
    if inquiry.answered_at is not None:
        raise TooLate(_("This question was answered already."))
    inquiry.place, inquiry.expected_at, inquiry.reason = (
        place.strip()[:200],
        expected_at,
        reason.strip()[:LONGEST],
    )
    _close(order, inquiry, AnswerKind.STAFF, moments.now(), actor)
    return inquiry


@transaction.atomic
def answer_with_news(
    order_id: int, *, at: datetime, text: str, expected_at: datetime | None, actor: Actor
) -> Inquiry | None:
    """The parcel's news answered the question asked before it; None where none is open."""
    order = Order.objects.locked(order_id, seen=None)
    inquiry = Inquiry.objects.filter(
        order=order, answered_at__isnull=True, asked_at__lte=at
    ).first()
    if inquiry is None:
        return None
    inquiry.place, inquiry.expected_at, inquiry.reason = text[:200], expected_at, text[:LONGEST]
    _close(order, inquiry, AnswerKind.NEWS, at, actor)
    return inquiry


def _close(order: Order, inquiry: Inquiry, kind: AnswerKind, at: datetime, actor: Actor) -> None:
    inquiry.answered_at = at
    inquiry.answered_by = actor.label[:80]
    inquiry.answer_kind = kind
    inquiry.save()
    minutes = int((at - inquiry.asked_at).total_seconds() // 60)
    record(
        order,
        "inquiry.answered",
        actor=actor,
        data={
            "inquiry": inquiry.pk,
            "minutes": minutes,
            "place": inquiry.place,
            "reason": inquiry.reason,
            "expected_at": inquiry.expected_at,
        },
    )
    withdraw_work_orders(
        order, [WorkOrderKind.INQUIRY], reason=str(_("The customer was told.")), actor=actor
    )
