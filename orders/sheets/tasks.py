"""What the workers run for sheets. Each takes the id of a run and can be started twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone, translation

from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError
from ordercenter.core.models import User
from ordercenter.core.tasks import remove_in_batches
from orders.sheets import runs
from orders.sheets.exporting import chosen_ids
from orders.sheets.models import SheetCell, SheetRun
from orders.sheets.selection import orders_of_list

KEEP_FILES = timedelta(days=30)
KEEP_RUNS = timedelta(days=365)


def export(run_id: int) -> str:
    """Write the file of a waiting export; the state of the run afterwards."""
    run, actor = _person_and_run(run_id)
    with translation.override(settings.LANGUAGE_CODE):
        try:
            ids = chosen_ids(orders_of_list(run.query, _user_of(run)))
        except DomainError as refusal:
            SheetRun.objects.filter(pk=run.pk).update(
                state=SheetRun.State.FAILED, problem=str(refusal), problem_code=refusal.code
            )
            return SheetRun.State.FAILED
        actor.require(runs.VIEW_ORDER)
        return _state_after(lambda: runs.export_orders(run, ids), run)


def look_through(run_id: int) -> str:
    """Compare a waiting workbook and change nothing; the state of the run afterwards."""
    return _sync(run_id, is_dry=True)


def apply(run_id: int) -> str:
    """Apply a workbook that was looked through; the state of the run afterwards."""
    return _sync(run_id, is_dry=False)


def _sync(run_id: int, *, is_dry: bool) -> str:
    run, actor = _person_and_run(run_id)
    with translation.override(settings.LANGUAGE_CODE):
        return _state_after(lambda: runs.sync_orders(run, actor=actor, is_dry=is_dry), run)


def _state_after(work: Callable[[], object], run: SheetRun) -> str:
    """Do it; a refusal stands on the run and is no failure of the worker."""
    try:
        work()
    except DomainError:
        run.refresh_from_db()
    return str(run.state)


def _person_and_run(run_id: int) -> tuple[SheetRun, Actor]:
    run = SheetRun.objects.select_related("user").get(pk=run_id)
    return run, Actor.person(_user_of(run), via="sheet")


def _user_of(run: SheetRun) -> User:
    assert run.user is not None, "only people's runs are carried out by workers"
    return run.user


def fail_lost_runs() -> int:
    """Runs that a killed worker has left are over, and tell their owner; how many."""
    with translation.override(settings.LANGUAGE_CODE):
        return runs.fail_lost_runs()


def purge_old() -> int:
    """Remove files after a month (they hold personal data) and runs after a year."""
    total = 0
    old = SheetRun.objects.filter(created_at__lt=timezone.now() - KEEP_FILES).exclude(file="")
    for run in old.iterator():
        run.file.delete(save=False)
        SheetRun.objects.filter(pk=run.pk).update(file="")
        total += 1
    expired = SheetRun.objects.filter(created_at__lt=timezone.now() - KEEP_RUNS)
    total += remove_in_batches(SheetCell.objects.filter(run__in=expired))
    return total + remove_in_batches(expired)
