"""Asking an outside system for something that must not happen twice.

`plan` stores our own number before the first call. `settle` stores the answer. Between the two
the outcome may be unknown; then the caller asks the system about the number and never takes a
new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from ordercenter.core.models.guards import Intent


def plan(kind: str, number: str, request: Mapping[str, Any]) -> Intent:
    """The intent of this number: a new one, or the one that was planned before, unchanged."""
    intent, _created = Intent.objects.get_or_create(
        kind=kind, number=number, defaults={"request": dict(request)}
    )
    return intent


def count_attempt(intent: Intent) -> None:
    """Note, before the call goes out, that from now on the outcome may be unknown."""
    intent.state = Intent.State.UNKNOWN
    intent.attempts += 1
    intent.save(update_fields=["state", "attempts"])


def settle(intent: Intent, state: Intent.State, answer: Mapping[str, Any]) -> None:
    """Store how it ended; a settled intent is never sent again."""
    intent.state = state
    intent.answer = dict(answer)
    intent.settled_at = timezone.now()
    intent.save(update_fields=["state", "answer", "settled_at"])
