"""Looking every few seconds whether something is due, and starting its task at once.

q2's scheduler looks only every half minute, so a schedule of one minute may come ninety seconds
late. The relay calls `kick_what_is_due` about every ten seconds; together they keep the promise
that nothing overdue goes unnoticed for a minute. The rule what is due stays with its room.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django_q.models import Task
from django_q.tasks import async_task

from integrations.messaging.mail import has_mail_to_send
from integrations.messaging.robots import has_something_to_say
from integrations.models import InboundCall
from inventory.models import Reservation
from ordercenter.core import moments
from ordercenter.core.models import Timer

# A task that was started and has not ended is not started again for so long.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Kick:
    """A task and the question whether there is work for it now; one indexed query."""

    func: str
    is_due: Callable[[], bool]


def _is_clock_due() -> bool:
    return Timer.objects.filter(
        next_at__lte=moments.now(), stopped_at__isnull=True, paused_at__isnull=True
    ).exists()


def _is_hold_over() -> bool:
    return Reservation.objects.filter(
        state=Reservation.State.HELD, expires_at__lte=moments.now()
    ).exists()


def _is_call_waiting() -> bool:
    return InboundCall.objects.filter(
        state=InboundCall.State.NEW, not_before__lte=moments.now()
    ).exists()


KICKS = (
    Kick("ordercenter.core.tasks.sweep_clocks", _is_clock_due),
    Kick("orders.tasks.release_expired_holds", _is_hold_over),
    Kick("integrations.tracking.tasks.process_inbound", _is_call_waiting),
    Kick("integrations.messaging.tasks.send_robot_messages", has_something_to_say),
    Kick("integrations.messaging.tasks.send_mails", has_mail_to_send),
)

_started: dict[str, tuple[str, float]] = {}


def kick_what_is_due() -> list[str]:
    """Start the tasks there is work for; those that were started."""
    due = [kick.func for kick in KICKS if not _is_running(kick.func) and kick.is_due()]
    for func in due:
        _started[func] = (str(async_task(func, group="kick")), time.monotonic())
    return due


def _is_running(func: str) -> bool:
    """Whether the last kick's task has not ended yet, as far as patience goes."""
    task, at = _started.get(func, ("", 0.0))
    if not task or time.monotonic() - at > PATIENCE_SECONDS:
        return False
    return not Task.objects.filter(pk=task).exists()
