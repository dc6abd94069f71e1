"""Two relays and two clusters on one database, as real processes."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.utils import timezone
from django_q.tasks import async_task

from integrations.models import Notice
from ordercenter.core import heartbeat
from ordercenter.core.models import Escalation, Event, Timer
from ordercenter.engine.paths import PROJECT_ROOT
from tests.factories import OrderFactory

ORDERS = 20
UNNOTICED_SECONDS = 60.0


def environment() -> dict[str, str]:
    """This process's own, with the address of the test's database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path="/" + connection.settings_dict["NAME"]))
    return os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}


@contextmanager
def running(*names: str) -> Iterator[None]:
    """`manage.py <name>` for each name; all have ended afterwards."""
    processes = [
        subprocess.Popen(
            [sys.executable, "manage.py", name],
            cwd=PROJECT_ROOT,
            env=environment() | {"PYTHONPATH": str(PROJECT_ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name in names
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def seconds_until(is_so, limit: float) -> float:
    begun = time.monotonic()
    while not is_so() and time.monotonic() - begun < limit:
        time.sleep(0.2)
    return time.monotonic() - begun


def told() -> int:
    return sum(Notice.objects.filter(kind="clock.reminder").values_list("count", flat=True))


@pytest.mark.processes
def test_overdue_stages_are_told_once_and_within_a_minute(committed_db):
    orders = [OrderFactory() for _ in range(ORDERS)]
    with running("relay", "relay", "qcluster", "qcluster"):
        # A relay is up when the news of the orders is out, a cluster when it has given a beat.
        async_task("ordercenter.core.tasks.beat")
        seconds_until(lambda: Notice.objects.filter(kind="order.new").exists(), 120)
        seconds_until(lambda: heartbeat.age() is not None, 120)
        assert told() == 0
        now = timezone.now()
        Timer.objects.update(due_at=now, next_at=now)
        waited = seconds_until(lambda: told() >= ORDERS, UNNOTICED_SECONDS)
        for _ in range(8):
            async_task("ordercenter.core.tasks.sweep_clocks")
        time.sleep(3)

    assert waited < UNNOTICED_SECONDS, f"{told()} of {ORDERS} after {waited:.0f} s"
    events = Event.objects.filter(kind="clock.reminder").values_list("stream", flat=True)
    assert Counter(events) == {order.stream: 1 for order in orders}
    assert Escalation.objects.count() == told() == ORDERS
    print(f"overdue to told: {waited:.1f} s")
