"""What the pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest

from ordercenter.core.actor import Actor

View = Callable[..., Any]

# These pages run no inline script or style at all, so they are held tighter than the admin.
own_files_only = cast(
    Callable[[View], View],
    csp_replace(
        {
            "default-src": [NONE],
            "script-src": [SELF],
            "style-src": [SELF],
            "img-src": [SELF, "data:"],
            "connect-src": [SELF],
            "form-action": [SELF],
            "base-uri": [NONE],
            "frame-ancestors": [SELF],
        }
    ),
)


def staff(request: HttpRequest) -> Actor:
    """The member of staff who is signed in."""
    return Actor.person(
        request.user,  # type: ignore[arg-type]
        via="admin",
        ip=client_ip(request),
        device=request.headers.get("User-Agent", ""),
    )


def client_ip(request: HttpRequest) -> str:
    """Who asks. Behind our own proxy it is what the proxy says last; no earlier hop is believed."""
    address = request.META.get("REMOTE_ADDR") or "0.0.0.0"
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return address
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    return hops[-1].strip() or address
