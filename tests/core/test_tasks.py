"""The workers' chores of the ground floor, and the relay's look around."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import Success

from ordercenter.core import clocks, heartbeat, invariants, outbox, tasks
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Delivery, Event, LawRun, Timer
from ordercenter.core.timeline import Entry, record_all
from tests.factories import OrderFactory


@pytest.fixture
def heard():
    """What a handler of our own hears."""
    events: list[Event] = []
    outbox.handles("test.happened", name="test.listener")(events.append)
    yield events
    outbox.unregister("test.listener")


def happen(number: int = 1) -> None:
    entries = [Entry(f"test:{n}", "test", n, "test.happened", sequence=1) for n in range(number)]
    record_all(entries, actor=SYSTEM)


@pytest.mark.django_db
def test_a_beat_is_seen():
    tasks.beat()

    assert heartbeat.age() < timedelta(seconds=5)


@pytest.mark.django_db
def test_a_sweep_ends_with_nothing_left_to_tell(monkeypatch):
    monkeypatch.setattr(clocks.sweep, "__defaults__", (2,))
    for _ in range(5):
        OrderFactory()
    Timer.objects.update(next_at=timezone.now(), due_at=timezone.now())

    assert tasks.sweep_clocks() == 5
    assert tasks.sweep_clocks() == 0
    assert Event.objects.filter(kind="clock.reminder").count() == 5


@pytest.mark.django_db
def test_a_broken_law_is_stored_and_counted():
    assert tasks.verify_laws() == 0
    OrderFactory()
    Timer.objects.update(next_at=timezone.now() - timedelta(hours=1))

    assert tasks.verify_laws() == 1
    assert LawRun.objects.filter(law="clocks.told_in_time").latest("pk").violations == 1
    assert LawRun.objects.count() == 2 * len(invariants.all_laws())


@pytest.mark.django_db
def test_the_net_delivers_only_what_no_relay_has_fetched(heard):
    happen()
    assert tasks.drain_outbox() == 0
    Delivery.objects.update(not_before=timezone.now() - timedelta(seconds=20))

    assert tasks.drain_outbox() == 1
    assert len(heard) == 1


@pytest.mark.django_db
def test_purging_keeps_what_somebody_may_still_ask_for(heard, monkeypatch):
    monkeypatch.setattr(tasks, "PURGE_BATCH", 2)
    happen(7)
    long_ago = timezone.now() - timedelta(days=31)
    ids = list(Delivery.objects.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids[:5]).update(state="done", finished_at=long_ago)
    Delivery.objects.filter(pk=ids[5]).update(state="dead", finished_at=long_ago)
    for name, days in (("old", 91), ("young", 1)):
        at = timezone.now() - timedelta(days=days)
        Success.objects.create(id=name, name=name, func="f", started=at, stopped=at, success=True)

    assert tasks.purge_old() == 6
    assert sorted(Delivery.objects.values_list("pk", flat=True)) == ids[5:]
    assert Success.objects.get().pk == "young"
    assert Event.objects.filter(kind="test.happened").count() == 7


@pytest.fixture
def looks(monkeypatch):
    """A relay that looks around ten times as often, and at nothing but what a test tells it."""
    registered: list[outbox.Look] = []
    monkeypatch.setattr(outbox, "_looks", registered)
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.05)
    return registered


@pytest.fixture
def relays(committed_db):
    """Starts relays of lanes in threads; they have ended when the test has."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(*lanes: str) -> None:
        for lane in lanes:
            thread = threading.Thread(target=_relay, args=(lane, stop), daemon=True)
            thread.start()
            threads.append(thread)

    yield start
    stop.set()
    for thread in threads:
        thread.join(timeout=10)


def _relay(lane: str, stop: threading.Event) -> None:
    try:
        outbox.relay(lane, stop)
    finally:
        outbox.connection.close()


def wait_until(is_so, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(is_so())


def test_one_lane_of_the_relay_looks_around_again_and_again(looks, relays):
    seen: list[str] = []
    outbox.on_idle(lambda: seen.append(threading.current_thread().name))
    relays("outside")
    time.sleep(0.5)
    nobody_else = list(seen)
    relays("local")

    assert wait_until(lambda: len(seen) >= 3)
    assert nobody_else == []
    assert len(set(seen)) == 1


def test_a_look_that_breaks_stops_neither_the_others_nor_the_relay(looks, relays, heard):
    seen: list[int] = []
    outbox.on_idle(lambda: 1 / 0)
    outbox.on_idle(lambda: seen.append(1))
    relays("local")

    assert wait_until(lambda: len(seen) >= 2)
    happen()
    assert wait_until(lambda: len(heard) == 1)


def test_a_look_that_loses_the_database_is_made_again(looks, relays):
    seen: list[int] = []

    def lose_it_once() -> None:
        seen.append(1)
        if len(seen) == 1:
            raise OperationalError("gone")

    outbox.on_idle(lose_it_once)
    relays("local")

    assert wait_until(lambda: len(seen) >= 2)


@pytest.fixture
def heard_slowly():
    """What a handler hears that takes its time."""
    events: list[Event] = []

    @outbox.handles("test.happened", name="test.slow_listener")
    def listen(event: Event) -> None:
        time.sleep(0.02)
        events.append(event)

    yield events
    outbox.unregister("test.slow_listener")


def test_a_backlog_does_not_keep_the_relay_from_looking(looks, relays, heard_slowly, monkeypatch):
    monkeypatch.setattr(outbox.drain, "__defaults__", ("local", 1))
    seen: list[int] = []
    outbox.on_idle(lambda: seen.append(len(heard_slowly)))
    happen(60)
    relays("local")

    assert wait_until(lambda: len(heard_slowly) == 60, 15)
    assert any(0 < count < 60 for count in seen)


def test_two_nets_at_once_deliver_once(race, heard):
    happen(40)
    Delivery.objects.update(not_before=timezone.now() - timedelta(seconds=20))

    outcomes = race(*[tasks.drain_outbox] * 3)

    assert sum(outcomes) == len(heard) == 40


def test_sweeps_of_two_clusters_at_once_tell_each_level_once(race):
    for _ in range(6):
        OrderFactory()
    Timer.objects.update(next_at=timezone.now(), due_at=timezone.now())

    race(*[tasks.sweep_clocks] * 4)
    tasks.sweep_clocks()

    told = Event.objects.filter(kind="clock.reminder").values_list("stream", flat=True)
    assert len(told) == len(set(told)) == 6
