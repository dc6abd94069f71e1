"""The simulators' idea of now: Shanghai time, movable, so that records can be replayed."""

import time
from datetime import datetime, timedelta, timezone
from functools import lru_cache

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
TEXT_FORMAT = "%Y-%m-%d %H:%M:%S"


@lru_cache(maxsize=4096)
def parse_time(text: str) -> float:
    """``yyyy-MM-dd HH:mm:ss`` in Shanghai as Unix seconds; ``ValueError`` for any other form."""
    if len(text) != 19:
        raise ValueError(f"not yyyy-MM-dd HH:mm:ss: {text!r}")
    return datetime.strptime(text, TEXT_FORMAT).replace(tzinfo=SHANGHAI).timestamp()


def format_time(epoch: float) -> str:
    """Unix seconds as ``yyyy-MM-dd HH:mm:ss`` in Shanghai."""
    return datetime.fromtimestamp(epoch, SHANGHAI).strftime(TEXT_FORMAT)


class Clock:
    """Real time plus an offset, or a moment that stands still."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._frozen: float | None = None

    def epoch(self) -> float:
        """Now, in Unix seconds."""
        return time.time() + self._offset if self._frozen is None else self._frozen

    def text(self) -> str:
        """Now, as the systems write it."""
        return format_time(self.epoch())

    def move_to(self, text: str, *, frozen: bool = False) -> None:
        """Make it ``text`` o'clock; running on from there unless ``frozen``."""
        moment = parse_time(text)
        self._frozen = moment if frozen else None
        self._offset = moment - time.time()

    def back_to_real_time(self) -> None:
        """Show real time again."""
        self._offset, self._frozen = 0.0, None
