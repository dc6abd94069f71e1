"""Who asks: the person behind a request, from where, with what."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from ordercenter.core.actor import Actor
from ordercenter.core.models import User


def user_of(request: HttpRequest) -> User:
    """The member of staff behind a request that only gets here signed in."""
    user: User = request.user  # type: ignore[assignment]
    return user


def may(request: HttpRequest, permission: str) -> bool:
    """True when who asks holds `app.codename`; nobody does without being signed in."""
    user: Any = request.user
    return bool(user.has_perm(permission))


def person_of(request: HttpRequest, *, via: str) -> Actor:
    """The signed-in member of staff as who acts, by this door."""
    return Actor.person(
        user_of(request), via=via, ip=address_of(request), device=device_of(request)
    )


def address_of(request: HttpRequest) -> str | None:
    """Where the request comes from. Behind our own proxy it is what the proxy says last; no
    earlier hop is believed."""
    address = request.META.get("REMOTE_ADDR") or None
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return address
    last = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return address


def device_of(request: HttpRequest) -> str:
    """The caller's program as it calls itself, in characters that can be stored."""
    name = request.headers.get("User-Agent", "")
    return name if name.isprintable() else "".join(filter(str.isprintable, name))
