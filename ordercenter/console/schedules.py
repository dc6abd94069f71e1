"""Everything that happens by the clock, declared in code and written into q2's table.

Staff can pause a schedule and run one now; what it runs and how often is decided here. No row
carries arguments: one broken argument would stop q2's whole scheduler.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from ordercenter.core.errors import NotFound
from ordercenter.core.moments import SHANGHAI

# Rows whose names begin so are ours; all others in q2's table are left alone.
OURS = "oc."


@dataclass(frozen=True, slots=True)
class Plan:
    """A task that runs every `minutes`, or once a day at a time of day in Shanghai."""

    name: str
    func: str
    minutes: int = 0
    daily_at: time | None = None

    def as_columns(self) -> dict[str, Any]:
        """What code decides; pause and next run are not among it."""
        return {
            "func": self.func,
            "schedule_type": Schedule.DAILY if self.daily_at else Schedule.MINUTES,
            "minutes": self.minutes or None,
            "args": None,
            "kwargs": None,
            "hook": None,
            "cluster": None,
        }

    def first_run(self) -> datetime:
        """At once, or at the next such time of day."""
        present = timezone.now()
        if self.daily_at is None:
            return present
        today = datetime.combine(present.astimezone(SHANGHAI).date(), self.daily_at, SHANGHAI)
        return today if today > present else today + timedelta(days=1)


PLANS = (
    Plan("oc.beat", "ordercenter.core.tasks.beat", 1),
    Plan("oc.sweep_clocks", "ordercenter.core.tasks.sweep_clocks", 1),
    Plan("oc.drain_outbox", "ordercenter.core.tasks.drain_outbox", 1),
    Plan("oc.release_expired_holds", "orders.tasks.release_expired_holds", 1),
    Plan("oc.report_low_stock", "inventory.tasks.report_low_stock", 5),
    Plan("oc.pull_due", "integrations.tasks.pull_due", 1),
    Plan("oc.process_new_raws", "integrations.tasks.process_new_raws", 1),
    Plan("oc.process_inbound", "integrations.tracking.tasks.process_inbound", 1),
    Plan("oc.check_refunds", "integrations.payments.tasks.check_refunds", 1),
    Plan("oc.poll_tracking", "integrations.tracking.tasks.poll_tracking", 10),
    Plan("oc.send_robot_messages", "integrations.messaging.tasks.send_robot_messages", 1),
    Plan("oc.send_mails", "integrations.messaging.tasks.send_mails", 1),
    Plan("oc.check_erp", "integrations.erp.tasks.check_yesterday", 15),
    Plan("oc.escalate_urgent", "orders.care.tasks.escalate_urgent", 1),
    Plan("oc.fail_lost_sheets", "orders.sheets.tasks.fail_lost_runs", 5),
    Plan("oc.keep_numbers", "orders.insight.tasks.keep_numbers", 1),
    Plan("oc.verify_laws", "ordercenter.core.tasks.verify_laws", 60),
    Plan("oc.hold_expired", "inventory.tasks.hold_expired_batches", daily_at=time(0, 5)),
    Plan("oc.make_daily_sheets", "orders.finance.tasks.make_daily_sheets", daily_at=time(0, 40)),
    Plan("oc.purge_core", "ordercenter.core.tasks.purge_old", daily_at=time(3, 30)),
    Plan("oc.purge_attempts", "orders.care.tasks.purge_attempts", daily_at=time(3, 35)),
    Plan("oc.purge_notices", "integrations.messaging.tasks.purge_old", daily_at=time(3, 40)),
    Plan("oc.purge_nonces", "integrations.payments.tasks.purge_old", 60),
    Plan("oc.purge_sheets", "orders.sheets.tasks.purge_old", daily_at=time(3, 45)),
    Plan("oc.purge_webhooks", "integrations.partners.tasks.purge_old", daily_at=time(3, 55)),
    Plan("oc.purge_daily_sheets", "orders.finance.tasks.purge_sheets", daily_at=time(4, 0)),
    Plan("oc.purge_inbound", "integrations.tracking.tasks.purge_old", daily_at=time(3, 50)),
)

_SYNC_LOCK = 0x0C5C4ED


@transaction.atomic
def sync_schedules() -> None:
    """Make q2's table agree with `PLANS`; a paused schedule stays paused.

    Schedules of ours that are no longer planned are gone afterwards, others are untouched. Two
    runs at once wait for each other, because q2's names are not unique.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SYNC_LOCK])
    ours = Schedule.objects.filter(name__startswith=OURS)
    ours.exclude(name__in=[plan.name for plan in PLANS]).delete()
    for plan in PLANS:
        _sync(plan)


def _sync(plan: Plan) -> None:
    rows = list(Schedule.objects.select_for_update().filter(name=plan.name).order_by("pk"))
    if not rows:
        Schedule.objects.create(name=plan.name, next_run=plan.first_run(), **plan.as_columns())
        return
    kept, *twins = rows
    columns = plan.as_columns()
    if any(getattr(kept, name) != value for name, value in columns.items()):
        Schedule.objects.filter(pk=kept.pk).update(next_run=plan.first_run(), **columns)
    Schedule.objects.filter(pk__in=[twin.pk for twin in twins]).delete()


def pause(name: str) -> None:
    """The schedule does not run until it is resumed; q2 skips rows without repeats."""
    _change(name, repeats=0)


def resume(name: str) -> None:
    """The schedule runs again, beginning now."""
    _change(name, repeats=-1, next_run=timezone.now())


def is_paused(schedule: Schedule) -> bool:
    """Whether somebody has paused it."""
    return bool(schedule.repeats == 0)


def run_now(name: str) -> str:
    """Let the workers run it once, whether it is paused or not; the task's id."""
    schedule = Schedule.objects.filter(name=name).first()
    if schedule is None:
        raise NotFound(schedule=name)
    return str(async_task(schedule.func, group=name))


def _change(name: str, **columns: Any) -> None:
    if not Schedule.objects.filter(name=name).update(**columns):
        raise NotFound(schedule=name)
