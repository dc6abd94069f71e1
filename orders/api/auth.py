"""Who asks: a partner's program with its key, or a member of staff with their session."""

from __future__ import annotations

import hmac
import re
import time
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from ordercenter.core.actor import Actor
from ordercenter.core.models import User
from ordercenter.core.visitors import address_of, device_of
from orders.actions.keys import digest_of
from orders.models import ApiKey

CACHE_SECONDS = 10.0

_BEARER = re.compile(r"Bearer +([0-9A-Za-z]{6,16})\.([0-9A-Za-z_-]{20,100})")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A valid key, as it was read at most ten seconds ago. It is the request's `user`."""

    id: int
    digest: str
    partner_id: int
    label: str
    permissions: frozenset[str]
    shops: frozenset[int]

    is_authenticated = True


_known: dict[str, tuple[float, KnownKey]] = {}


def forget_keys() -> None:
    """Read every key again at the next request (between tests)."""
    _known.clear()


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key id>.<secret>`."""

    def authenticate(self, request: Request) -> tuple[KnownKey, Actor] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        match = _BEARER.fullmatch(header)
        key = _find(match[1]) if match else None
        if match is None or key is None:
            raise AuthenticationFailed
        if not hmac.compare_digest(digest_of(match[2]), key.digest):
            raise AuthenticationFailed
        actor = Actor.partner(
            key.partner_id,
            key.label,
            permissions=key.permissions,
            shops=key.shops,
            ip=address_of(request),
            device=device_of(request),
        )
        return key, actor

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class StaffSessionAuthentication(SessionAuthentication):
    """The session of somebody signed in to the admin; changes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        found = super().authenticate(request)
        if found is None or not found[0].is_staff:
            return None
        user = found[0]
        actor = Actor.person(user, via="api", ip=address_of(request), device=device_of(request))
        return user, actor


def _find(prefix: str) -> KnownKey | None:
    """The valid key with this id, read at most every ten seconds."""
    found = _known.get(prefix)
    if found is not None and time.monotonic() - found[0] < CACHE_SECONDS:
        return found[1]
    _known.pop(prefix, None)
    row = (
        ApiKey.objects.filter(prefix=prefix, revoked_at__isnull=True, partner__is_active=True)
        .annotate(partner_name=F("partner__name"), shop_ids=ArrayAgg("partner__shops"))
        .first()
    )
    if row is None:
        return None
    key = KnownKey(
        id=row.pk,
        digest=row.digest,
        partner_id=row.partner_id,
        label=row.partner_name,
        permissions=frozenset(row.scopes),
        shops=frozenset(shop for shop in row.shop_ids if shop is not None),
    )
    _known[prefix] = (time.monotonic(), key)
    return key
