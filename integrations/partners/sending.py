"""Taking messages out of the queue, and writing down what became of them.

A claim is a lease, as in the outbox: `not_before` moves ahead and the attempt is counted, so a
sender that dies loses nothing. Of each story only the oldest pending message of an endpoint can
be claimed. No transaction is open while a message is on its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations.messaging.notices import ADMIN_ROLE, notify
from integrations.models import NoticeLevel, PartnerDelivery, WebhookEndpoint
from integrations.partners import wording
from integrations.partners.envelope import Withheld, body_of
from integrations.partners.signing import active_secrets, headers_for
from integrations.partners.wire import Outcome
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.timeline import record
from ordercenter.core.waiting import back_off

log = structlog.get_logger(__name__)

SENDER = Actor.system("timer:webhooks")
# Longer than a call can last and its outcome can wait to be written.
LEASE_SECONDS = 60.0
# 10 s, 20 s, 40 s … at most an hour: about four hours in all.
MOST_ATTEMPTS = 12
FIRST_WAIT = 5.0
LONGEST_WAIT = 3600.0
# After so many failures in a row the endpoint rests; then one message asks whether it is back.
PAUSE_AFTER = 5
# An endpoint that was not reached for so long is switched off; its queue stays.
GIVES_UP_AFTER = timedelta(hours=72)
GONE = 410
BUSY = (429, 503)
# A busy partner without Retry-After is left alone for so long.
BUSY_WAIT = 60.0
TROUBLE = "webhook.trouble"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be sent; `attempt` marks the lease it was claimed under."""

    delivery_id: int
    endpoint_id: int
    attempt: int
    url: str
    headers: Mapping[str, str]
    body: bytes


_DUE = """
SELECT e.id, e.failures
  FROM integrations_webhookendpoint e
  JOIN orders_partner p ON p.id = e.partner_id AND p.is_active
 WHERE e.is_active AND (e.paused_until IS NULL OR e.paused_until <= statement_timestamp())
   AND EXISTS (SELECT 1 FROM integrations_partnerdelivery d
                WHERE d.endpoint_id = e.id AND d.state = 'pending'
                  AND d.not_before <= statement_timestamp())
 ORDER BY e.id
"""

_CLAIM = """
WITH heads AS (
  SELECT d.id FROM integrations_partnerdelivery d
   WHERE d.endpoint_id = %s AND d.state = 'pending' AND d.not_before <= statement_timestamp()
     AND NOT EXISTS (
       SELECT 1 FROM integrations_partnerdelivery earlier
        WHERE earlier.endpoint_id = d.endpoint_id AND earlier.stream = d.stream
          AND earlier.state = 'pending' AND earlier.sequence < d.sequence)
   ORDER BY d.sequence LIMIT %s
   FOR UPDATE OF d SKIP LOCKED
)
UPDATE integrations_partnerdelivery d
   SET attempts = d.attempts + 1, not_before = statement_timestamp() + make_interval(secs => %s)
  FROM heads
 WHERE d.id = heads.id AND d.state = 'pending' AND d.not_before <= statement_timestamp()
RETURNING d.id
"""


def due_endpoints() -> dict[int, int]:
    """The endpoints that something can be sent to now, with their failures in a row."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE)
        return dict(cursor.fetchall())


def claim(endpoint_id: int, limit: int) -> list[Letter]:
    """Take the oldest message of up to so many stories, ready to be sent.

    What the partner may not hear any more is withheld, what has killed every sender is a dead
    letter; neither is among them.
    """
    while ids := _claim_ids(endpoint_id, limit):
        rows = PartnerDelivery.objects.filter(pk__in=ids).select_related("endpoint__partner")
        letters = [letter for row in rows.order_by("sequence") if (letter := _letter(row))]
        if letters:
            return letters
    return []


def _claim_ids(endpoint_id: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [endpoint_id, limit, LEASE_SECONDS])
        return [row[0] for row in cursor.fetchall()]


def _letter(delivery: PartnerDelivery) -> Letter | None:
    if delivery.attempts > MOST_ATTEMPTS:
        _end(delivery, PartnerDelivery.State.DEAD, wording.SENDER_DIED)
        _tell_of_dead_letter(delivery, wording.SENDER_DIED)
        return None
    try:
        body = body_of(delivery)
    except Withheld as reason:
        _end(delivery, PartnerDelivery.State.WITHHELD, str(reason))
        return None
    endpoint, at = delivery.endpoint, moments.now()
    headers = headers_for(
        active_secrets(endpoint, at), delivery.message_id, int(at.timestamp()), body
    )
    return Letter(delivery.pk, endpoint.pk, delivery.attempts, endpoint.url, headers, body)


def _end(delivery: PartnerDelivery, state: str, error: str) -> None:
    _ours(delivery.pk, delivery.attempts).update(
        state=state, last_error=error, finished_at=moments.now()
    )


def _ours(delivery_id: int, attempt: int) -> QuerySet[PartnerDelivery]:
    """The row while our lease holds: whoever takes it over counts one more attempt."""
    return PartnerDelivery.objects.filter(
        pk=delivery_id, attempts=attempt, state=PartnerDelivery.State.PENDING
    )


@transaction.atomic
def settle(letter: Letter, outcome: Outcome) -> None:
    """Write down how a call ended, and what follows for the message and its endpoint."""
    endpoint = (
        WebhookEndpoint.objects.select_for_update(of=("self",))
        .select_related("partner")
        .defer("secrets")
        .filter(pk=letter.endpoint_id)
        .first()
    )
    delivery = _ours(letter.delivery_id, letter.attempt).select_for_update().first()
    if endpoint is None or delivery is None:
        return
    delivery.endpoint = endpoint
    if outcome.is_delivered:
        _delivered(delivery, outcome)
    elif outcome.status == GONE:
        _gone(delivery, outcome)
    else:
        _failed(delivery, outcome)


def _delivered(delivery: PartnerDelivery, outcome: Outcome) -> None:
    at = moments.now()
    _write(
        delivery,
        state=PartnerDelivery.State.DONE,
        status=outcome.status,
        last_error="",
        finished_at=at,
    )
    reached: dict[str, Any] = {"failures": 0, "failing_since": None, "reached_at": at}
    # Why it was switched off is still to be read when a call that was under way ends well.
    if delivery.endpoint.is_active:
        reached["trouble"] = ""
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(**reached)


def _gone(delivery: PartnerDelivery, outcome: Outcome) -> None:
    """The partner has taken the address out of service: nothing more is sent there."""
    _write(delivery, status=outcome.status, last_error=wording.GONE, not_before=moments.now())
    switch_off(delivery.endpoint, wording.GONE)


def _failed(delivery: PartnerDelivery, outcome: Outcome) -> None:
    endpoint, at = delivery.endpoint, moments.now()
    failures = endpoint.failures + 1
    wait = _wait(delivery.attempts, outcome)
    is_dead = delivery.attempts >= MOST_ATTEMPTS
    error = outcome.error or wording.status_code(outcome.status or 0)
    _write(
        delivery,
        state=PartnerDelivery.State.DEAD if is_dead else PartnerDelivery.State.PENDING,
        status=outcome.status,
        last_error=error,
        not_before=at + timedelta(seconds=wait),
        finished_at=at if is_dead else None,
    )
    since = endpoint.failing_since or at
    rests_until = _rests_until(failures, outcome, at)
    is_news = endpoint.is_active and (is_dead or failures >= PAUSE_AFTER)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failures=failures,
        failing_since=since,
        # A call beside this one may have been told to wait longer.
        paused_until=max(filter(None, (endpoint.paused_until, rests_until)), default=None),
        trouble=error if is_news else endpoint.trouble,
    )
    log.warning(
        "webhook_failed",
        webhook=endpoint.number,
        message=delivery.message_id,
        attempt=delivery.attempts,
        dead=is_dead,
        error=error,
    )
    if is_dead:
        _tell_of_dead_letter(delivery, error)
    if at - since >= GIVES_UP_AFTER:
        switch_off(endpoint, wording.TOO_LONG)
    elif failures == PAUSE_AFTER:
        _tell(endpoint, _("Webhook %(number)s of %(partner)s does not hear: %(error)s"), error)


def _wait(attempts: int, outcome: Outcome) -> float:
    """Seconds until the message's next attempt: what the partner asks for, or back-off."""
    if outcome.status in BUSY and outcome.wait is not None:
        return min(max(outcome.wait, 1.0), LONGEST_WAIT)
    return back_off(attempts, first=FIRST_WAIT, most=LONGEST_WAIT)


def _rests_until(failures: int, outcome: Outcome, at: datetime) -> datetime | None:
    """Until when nothing at all is sent to the endpoint."""
    if outcome.status in BUSY and outcome.wait is not None:
        return at + timedelta(seconds=min(max(outcome.wait, 1.0), LONGEST_WAIT))
    if outcome.status == 429:
        return at + timedelta(seconds=BUSY_WAIT)
    if failures < PAUSE_AFTER:
        return None
    rest = back_off(failures - PAUSE_AFTER + 1, first=FIRST_WAIT, most=LONGEST_WAIT / 6)
    return at + timedelta(seconds=rest)


def _write(delivery: PartnerDelivery, **columns: object) -> None:
    PartnerDelivery.objects.filter(pk=delivery.pk).update(**columns)


def switch_off(endpoint: WebhookEndpoint, reason: str) -> None:
    """Nothing is sent to the endpoint until it is switched on; what waits goes on waiting.

    The caller holds the endpoint's lock. One that is off already stays as it is.
    """
    if not endpoint.is_active:
        return
    endpoint.is_active = False
    endpoint.trouble = reason
    endpoint.save(update_fields=["is_active", "trouble", "version"])
    record(endpoint, "webhook.switched_off", actor=SENDER, data={"reason": reason})
    _tell(endpoint, _("Webhook %(number)s of %(partner)s is switched off: %(error)s"), reason)


def _tell_of_dead_letter(delivery: PartnerDelivery, error: str) -> None:
    words = _("Webhook %(number)s of %(partner)s did not take a message: %(error)s")
    _tell(delivery.endpoint, words, error)


def _tell(endpoint: WebhookEndpoint, words: str, error: str) -> None:
    """Whoever looks after partners hears of it: the administrators."""
    number = {
        "number": endpoint.number,
        "partner": endpoint.partner.name,
        "error": wording.sentence(error),
    }
    notify(
        role=ADMIN_ROLE,
        kind=TROUBLE,
        level=NoticeLevel.WARN,
        title=words % number,
        group_title=_("%(count)s troubles with a partner's webhook"),
        link=f"/admin/integrations/webhookendpoint/{endpoint.pk}/change/",
        group_key=f"webhook:{endpoint.pk}",
    )


def send_again(delivery_ids: Iterable[int]) -> int:
    """Give dead letters a new set of attempts, from now on; how many."""
    dead = PartnerDelivery.objects.filter(
        pk__in=list(delivery_ids), state=PartnerDelivery.State.DEAD
    )
    return dead.update(
        state=PartnerDelivery.State.PENDING,
        attempts=0,
        not_before=moments.now(),
        finished_at=None,
    )
