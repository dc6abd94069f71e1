"""Signatures after the open specification "Standard Webhooks" (standardwebhooks.com), scheme v1.

Signed is `<message id>.<unix seconds>.<body>` with HMAC-SHA256; the key is the base64 text behind
`whsec_`. Ready-made libraries of many languages verify it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from integrations.models import WebhookEndpoint

PREFIX = "whsec_"
KEY_BYTES = 32
# After a rotation the old secret signs beside the new one for so long.
BOTH_SIGN_FOR = timedelta(hours=24)


def new_secret() -> str:
    """A secret nobody has had before."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def active_secrets(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    """The secrets that sign at this moment, the current one first."""
    found = [endpoint.secrets["current"]]
    previous = endpoint.secrets.get("previous")
    if previous and endpoint.previous_until and endpoint.previous_until > at:
        found.append(previous)
    return found


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature as it stands in the header: `v1,<base64>`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers_for(
    secrets: Iterable[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The three headers by which a receiver knows a message, its moment and who sent it."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            sign(secret, message_id, timestamp, body) for secret in secrets
        ),
    }
