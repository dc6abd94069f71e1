"""Asking to be told of parcels: one subscription per parcel number."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from integrations.calling import as_note
from integrations.channels.base import Answer, Verdict
from integrations.models import TrackingSubscription
from integrations.tracking.account import active_account, client_of, report_refusal
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import NotFound, WrongState
from orders.actions import open_work_order
from orders.fulfilment.models import Shipment
from orders.models import WorkOrderKind

log = structlog.get_logger(__name__)

TRACKER = Actor.system("kuaidi100", door="channel")
# The service may lock accounts that ask for one number more often than every half hour; the
# minute more is for clocks that differ.
RULE_OF_HALF_HOUR = timedelta(minutes=31)
# A parcel nothing was heard of for so long is asked about.
SILENCE = timedelta(hours=6)
TRY_AGAIN = timedelta(minutes=10)

State = TrackingSubscription.State


def follow_shipment(shipment_id: int) -> TrackingSubscription | None:
    """The parcel's subscription, planned when there was none; None where nobody can follow it.

    That is so without a waybill, and for carriers that the service does not know.
    """
    shipment = Shipment.objects.select_related("carrier", "order").get(pk=shipment_id)
    company = shipment.carrier.kuaidi100_code if shipment.carrier else ""
    if not company or not shipment.waybill:
        return None
    subscription, _made = TrackingSubscription.objects.get_or_create(
        shipment_id=shipment.pk,
        number=shipment.waybill,
        defaults={
            "company": company,
            "phone_tail": _phone_tail(shipment),
            "next_poll_at": moments.now() + TRY_AGAIN,
        },
    )
    return subscription


def _phone_tail(shipment: Shipment) -> str:
    """What the label says, else what the order says; some carriers tell nothing without it."""
    return shipment.receiver_phone_tail or shipment.order.receiver_phone_tail


def callback_url(subscription: TrackingSubscription) -> str:
    """Where pushes about this parcel go; the token in it is a secret."""
    return f"{settings.PUBLIC_BASE_URL.rstrip('/')}/hooks/kuaidi100/{subscription.token}/"


def subscribe(subscription: TrackingSubscription) -> Verdict | None:
    """Ask the service for pushes, once, and keep its answer; None where nothing is to be asked.

    Token and salt stand in the row before, so a repeat after an unknown outcome is the same
    subscription, and "subscribed already" is a success. A refusal becomes a work order.
    """
    account = active_account()
    if account is None or subscription.state != State.PLANNED:
        return None
    verdict = client_of(account).subscribe(
        subscription.company,
        subscription.number,
        callback_url=callback_url(subscription),
        salt=subscription.salt,
        phone=subscription.phone_tail,
    )
    _note(subscription, verdict)
    if verdict.answer == Answer.AUTH:
        report_refusal(account, verdict)
    return verdict


def _note(subscription: TrackingSubscription, verdict: Verdict) -> None:
    subscription.answer = as_note(verdict)
    wait = TRY_AGAIN
    if verdict.answer in (Answer.OK, Answer.DUPLICATE):
        subscription.state, wait = State.ACTIVE, SILENCE
    elif verdict.answer == Answer.REFUSED:
        subscription.state = State.REFUSED
    subscription.next_poll_at = moments.now() + wait
    # A push may have ended it while we waited for the answer: only a planned one is moved.
    TrackingSubscription.objects.filter(pk=subscription.pk, state=State.PLANNED).update(
        state=subscription.state,
        answer=subscription.answer,
        next_poll_at=subscription.next_poll_at,
    )
    if subscription.state == State.REFUSED:
        ask_a_person(subscription, str(verdict))


def ask_a_person(subscription: TrackingSubscription, why: str) -> None:
    """A work order says that this parcel can't be followed any more, and why."""
    order_id = (
        Shipment.objects.filter(pk=subscription.shipment_id)
        .values_list("order_id", flat=True)
        .first()
    )
    if order_id is None:
        raise NotFound(shipment=subscription.shipment_id)
    open_work_order(
        order_id,
        kind=WorkOrderKind.TRACKING,
        title=_("Parcel %(number)s can't be followed: check number and carrier (%(why)s)")
        % {"number": subscription.number, "why": why},
        owner_role="logistics",
        actor=TRACKER,
        detail={
            "shipment": subscription.shipment_id,
            "waybill": subscription.number,
            "company": subscription.company,
        },
    )


def subscribe_planned(limit: int = 200) -> int:
    """Subscribe what could not be subscribed before; how many were asked for."""
    due = TrackingSubscription.objects.filter(
        state=State.PLANNED, next_poll_at__lte=moments.now()
    ).order_by("next_poll_at")
    return sum(subscribe(subscription) is not None for subscription in due[:limit])


def follow_again(subscription_id: int, *, actor: Actor) -> None:
    """A parcel that was given up or refused is followed anew, half an hour after the last time.

    Carrier and phone are read from the shipment again. Raises `WrongState` for others.
    """
    actor.require("fulfilment.track_shipment")
    subscription = TrackingSubscription.objects.filter(pk=subscription_id).first()
    if subscription is None:
        raise NotFound(id=subscription_id)
    shipment = Shipment.objects.select_related("carrier", "order").get(pk=subscription.shipment_id)
    company = shipment.carrier.kuaidi100_code if shipment.carrier else subscription.company
    moved = TrackingSubscription.objects.filter(
        pk=subscription_id, state__in=[State.ABORTED, State.REFUSED]
    ).update(
        state=State.PLANNED,
        company=company,
        phone_tail=_phone_tail(shipment),
        next_poll_at=moments.now() + RULE_OF_HALF_HOUR,
    )
    if not moved:
        raise WrongState(state=subscription.state, verb="follow_again")
    log.info("parcel_followed_again", subscription=subscription_id, by=actor.label)
