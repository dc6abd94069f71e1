"""`manage.py relay`: deliver the outbox until told to stop."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand

from ordercenter.core import outbox


class Command(BaseCommand):
    help = "Delivers events to their handlers, one thread per lane, until told to stop."
    # A page that does not load must not stop deliveries; `manage.py check` looks at pages.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        asked: list[int] = []
        # The handler only notes the wish: an Event's lock may be held where the signal strikes.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: asked.append(received))
        lanes = [
            threading.Thread(target=outbox.relay, args=(lane, stop), name=lane, daemon=True)
            for lane in outbox.LANES
        ]
        lanes += [
            threading.Thread(target=run, args=(stop,), name=run.__name__, daemon=True)
            for run in outbox.companions()
        ]
        for lane in lanes:
            lane.start()
        while not asked:
            time.sleep(0.25)
            if not all(lane.is_alive() for lane in lanes):
                raise SystemExit("a lane of the relay has died; the supervisor starts it again")
        stop.set()
        for lane in lanes:
            lane.join(timeout=10)
