"""What is due is started within seconds, once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task

from integrations.messaging.notices import notify
from integrations.models import InboundCall, Robot
from inventory.models import Reservation
from ordercenter.console import kicks
from ordercenter.core import moments
from ordercenter.core.models import Timer
from tests.factories import OrderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_started(monkeypatch):
    monkeypatch.setattr(kicks, "_started", {})


def queued() -> list[str]:
    return sorted(row.task["func"] for row in OrmQ.objects.all())


def make_clock_due() -> None:
    OrderFactory()
    Timer.objects.update(next_at=timezone.now())


def make_hold_end() -> None:
    OrderFactory()
    now = timezone.now()
    Reservation.objects.update(state="held", expires_at=now)


def make_call_wait() -> None:
    InboundCall.objects.create(source="x", path_token="x", body=b"x", sha256="x")


def make_robot_speak() -> None:
    Robot.objects.create(name="群", credentials={"key": "x"})
    notify(role="cs", kind="x", title="新订单")


def test_nothing_is_started_when_nothing_is_due(django_assert_max_num_queries):
    OrderFactory()

    with django_assert_max_num_queries(len(kicks.KICKS)):
        assert kicks.kick_what_is_due() == []
    assert queued() == []


@pytest.mark.parametrize(
    ("make", "func"),
    [
        (make_clock_due, "ordercenter.core.tasks.sweep_clocks"),
        (make_hold_end, "orders.tasks.release_expired_holds"),
        (make_call_wait, "integrations.tracking.tasks.process_inbound"),
        (make_robot_speak, "integrations.messaging.tasks.send_robot_messages"),
    ],
)
def test_what_is_due_is_started(make, func):
    make()

    assert kicks.kick_what_is_due() == [func]
    assert queued() == [func]


def test_a_paused_or_stopped_clock_starts_nothing():
    make_clock_due()
    Timer.objects.update(paused_at=timezone.now(), pause_cause="等客户")

    assert kicks.kick_what_is_due() == []


def test_a_task_that_has_not_ended_is_not_started_again_for_a_minute(monkeypatch):
    make_clock_due()
    kicks.kick_what_is_due()
    again = kicks.kick_what_is_due()
    (func, (task, at)) = kicks._started.popitem()
    kicks._started[func] = (task, at - kicks.PATIENCE_SECONDS - 1)

    assert again == []
    assert kicks.kick_what_is_due() == [func]


def test_a_task_that_has_ended_is_started_again_when_more_is_due():
    make_clock_due()
    kicks.kick_what_is_due()
    task = kicks._started["ordercenter.core.tasks.sweep_clocks"][0]
    now = timezone.now()
    Task.objects.create(id=task, name="x", func="x", started=now, stopped=now, success=True)

    assert kicks.kick_what_is_due() == ["ordercenter.core.tasks.sweep_clocks"]


def test_a_robot_that_waits_is_left_alone():
    make_robot_speak()
    Robot.objects.update(wait_until=moments.now() + timedelta(minutes=1))

    assert kicks.kick_what_is_due() == []
