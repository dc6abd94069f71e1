"""What a message says, made anew for each attempt with the rights of that moment.

Whoever lost a shop, a scope or the key between event and sending is not told.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import F

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners import wording
from integrations.partners.kinds import TEST
from ordercenter.core.actor import Actor
from ordercenter.core.api.parts import moment
from orders.api.answers import event_as_json
from orders.api.reading import events_for, visible_to
from orders.models import ApiKey, Order

VIEW_ORDER = "orders.view_order"


class Withheld(Exception):
    """The partner may not hear of this (any more); the code says why."""


def listener(endpoint: WebhookEndpoint) -> Actor:
    """Who hears at the endpoint: the partner with no more than the key that set it up could read,
    and no more than some valid key of the partner can read now."""
    partner = endpoint.partner
    valid: set[str] = set()
    if partner.is_active:
        for scopes in ApiKey.objects.filter(partner=partner, revoked_at=None).values_list(
            "scopes", flat=True
        ):
            valid.update(scopes)
    return Actor.partner(
        partner.pk,
        partner.name,
        permissions=frozenset(endpoint.scopes) & frozenset(valid),
        shops=frozenset(partner.shops.values_list("pk", flat=True)),
    )


def body_of(delivery: PartnerDelivery) -> bytes:
    """The message as JSON in UTF-8. Raises `Withheld`."""
    if delivery.kind == TEST:
        words = _head(delivery, delivery.created_at)
    else:
        words = _event_words(delivery)
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()


def _head(delivery: PartnerDelivery, at: datetime) -> dict[str, Any]:
    return {
        "id": delivery.message_id,
        "sequence": delivery.sequence,
        "kind": delivery.kind,
        "at": moment(at),
    }


def _event_words(delivery: PartnerDelivery) -> dict[str, Any]:
    actor = listener(delivery.endpoint)
    if not actor.may(VIEW_ORDER):
        raise Withheld(wording.NO_SCOPE)
    order_id = int(delivery.stream.partition(":")[2])
    # The same two questions that the API asks when the partner reads the story.
    order = (
        visible_to(actor, Order.objects.filter(pk=order_id))
        .annotate(shop_code=F("shop__code"))
        .first()
    )
    if order is None:
        raise Withheld(wording.NOT_THEIR_SHOP)
    event = events_for(order_id, actor).filter(pk=delivery.event_id or 0).first()
    if event is None:
        raise Withheld(wording.NOT_FOR_PARTNERS)
    shown: Any = order
    return _head(delivery, event.at) | {
        "order": order.number,
        "external_number": order.external_number,
        "shop": shown.shop_code,
        "state": str(order.state),
        "version": order.version,
        "event": event_as_json(event, actor),
    }
