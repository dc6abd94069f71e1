"""What a careful partner does with a webhook: check who sent it and when, keep each message once.

Written after docs/api.md and the specification it names (standardwebhooks.com), not after the
sender's code: if both were wrong in the same way, no test would see it.
"""

import base64
import hashlib
import hmac
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock
from ..counters import Counters
from ..faults import FaultPlan, with_transport_faults
from ..wire import Request, Response, json_response

SYSTEM = "partner"
PREFIX = "/partner/"
# The demo's partner. Its secret is no secret: everything about it is made up.
DEMO_NAME = "demo"
DEMO_SECRET = "whsec_" + base64.b64encode(b"order center demo partner secret").decode()
# The receiver answers with another status, before or after it has kept the message.
REFUSALS = frozenset({"status"})
REMEMBERED = 20_000
# A message whose moment is farther away is a replay by somebody who listened in.
TOLERANCE_SECONDS = 300


@dataclass(slots=True)
class Inbox:
    """What one partner's address has heard. Without secrets every signature is refused."""

    secrets: list[str] = field(default_factory=list)
    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    known: set[str] = field(default_factory=set)
    doubles: int = 0
    bad_signatures: int = 0
    too_old: int = 0

    def describe(self) -> dict[str, Any]:
        """For the control interface: each message once, in the order of its first arrival."""
        return {
            "messages": list(self.messages),
            "doubles": self.doubles,
            "bad_signatures": self.bad_signatures,
            "too_old": self.too_old,
            "out_of_order": self.out_of_order(),
        }

    def out_of_order(self) -> list[str]:
        """Messages that came behind a later one of the same order's story."""
        latest: dict[str, int] = {}
        found = []
        for message in self.messages:
            order, event = message.get("order"), message.get("event")
            if order is None or event is None:
                continue
            if event["sequence"] < latest.get(order, 0):
                found.append(message["id"])
            latest[order] = max(latest.get(order, 0), event["sequence"])
        return found


@dataclass(slots=True)
class Partners:
    """The systems of all partners, each at ``/partner/<name>``."""

    clock: Clock
    counters: Counters
    faults: FaultPlan
    inboxes: dict[str, Inbox] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forget()

    def handle(self, request: Request) -> Response:
        """``POST /partner/<name>``"""
        name = request.path.removeprefix(PREFIX)
        self.counters.call(SYSTEM, name)
        return with_transport_faults(
            self.faults, SYSTEM, name, lambda: self._receive(name, request)
        )

    def inbox(self, name: str) -> Inbox:
        """The partner's inbox; made when it is asked for."""
        return self.inboxes.setdefault(name, Inbox())

    def forget(self) -> None:
        """No partner has heard anything, and only the demo's knows its secret."""
        self.inboxes.clear()
        self.inbox(DEMO_NAME).secrets.append(DEMO_SECRET)

    def _receive(self, name: str, request: Request) -> Response:
        inbox = self.inboxes.get(name)
        if inbox is None:
            return json_response({"error": "no such partner"}, 404)
        if request.method != "POST":
            return json_response({"error": "POST only"}, 405)
        fault = self.faults.take(SYSTEM, name, REFUSALS)
        if fault is not None:
            status = int(fault.options.get("status", 500))
            self.counters.refusal(SYSTEM, str(status))
            response = json_response({"error": "as asked for"}, status)
            response.headers = {str(k): str(v) for k, v in fault.options.get("headers", {}).items()}
            return response
        return self._keep(inbox, request)

    def _keep(self, inbox: Inbox, request: Request) -> Response:
        message_id = request.headers.get(b"webhook-id", b"").decode("ascii", "replace")
        timestamp = request.headers.get(b"webhook-timestamp", b"").decode("ascii", "replace")
        signatures = request.headers.get(b"webhook-signature", b"").decode("ascii", "replace")
        if not is_signed(inbox.secrets, message_id, timestamp, signatures, request.body):
            inbox.bad_signatures += 1
            self.counters.bad_signatures[SYSTEM] += 1
            return json_response({"error": "signature"}, 401)
        if abs(self.clock.epoch() - int(timestamp)) > TOLERANCE_SECONDS:
            inbox.too_old += 1
            return json_response({"error": "timestamp"}, 400)
        if message_id in inbox.known:
            inbox.doubles += 1
            return json_response({"received": True, "known": True})
        body = json.loads(request.body)
        if body.get("id") != message_id:
            return json_response({"error": "id"}, 400)
        inbox.known.add(message_id)
        inbox.messages.append(body)
        return json_response({"received": True})


def is_signed(
    secrets: list[str], message_id: str, timestamp: str, signatures: str, body: bytes
) -> bool:
    """Whether one of the signatures was made with one of the secrets."""
    if not timestamp.isdigit():
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    given = [part.removeprefix("v1,") for part in signatures.split() if part.startswith("v1,")]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(right, one) for one in given):
            return True
    return False
