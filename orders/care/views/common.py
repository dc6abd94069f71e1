"""What the pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.http import HttpRequest

from ordercenter.core.actor import Actor
from ordercenter.core.visitors import address_of, person_of

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
    return person_of(request, via="admin")


def client_ip(request: HttpRequest) -> str:
    """Where the request comes from, for counting tries: unknown places are one place."""
    return address_of(request) or "0.0.0.0"
