"""The bell's address: polled every ten seconds, cheap when nothing is new.

It reads the session and never writes it, so a page left open does not keep anybody signed in.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.messaging.notices import as_json, mark_read, unread_for
from ordercenter.core.models import User
from ordercenter.core.pages import unless_same

# More marks than a bell can show are no honest request.
MOST_MARKED = 1_000


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The unread notices of who asks, 304 while they are the same, 403 without a staff login."""
    user = _staff(request)
    if user is None:
        return _refusal()
    unread = unread_for(user)
    return unless_same(
        request,
        unread.mark,
        lambda: JsonResponse(
            {
                "count": unread.count,
                "label": unread.label,
                "notices": [as_json(notice) for notice in unread.latest],
            }
        ),
    )


@require_POST
def mark_notices_read(request: HttpRequest) -> HttpResponse:
    """Take `{"seen": {"<id>": <count>}}` or `{"all": true}`; answers how many were marked."""
    user = _staff(request)
    if user is None:
        return _refusal()
    try:
        seen = _read_marks(request.body)
    except (ValueError, RecursionError):
        return JsonResponse({"code": "bad_input", "detail": _("Not understood.")}, status=422)
    return JsonResponse({"marked": mark_read(user, seen)})


def _staff(request: HttpRequest) -> User | None:
    user = request.user
    return user if isinstance(user, User) and user.is_active and user.is_staff else None


def _refusal() -> JsonResponse:
    return JsonResponse({"code": "forbidden", "detail": _("Sign in first.")}, status=403)


def _read_marks(body: bytes) -> dict[int, int] | None:
    """The marks, None for all. Raises `ValueError` for anything else."""
    given: Any = json.loads(body)
    if not isinstance(given, dict):
        raise ValueError("not an object")
    if given.get("all") is True:
        return None
    seen = given.get("seen")
    if not isinstance(seen, dict) or len(seen) > MOST_MARKED:
        raise ValueError("no marks")
    return {_whole(key): _whole(value) for key, value in seen.items()}


def _whole(value: Any) -> int:
    """A number that the database can hold as well."""
    number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else -1
    if not 0 <= number < 2**63:
        raise ValueError("no such number")
    return number
