"""What time it is, for every rule that asks.

All code asks `now()` instead of the system clock, so that a demo world or a test can tell a
story that began thirty days ago by the same actions that staff use today.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

SHANGHAI = ZoneInfo("Asia/Shanghai")

_pretended: ContextVar[datetime | None] = ContextVar("pretended_moment", default=None)


def now() -> datetime:
    """The present moment, aware; the pretended one inside `pretend()`."""
    return _pretended.get() or timezone.now()


@contextmanager
def pretend(moment: datetime) -> Iterator[None]:
    """Within the block, in this thread, `now()` answers `moment`."""
    if timezone.is_naive(moment):
        raise ValueError("a moment needs a time zone")
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)
