"""Waiting: for news from the database, for a database that is away, between two attempts."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection

log = structlog.get_logger(__name__)

TROUBLE_SECONDS = 1.0


class Listener:
    """Hears one channel of NOTIFY on the thread's own database link."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._link: object = None

    def listen(self) -> None:
        """Let the present link listen; trouble may have cost us the one that did."""
        if self._link is None or connection.connection is not self._link:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {self._channel}")
            self._link = connection.connection

    def wait(self, seconds: float) -> None:
        """Return when a notification has come or the time is over; raises when the link is gone.

        One that came along with the answer to a query counts: the driver has kept it.
        """
        driver = connection.connection
        if driver is None:
            raise OperationalError("the database link is closed")
        try:
            for _notice in driver.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.Error as error:
            raise OperationalError("the database link is gone") from error


def through_restarts(work: Callable[[], None], stop: threading.Event, **about: str) -> None:
    """Work until `stop` is set; a lost database is waited for. `about` names the worker in logs."""
    while not stop.is_set():
        try:
            work()
        except (OperationalError, InterfaceError, OSError) as error:
            log.warning("lost_database", error=str(error), **about)
            connection.close()
            stop.wait(TROUBLE_SECONDS)


def back_off(attempts: int, *, first: float, most: float) -> float:
    """Seconds to wait after so many attempts: twice as long each time, never in step with others.

    Between 0.7 and 1.3 times of the smaller of `most` and `first` × 2^attempts.
    """
    return min(most, first * 2.0 ** min(attempts, 60)) * random.uniform(0.7, 1.3)
