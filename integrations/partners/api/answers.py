"""Webhooks as JSON. The signing secret is in the answers to create and rotate only."""

from __future__ import annotations

from typing import Any

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners.kinds import KINDS, TEST
from ordercenter.core.api.parts import (
    FLAG,
    MAYBE_MOMENT,
    MOMENT,
    NUMBER,
    TEXT,
    a_page,
    an_object,
    moment,
)
from orders.api.answers import SEE_RECEIVER

EVERY_KIND = "*"
# Counting ends here.
MOST_COUNTED = 10_000


def webhook_as_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The endpoint as its partner set it up: only what its version covers."""
    return {
        "number": endpoint.number,
        "version": endpoint.version,
        "url": endpoint.url,
        "description": endpoint.description,
        "kinds": endpoint.kinds or [EVERY_KIND],
        "is_active": endpoint.is_active,
        "shows_receivers": SEE_RECEIVER in endpoint.scopes,
        "old_secret_signs_until": moment(endpoint.previous_until),
        "created_at": moment(endpoint.created_at),
    }


def status_as_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """How sending goes."""
    return {
        "number": endpoint.number,
        "is_active": endpoint.is_active,
        "last_sequence": endpoint.last_sequence,
        "waiting": _count(endpoint, PartnerDelivery.State.PENDING),
        "dead": _count(endpoint, PartnerDelivery.State.DEAD),
        "failures": endpoint.failures,
        "failing_since": moment(endpoint.failing_since),
        "paused_until": moment(endpoint.paused_until),
        "reached_at": moment(endpoint.reached_at),
        "trouble": endpoint.trouble or None,
    }


def _count(endpoint: WebhookEndpoint, state: str) -> int:
    return endpoint.deliveries.filter(state=state)[:MOST_COUNTED].count()


def delivery_as_json(delivery: PartnerDelivery) -> dict[str, Any]:
    """A message and what became of it, without what it says."""
    is_pending = delivery.state == PartnerDelivery.State.PENDING
    return {
        "id": delivery.message_id,
        "sequence": delivery.sequence,
        "kind": delivery.kind,
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.last_error or None,
        "created_at": moment(delivery.created_at),
        "next_attempt_at": moment(delivery.not_before) if is_pending else None,
        "finished_at": moment(delivery.finished_at),
    }


_WEBHOOK: dict[str, Any] = {
    "number": {**TEXT, "example": "WH3f9c1a7b20de44a1"},
    "version": NUMBER,
    "url": TEXT,
    "description": TEXT,
    "kinds": {"type": "array", "items": {**TEXT, "enum": [EVERY_KIND, *KINDS]}},
    "is_active": FLAG,
    "shows_receivers": {
        **FLAG,
        "description": "Names, phones and streets without stars: the key that last set it up may.",
    },
    "old_secret_signs_until": MAYBE_MOMENT,
    "created_at": MOMENT,
}

COMPONENTS: dict[str, Any] = {
    "Webhook": an_object(**_WEBHOOK),
    "WebhookWithSecret": an_object(
        **_WEBHOOK,
        secret={**TEXT, "description": "Shown in this answer only.", "example": "whsec_MfKQ…"},
    ),
    "WebhookPage": a_page("Webhook"),
    "WebhookStatus": an_object(
        number=TEXT,
        is_active=FLAG,
        last_sequence=NUMBER,
        waiting={**NUMBER, "description": "At most 10000."},
        dead={**NUMBER, "description": "At most 10000."},
        failures=NUMBER,
        failing_since=MAYBE_MOMENT,
        paused_until=MAYBE_MOMENT,
        reached_at=MAYBE_MOMENT,
        trouble={**TEXT, "nullable": True},
    ),
    "WebhookDelivery": an_object(
        id=TEXT,
        sequence=NUMBER,
        kind=TEXT,
        state={**TEXT, "enum": PartnerDelivery.State.values},
        attempts=NUMBER,
        status={**NUMBER, "nullable": True},
        error={**TEXT, "nullable": True},
        created_at=MOMENT,
        next_attempt_at=MAYBE_MOMENT,
        finished_at=MAYBE_MOMENT,
    ),
    "WebhookDeliveryPage": a_page("WebhookDelivery"),
    "WebhookMessage": {
        **an_object(
            id={**TEXT, "description": "The same however often it is sent."},
            sequence={**NUMBER, "description": "Counts 1, 2, 3 … for each webhook."},
            kind={**TEXT, "enum": [TEST, *KINDS]},
            at=MOMENT,
            order=TEXT,
            external_number=TEXT,
            shop=TEXT,
            state={**TEXT, "description": "The order's, as it is when we send."},
            version={**NUMBER, "description": "The order's, as it is when we send."},
            event={"$ref": "#/components/schemas/Event"},
        ),
        "required": ["id", "sequence", "kind", "at"],
        "description": "What we POST to your address. A test message ends with `at`.",
    },
}
