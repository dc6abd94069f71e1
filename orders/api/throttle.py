"""So many requests a minute for each key, counted by the database for all processes together.

A process takes permits in blocks, so a busy key costs one statement for many requests. Never are
more requests let through than the limit; permits that lie in another process when the minute
ends early for a key are lost, a few per cent of the limit. The counter's table is unlogged: a
count that a crash forgets does no harm, and it costs no flush.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from orders.api.auth import KnownKey

if TYPE_CHECKING:
    # The settings name this module, and DRF's views read the settings.
    from rest_framework.views import APIView

MINUTE = 60
_BLOCKS_IN_LIMIT = 60

_TAKE = """
INSERT INTO orders_apiuse AS u (key_id, minute, taken) VALUES (%s, %s, %s)
ON CONFLICT (key_id) DO UPDATE
   SET taken = excluded.taken
             + CASE WHEN u.minute >= excluded.minute THEN u.taken ELSE 0 END,
       minute = greatest(u.minute, excluded.minute)
RETURNING taken
"""


@dataclass(slots=True)
class _Permits:
    minute: int
    left: int


_permits: dict[int, _Permits] = {}
_lock = threading.Lock()


def forget_permits() -> None:
    """Ask the database at the next request (between tests)."""
    with _lock:
        _permits.clear()


class KeyThrottle(BaseThrottle):
    """At most `API_REQUESTS_PER_MINUTE` requests a minute for each key; 0 means no limit."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = request.user
        limit = settings.API_REQUESTS_PER_MINUTE
        if not limit or not isinstance(key, KnownKey):
            return True
        minute = int(time.time()) // MINUTE
        return _use_one(key.id, minute) or _take_block(key.id, minute, limit)

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE + 1


def _use_one(key_id: int, minute: int) -> bool:
    """Use a permit of this process, if it has one for this minute."""
    with _lock:
        permits = _permits.get(key_id)
        if permits is None or permits.minute != minute or permits.left < 1:
            return False
        permits.left -= 1
        return True


def _take_block(key_id: int, minute: int, limit: int) -> bool:
    """Take a block of permits from the database and use one of them."""
    block = max(1, limit // _BLOCKS_IN_LIMIT)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key_id, minute, block])
        taken = cursor.fetchone()[0]
    granted = block - max(0, taken - limit)
    if granted < 1:
        return False
    with _lock:
        permits = _permits.get(key_id)
        if permits is None or permits.minute != minute:
            _permits[key_id] = _Permits(minute, granted - 1)
        else:
            permits.left += granted - 1
    return True
