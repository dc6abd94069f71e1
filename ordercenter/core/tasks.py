"""What the workers run for the ground floor. Thin: each can run twice, at once or again."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import structlog
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Failure, Success

from ordercenter.core import clocks, heartbeat, invariants, outbox
from ordercenter.core.models import Delivery, LawRun

log = structlog.get_logger(__name__)

# The relay delivers; this is the net below it.
RELAY_IS_LATE = timedelta(seconds=15)
DRAIN_SECONDS = 40.0
KEEP_DELIVERIES = timedelta(days=30)
KEEP_RUNS = timedelta(days=90)
PURGE_BATCH = 5_000


def beat() -> None:
    """The worker pool lives: a task has run."""
    heartbeat.beat()


def sweep_clocks() -> int:
    """Tell every level whose moment has come; how many were told."""
    total = 0
    while told := clocks.sweep():
        total += told
    return total


def verify_laws() -> int:
    """Check every law and store what was found; how many are broken."""
    broken = [run for run in invariants.verify() if run.violations]
    for run in broken:
        log.error("law_broken", law=run.law, violations=run.violations, first=run.first)
    return len(broken)


def drain_outbox() -> int:
    """Deliver what no relay has fetched for a while; how many deliveries were worked on."""
    stop_at = time.monotonic() + DRAIN_SECONDS
    total = 0
    for lane in outbox.LANES:
        while time.monotonic() < stop_at and _is_relay_late(lane) and (done := outbox.drain(lane)):
            total += done
    return total


def _is_relay_late(lane: str) -> bool:
    return Delivery.objects.filter(
        state=Delivery.State.PENDING, lane=lane, not_before__lt=timezone.now() - RELAY_IS_LATE
    ).exists()


def purge_old() -> int:
    """Remove what nobody asks for any more: done deliveries, old runs of tasks and laws.

    Events, dead letters and failures of the last three months stay. Returns the rows removed.
    """
    done = Delivery.objects.filter(
        state=Delivery.State.DONE, finished_at__lt=timezone.now() - KEEP_DELIVERIES
    )
    runs_before = timezone.now() - KEEP_RUNS
    return (
        remove_in_batches(done)
        + remove_in_batches(LawRun.objects.filter(at__lt=runs_before))
        + remove_in_batches(Success.objects.filter(stopped__lt=runs_before))
        + remove_in_batches(Failure.objects.filter(stopped__lt=runs_before))
    )


def remove_in_batches(rows: QuerySet[Any]) -> int:
    """Delete rows a few thousand at a time, so that no lock is held for long; how many."""
    total = 0
    while keys := list(rows.values_list("pk", flat=True)[:PURGE_BATCH]):
        total += rows.model._default_manager.filter(pk__in=keys).delete()[0]
    return total
