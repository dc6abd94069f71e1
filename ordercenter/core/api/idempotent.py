"""Requests that may be sent again: one effect, and the first answer for every repeat."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from ordercenter.core import idempotency
from ordercenter.core.actor import Actor
from ordercenter.core.api.views import actor_of
from ordercenter.core.errors import DomainError

_KEY = re.compile(r"[\x21-\x7e]{1,120}")

Work = Callable[[], dict[str, Any]]
Answer = Callable[[int, dict[str, Any]], Response]


class KeyMissing(DomainError):
    """A program asks for an effect and could not ask again safely."""

    code = "idempotency_key_required"
    status = 400
    title = _("Send an Idempotency-Key, a text of your own for this request.")


class KeyUnreadable(DomainError):
    """An idempotency key that can't be kept."""

    code = "idempotency_key_unreadable"
    status = 400
    title = _("An Idempotency-Key has 1 to 120 visible ASCII characters.")


def key_of(request: Request, *, required: bool) -> str:
    """The request's idempotency key, empty without one. Raises `KeyMissing`, `KeyUnreadable`."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        if required:
            raise KeyMissing
        return ""
    if not _KEY.fullmatch(key):
        raise KeyUnreadable
    return key


def once(
    request: Request, key: str, data: Any, work: Work, *, status: int, answer: Answer
) -> Response:
    """Do the work in one transaction and keep its answer, or give the answer of the first time.

    `work` returns the body, `answer` makes the response of a status and a body. Whatever `work`
    raises leaves nothing behind, so the same key may be used again. Raises `TwinRunning` and
    `KeyReused`.
    """
    with transaction.atomic():
        if not key:
            return answer(status, work())
        credential = credential_of(actor_of(request))
        mark = idempotency.fingerprint(request.method, request.path, data)
        stored = idempotency.claim(credential, key, mark)
        if stored is None:
            body = work()
            idempotency.store(credential, key, mark, status=status, body=body)
            return answer(status, body)
    response = answer(stored.status, stored.body)
    response["Idempotency-Replayed"] = "true"
    return response


def credential_of(actor: Actor) -> str:
    """Whose keys they are: a partner's stay the same when its API key is replaced."""
    return f"{actor.kind}:{actor.id}"
