"""Signs of life of processes that must not fall silent."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ordercenter.core.models.guards import Heartbeat

WORKER = "worker"


def beat(name: str = WORKER) -> None:
    """This process lives; run as a task, so that a stuck worker pool shows."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def age(name: str = WORKER) -> timedelta | None:
    """How long ago the last sign of life came, None when there never was one."""
    last = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return None if last is None else timezone.now() - last
