"""Sales wants something quickly: on an order that is there, or on a card that CS completes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import NotFound
from ordercenter.core.timeline import record
from orders.actions import mark_urgent, place_orders
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.care.models import UrgentAlarm
from orders.care.selectors import open_orders_of_phone
from orders.drafts import Draft
from orders.models import Order, Shop, Urgency, UrgentReason, WorkOrderKind
from orders.models.orders import CAN_HURRY
from orders.receiver import Receiver

DESK_SHOP = "urgent-desk"
# With less time left than this and goods still here, the director is told (F5).
DIRECTOR_HEARS = timedelta(hours=2)
_RED_WITHIN = timedelta(hours=4)
_ORANGE_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class UrgentWish:
    """What the quick form asks: whose order, why, by when."""

    phone: str
    reason: UrgentReason
    wanted_by: datetime
    note: str = ""


def level_for(wanted_by: datetime) -> Urgency:
    """How urgent a wish is by the time that is left."""
    left = wanted_by - moments.now()
    if left < _RED_WITHIN:
        return Urgency.RED
    return Urgency.ORANGE if left < _ORANGE_WITHIN else Urgency.YELLOW


@transaction.atomic
def report_urgent(wish: UrgentWish, *, order_id: int | None, actor: Actor) -> Order:
    """The order is urgent and the supervisors have a work order about it.

    Without an order an empty card with the phone is opened in the urgent desk's shop; customer
    service fills it in, then it is paid as any order. Raises `NotFound` for an order that is not
    this phone's, `TooLate` for one that has left.
    """
    actor.require("orders.place_order")
    if order_id is None:
        order_id = _open_card(wish, actor).pk
    elif order_id not in {order.pk for order in open_orders_of_phone(wish.phone)}:
        raise NotFound(id=order_id)
    order = mark_urgent(
        order_id,
        seen=None,
        urgency=level_for(wish.wanted_by),
        wanted_by=wish.wanted_by,
        reason=wish.reason,
        note=wish.note,
        actor=actor,
    )
    open_work_orders([_work(order, wish)], actor=actor)
    return order


def _open_card(wish: UrgentWish, actor: Actor) -> Order:
    shop, _made = Shop.objects.get_or_create(
        code=DESK_SHOP, defaults={"name": str(_("Urgent desk")), "channel": "manual"}
    )
    draft = Draft(
        external_number=f"URGENT-{uuid4().hex[:12].upper()}",
        placed_at=moments.now(),
        lines=(),
        receiver=Receiver(phone=wish.phone),
        seller_memo=wish.note,
    )
    return place_orders(shop, [draft], actor=actor)[0].order


def _work(order: Order, wish: UrgentWish) -> WorkOrderDraft:
    by = wish.wanted_by.astimezone(moments.SHANGHAI)
    return WorkOrderDraft(
        order=order,
        kind=WorkOrderKind.URGENT,
        title=_("Urgent by %(by)s: %(reason)s")
        % {"by": f"{by:%m-%d %H:%M}", "reason": wish.reason.label},
        owner_role="supervisor",
        detail={"urgent_reason": wish.reason.value, "wanted_by": wish.wanted_by.isoformat()}
        | ({"note": wish.note} if wish.note else {}),
    )


@transaction.atomic
def tell_director(order_id: int, *, actor: Actor) -> bool:
    """The event that the director hears of stands on the order's story, once for each moment.

    False when the order is not that pressing (any more) or the director was told.
    """
    order = Order.objects.locked(order_id, seen=None)
    wanted = order.wanted_by or order.ship_by
    at = moments.now()
    if order.state not in CAN_HURRY or order.urgency == Urgency.NORMAL or wanted is None:
        return False
    if wanted - at >= DIRECTOR_HEARS:
        return False
    _alarm, fresh = UrgentAlarm.objects.get_or_create(
        order=order, wanted_by=wanted, defaults={"told_at": at}
    )
    if fresh:
        minutes = int((wanted - at).total_seconds() // 60)
        record(
            order,
            "order.urgent_escalated",
            actor=actor,
            data={"wanted_by": wanted, "minutes_left": minutes, "stage": order.state},
        )
    return fresh
