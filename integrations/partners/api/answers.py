"""Webhooks as JSON. The signing secret is in the answers to create and rotate only."""

from __future__ import annotations

from typing import Any

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners.kinds import KINDS, TEST
from orders.api.answers import SEE_RECEIVER, a_page, an_object, moment

EVERY_KIND = "*"
# Counting ends here.
MOST_COUNTED = 10_000

_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: dict[str, Any] = {**_MOMENT, "nullable": True}


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
    "number": {**_TEXT, "example": "WH3f9c1a7b20de44a1"},
    "version": _NUMBER,
    "url": _TEXT,
    "description": _TEXT,
    "kinds": {"type": "array", "items": {**_TEXT, "enum": [EVERY_KIND, *KINDS]}},
    "is_active": _FLAG,
    "shows_receivers": {
        **_FLAG,
        "description": "Names, phones and streets without stars: the key that last set it up may.",
    },
    "old_secret_signs_until": _MAYBE_MOMENT,
    "created_at": _MOMENT,
}

COMPONENTS: dict[str, Any] = {
    "Webhook": an_object(**_WEBHOOK),
    "WebhookWithSecret": an_object(
        **_WEBHOOK,
        secret={**_TEXT, "description": "Shown in this answer only.", "example": "whsec_MfKQ…"},
    ),
    "WebhookPage": a_page("Webhook"),
    "WebhookStatus": an_object(
        number=_TEXT,
        is_active=_FLAG,
        last_sequence=_NUMBER,
        waiting={**_NUMBER, "description": "At most 10000."},
        dead={**_NUMBER, "description": "At most 10000."},
        failures=_NUMBER,
        failing_since=_MAYBE_MOMENT,
        paused_until=_MAYBE_MOMENT,
        reached_at=_MAYBE_MOMENT,
        trouble={**_TEXT, "nullable": True},
    ),
    "WebhookDelivery": an_object(
        id=_TEXT,
        sequence=_NUMBER,
        kind=_TEXT,
        state={**_TEXT, "enum": PartnerDelivery.State.values},
        attempts=_NUMBER,
        status={**_NUMBER, "nullable": True},
        error={**_TEXT, "nullable": True},
        created_at=_MOMENT,
        next_attempt_at=_MAYBE_MOMENT,
        finished_at=_MAYBE_MOMENT,
    ),
    "WebhookDeliveryPage": a_page("WebhookDelivery"),
    "WebhookMessage": {
        **an_object(
            id={**_TEXT, "description": "The same however often it is sent."},
            sequence={**_NUMBER, "description": "Counts 1, 2, 3 … for each webhook."},
            kind={**_TEXT, "enum": [TEST, *KINDS]},
            at=_MOMENT,
            order=_TEXT,
            external_number=_TEXT,
            shop=_TEXT,
            state={**_TEXT, "description": "The order's, as it is when we send."},
            version={**_NUMBER, "description": "The order's, as it is when we send."},
            event={"$ref": "#/components/schemas/Event"},
        ),
        "required": ["id", "sequence", "kind", "at"],
        "description": "What we POST to your address. A test message ends with `at`.",
    },
}
