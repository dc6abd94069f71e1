"""Every change of a partner's webhook, by API and admin alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners import sending, wording
from integrations.partners.addresses import BadAddress, read_target
from integrations.partners.fan_out import WAKES
from integrations.partners.kinds import TEST
from integrations.partners.signing import BOTH_SIGN_FOR, new_secret
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError, NotFound
from ordercenter.core.timeline import changed, record, snapshot
from orders.api.answers import SEE_RECEIVER
from orders.models import Partner

MANAGE = "integrations.manage_webhookendpoint"
VIEW_ORDER = "orders.view_order"
MOST_ENDPOINTS = 10
# Scopes that decide what a message shows.
_READING = (VIEW_ORDER, SEE_RECEIVER)
_FIELDS = ("url", "description", "kinds", "is_active")


class TooManyWebhooks(DomainError):
    """The partner has as many webhooks as one can have."""

    code = "too_many_webhooks"
    title = _("A partner has at most ten webhooks. Delete one, or change it.")


class WebhookOff(DomainError):
    """Nothing is sent to a webhook that is switched off."""

    code = "webhook_off"
    title = _("This webhook is switched off. Switch it on first.")


@transaction.atomic
def create_webhook(
    partner_id: int,
    *,
    url: str,
    kinds: Iterable[str] = (),
    description: str = "",
    actor: Actor,
) -> tuple[WebhookEndpoint, str]:
    """An endpoint that hears from now on, and its signing secret.

    It is told what the actor's key may read. Raises `BadInput` for an address we never send to.
    """
    actor.require(MANAGE)
    actor.require(VIEW_ORDER)
    _check(url)
    partner = Partner.objects.select_for_update().filter(pk=partner_id, is_active=True).first()
    if partner is None:
        raise NotFound(id=partner_id)
    if partner.webhooks.count() >= MOST_ENDPOINTS:
        raise TooManyWebhooks(most=MOST_ENDPOINTS)
    secret = new_secret()
    endpoint = WebhookEndpoint(
        partner=partner,
        url=url,
        description=description,
        kinds=sorted(set(kinds)),
        scopes=_scopes_of(actor),
        created_at=moments.now(),
    )
    endpoint.secrets = {"current": secret}
    endpoint.save()
    data = {"partner": partner.pk, "host": read_target(url).host, "kinds": endpoint.kinds}
    record(endpoint, "webhook.created", actor=actor, data=data)
    return endpoint, secret


def _check(url: str) -> None:
    try:
        read_target(url)
    except BadAddress as error:
        raise BadInput(fields={"url": [wording.sentence(error.code)]}) from error


def _scopes_of(actor: Actor) -> list[str]:
    """What the actor may read, as far as it matters for messages."""
    return [scope for scope in _READING if actor.may(scope)]


@transaction.atomic
def change_webhook(
    endpoint_id: int, values: Mapping[str, Any], *, seen: int | None, actor: Actor
) -> WebhookEndpoint:
    """The endpoint has these fields; changed by a partner's key, it hears what that key may read.

    Switched on again, it goes on with what waits.
    """
    actor.require(MANAGE)
    actor.require(VIEW_ORDER)
    endpoint: WebhookEndpoint = WebhookEndpoint.objects.locked(endpoint_id, seen=seen)
    if "url" in values:
        _check(values["url"])
    before = snapshot(endpoint, _FIELDS)
    for name in _FIELDS:
        if name in values:
            setattr(endpoint, name, values[name])
    endpoint.kinds = sorted(set(endpoint.kinds))
    if actor.kind == "partner":
        # A key that reads less must not lead what a greater one set up to an address of its own.
        endpoint.scopes = _scopes_of(actor)
    _clear_trouble(endpoint, was_active=before["is_active"])
    endpoint.save()
    changes = changed(before, snapshot(endpoint, _FIELDS))
    # The path and query of an address may hold a secret of the partner's.
    if "url" in changes:
        changes["url"] = [read_host(url) for url in changes["url"]]
    record(endpoint, "webhook.changed", actor=actor, changes=changes)
    _wake()
    return endpoint


def read_host(url: str) -> str:
    """The host of an address, for stories and lists; never its path or query."""
    try:
        return read_target(url).host
    except BadAddress:
        return "?"


def _clear_trouble(endpoint: WebhookEndpoint, *, was_active: bool) -> None:
    if not endpoint.is_active and was_active:
        endpoint.trouble = wording.OFF_BY_HAND
    elif endpoint.is_active:
        endpoint.trouble = ""
        endpoint.failures = 0
        endpoint.failing_since = endpoint.paused_until = None


@transaction.atomic
def delete_webhook(endpoint_id: int, *, seen: int | None, actor: Actor) -> None:
    """The endpoint and its queue are gone; its story stays."""
    actor.require(MANAGE)
    endpoint: WebhookEndpoint = WebhookEndpoint.objects.locked(endpoint_id, seen=seen)
    data = {"partner": endpoint.partner_id, "number": endpoint.number}
    record(endpoint, "webhook.deleted", actor=actor, data=data)
    endpoint.delete()


@transaction.atomic
def rotate_secret(
    endpoint_id: int, *, seen: int | None, actor: Actor
) -> tuple[WebhookEndpoint, str]:
    """A new secret signs from now on, for a day together with the one it replaces."""
    actor.require(MANAGE)
    endpoint: WebhookEndpoint = WebhookEndpoint.objects.locked(endpoint_id, seen=seen)
    secret = new_secret()
    endpoint.secrets = {"current": secret, "previous": endpoint.secrets["current"]}
    endpoint.previous_until = moments.now() + BOTH_SIGN_FOR
    endpoint.save(update_fields=["secrets", "previous_until", "version"])
    record(endpoint, "webhook.secret_rotated", actor=actor)
    return endpoint, secret


@transaction.atomic
def send_test(endpoint_id: int, *, seen: int | None, actor: Actor) -> PartnerDelivery:
    """A message that tells nothing is in the queue, with a number of its own."""
    actor.require(MANAGE)
    endpoint: WebhookEndpoint = WebhookEndpoint.objects.locked(endpoint_id, seen=seen)
    if not endpoint.is_active:
        raise WebhookOff
    # Somebody wants to know now: a pause does not stand in the way.
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        last_sequence=F("last_sequence") + 1, paused_until=None
    )
    endpoint.refresh_from_db(fields=["last_sequence", "paused_until"])
    delivery = PartnerDelivery.objects.create(
        endpoint=endpoint,
        sequence=endpoint.last_sequence,
        kind=TEST,
        stream=f"{TEST}:{endpoint.last_sequence}",
        created_at=moments.now(),
    )
    record(endpoint, "webhook.tested", actor=actor, data={"sequence": delivery.sequence})
    _wake()
    return delivery


@transaction.atomic
def replay(endpoint_id: int, *, after: int, seen: int | None, actor: Actor) -> int:
    """Every message behind number `after` is in the queue once more; how many were put back."""
    actor.require(MANAGE)
    endpoint: WebhookEndpoint = WebhookEndpoint.objects.locked(endpoint_id, seen=seen)
    if not endpoint.is_active:
        raise WebhookOff
    count = (
        endpoint.deliveries.filter(sequence__gt=after)
        .exclude(state=PartnerDelivery.State.PENDING)
        .update(
            state=PartnerDelivery.State.PENDING,
            attempts=0,
            not_before=moments.now(),
            finished_at=None,
            last_error="",
        )
    )
    record(endpoint, "webhook.replayed", actor=actor, data={"after": after, "count": count})
    _wake()
    return count


@transaction.atomic
def resend(delivery_id: int, *, actor: Actor) -> None:
    """A dead letter has a new set of attempts; its place in the story is the old one."""
    actor.require("integrations.resend_partnerdelivery")
    delivery = PartnerDelivery.objects.select_related("endpoint").filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(id=delivery_id)
    endpoint: WebhookEndpoint = WebhookEndpoint.objects.locked(delivery.endpoint_id, seen=None)
    if sending.send_again([delivery_id]):
        data = {"sequence": delivery.sequence}
        record(endpoint, "webhook.resent", actor=actor, data=data)
        _wake()


def _wake() -> None:
    """The sender looks as soon as this transaction is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [WAKES])
