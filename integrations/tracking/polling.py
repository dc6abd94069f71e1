"""Asking about parcels nothing is heard of; never twice for one number within half an hour."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from integrations.channels.base import Answer, Verdict
from integrations.inbound import process_call, store_call
from integrations.models import TrackingSubscription
from integrations.tracking.account import active_account, client_of, report_refusal
from integrations.tracking.inbound import QUERY
from integrations.tracking.kuaidi100.adapter import NOTHING_YET
from integrations.tracking.subscriptions import RULE_OF_HALF_HOUR, SILENCE, State, ask_a_person
from ordercenter.core import moments


def poll_due(limit: int = 200) -> int:
    """Ask about every parcel whose turn has come; how many questions were asked."""
    due = TrackingSubscription.objects.filter(
        state=State.ACTIVE, next_poll_at__lte=moments.now()
    ).order_by("next_poll_at")
    return sum(_poll(pk) for pk in list(due.values_list("pk", flat=True)[:limit]))


def ask_soon(shipment_id: int) -> int:
    """Let the shipment's parcels be asked about as soon as the rule allows; how many."""
    return TrackingSubscription.objects.filter(shipment_id=shipment_id, state=State.ACTIVE).update(
        next_poll_at=moments.now()
    )


def _poll(subscription_id: int) -> bool:
    account = active_account()
    subscription = claim_turn(subscription_id) if account else None
    if account is None or subscription is None:
        return False
    asked = client_of(account).query(
        subscription.company, subscription.number, phone=subscription.phone_tail
    )
    if asked.verdict.answer == Answer.OK:
        call_id, _is_new = store_call(QUERY, subscription.token, asked.body)
        process_call(call_id)
    elif asked.verdict.answer == Answer.AUTH:
        report_refusal(account, asked.verdict)
    else:
        _note_refusal(subscription, asked.verdict)
    return True


@transaction.atomic
def claim_turn(subscription_id: int) -> TrackingSubscription | None:
    """The subscription, its question noted as asked; None where it is not its turn.

    The number is locked and the question committed before it is asked, so no two workers and no
    worker that dies can break the service's rule.
    """
    subscription = TrackingSubscription.objects.select_for_update().get(pk=subscription_id)
    at = moments.now()
    _lock_number(subscription.number)
    if subscription.state != State.ACTIVE or not _is_due(subscription, at):
        return None
    if _asked_lately(subscription.number, at):
        return None
    subscription.last_polled_at = at
    subscription.next_poll_at = at + SILENCE
    subscription.save(update_fields=["last_polled_at", "next_poll_at"])
    return subscription


def _is_due(subscription: TrackingSubscription, at: datetime) -> bool:
    return subscription.next_poll_at is not None and subscription.next_poll_at <= at


def _lock_number(number: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"kuaidi100:{number}"]
        )


def _asked_lately(number: str, at: datetime) -> bool:
    return TrackingSubscription.objects.filter(
        number=number, last_polled_at__gt=at - RULE_OF_HALF_HOUR
    ).exists()


def _note_refusal(subscription: TrackingSubscription, verdict: Verdict) -> None:
    """Nothing yet is normal; a hiccup is asked again after the rule; a refusal needs a person."""
    rows = TrackingSubscription.objects.filter(pk=subscription.pk, state=State.ACTIVE)
    if verdict.answer == Answer.REFUSED:
        if rows.update(state=State.REFUSED):
            ask_a_person(subscription, str(verdict))
    elif verdict.code != NOTHING_YET:
        rows.update(next_poll_at=moments.now() + RULE_OF_HALF_HOUR)
