"""What happens by the clock is what the code declares."""

import inspect
from datetime import datetime, timedelta
from pkgutil import resolve_name

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from ordercenter.console import schedules
from ordercenter.console.kicks import KICKS
from ordercenter.core.errors import NotFound
from ordercenter.core.moments import SHANGHAI

pytestmark = pytest.mark.django_db


def table() -> list[tuple[object, ...]]:
    return list(
        Schedule.objects.order_by("name").values_list(
            "name", "func", "schedule_type", "minutes", "args", "kwargs", "next_run", "repeats"
        )
    )


@pytest.mark.parametrize("func", [plan.func for plan in schedules.PLANS])
def test_every_planned_task_exists_and_takes_nothing(func):
    assert inspect.signature(resolve_name(func)).parameters == {}


def test_every_kick_is_also_planned_by_the_clock():
    assert {kick.func for kick in KICKS} <= {plan.func for plan in schedules.PLANS}


def test_a_migration_writes_them():
    Schedule.objects.all().delete()

    call_command("migrate", verbosity=0)

    assert {row[0] for row in table()} == {plan.name for plan in schedules.PLANS}
    assert all(row[4:6] == (None, None) for row in table())


def test_writing_them_again_changes_nothing():
    schedules.sync_schedules()
    before = table()

    schedules.sync_schedules()

    assert table() == before


def test_a_pause_survives_a_migration_and_ends_when_resumed():
    schedules.pause("oc.pull_due")
    schedules.sync_schedules()
    paused = Schedule.objects.get(name="oc.pull_due")
    schedules.resume("oc.pull_due")

    assert schedules.is_paused(paused)
    assert not schedules.is_paused(Schedule.objects.get(name="oc.pull_due"))


def test_what_somebody_broke_is_mended():
    Schedule.objects.filter(name="oc.beat").update(func="os.abort", args="((", minutes=999)

    schedules.sync_schedules()

    row = Schedule.objects.get(name="oc.beat")
    assert (row.func, row.args, row.minutes) == ("ordercenter.core.tasks.beat", None, 1)


def test_what_is_no_longer_planned_goes_and_what_is_not_ours_stays():
    Schedule.objects.create(name="oc.of_yesterday", func="x.y")
    Schedule.objects.create(name="somebody's own", func="x.y")
    twin = Schedule.objects.create(name="oc.beat", func="x.y")

    schedules.sync_schedules()

    names = [row[0] for row in table()]
    assert "oc.of_yesterday" not in names
    assert "somebody's own" in names
    assert names.count("oc.beat") == 1
    assert not Schedule.objects.filter(pk=twin.pk).exists()


def test_two_migrations_at_once_write_each_once(race):
    Schedule.objects.all().delete()

    outcomes = race(*[schedules.sync_schedules] * 3)

    assert outcomes == [None] * 3
    assert len(table()) == len(schedules.PLANS)


@pytest.mark.parametrize(
    ("clock", "day"), [((3, 0), 22), ((3, 29), 22), ((3, 30), 23), ((12, 0), 23)]
)
def test_a_daily_task_first_runs_at_its_next_time_of_day(monkeypatch, clock, day):
    present = datetime(2026, 11, 22, *clock, tzinfo=SHANGHAI)
    monkeypatch.setattr(schedules.timezone, "now", lambda: present)
    plan = next(plan for plan in schedules.PLANS if plan.name == "oc.purge_core")

    assert plan.first_run() == datetime(2026, 11, day, 3, 30, tzinfo=SHANGHAI)


def test_a_schedule_can_be_run_now_even_when_paused():
    schedules.pause("oc.verify_laws")

    schedules.run_now("oc.verify_laws")

    assert OrmQ.objects.get().task["func"] == "ordercenter.core.tasks.verify_laws"
    assert OrmQ.objects.get().lock <= timezone.now() + timedelta(seconds=1)


@pytest.mark.parametrize("act", [schedules.pause, schedules.resume, schedules.run_now])
def test_there_is_no_such_schedule(act):
    with pytest.raises(NotFound):
        act("oc.nothing")
