"""Keeping to a rate limit, from several threads."""

from __future__ import annotations

import threading
import time


class Pace:
    """Lets through at most so many calls a second; 0 is no limit."""

    def __init__(self, calls_per_second: float) -> None:
        self._gap = 1.0 / calls_per_second if calls_per_second > 0 else 0.0
        self._lock = threading.Lock()
        self._free_at = 0.0

    def wait(self) -> None:
        """Return when this caller's turn has come."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free_at)
            self._free_at = turn + self._gap
        if turn > now:
            time.sleep(turn - now)

    def freeze(self, seconds: float) -> None:
        """Nobody is let through for so long: the channel told one of us to wait."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic() + seconds)
