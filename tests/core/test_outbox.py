"""Whoever must hear of an event hears of it: at least once, in order per story."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ordercenter.core import outbox
from ordercenter.core.models import Delivery, Event
from ordercenter.core.outbox import GiveUp, RetryLater, drain, replay, send_again
from tests.support.stories import Story, let_leases_end

KIND = "test.happened"


class Listener:
    """A handler that remembers what it heard; `behave` may raise."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[tuple[str, int]] = []
        self.behave = lambda event: None
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        self.behave(event)
        with self._lock:
            self.heard.append((event.stream, event.sequence))


@pytest.fixture
def listen():
    """Registers listeners and forgets them after the test."""
    names = []

    def register(name: str = "test.listener", **options) -> Listener:
        listener = Listener(name)
        outbox.handles(KIND, name=name, **options)(listener)
        names.append(name)
        return listener

    yield register
    for name in names:
        outbox.unregister(name)


@pytest.fixture
def listener(listen) -> Listener:
    return listen()


def states(handler: str = "test.listener") -> list[tuple[str, int]]:
    rows = Delivery.objects.filter(handler=handler).order_by("pk")
    return list(rows.values_list("state", "attempts"))


def fail_first(listener: Listener, error: Exception, times: int = 1) -> None:
    left = [times]

    def behave(event: Event) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    listener.behave = behave


@pytest.mark.django_db
class TestDelivery:
    def test_a_listener_hears_of_each_event_once_and_in_order(self, listener):
        Story(1).tell(KIND, times=3)

        while drain():
            pass

        assert listener.heard == [("test:1", 1), ("test:1", 2), ("test:1", 3)]
        assert states() == [("done", 1)] * 3

    def test_events_of_other_kinds_are_not_delivered(self, listener):
        Story(1).tell("test.something_else")

        assert drain() == 0
        assert Delivery.objects.count() == 0

    def test_lanes_do_not_wait_for_each_other(self, listen):
        near, far = listen("test.near"), listen("test.far", lane="outside")
        Story(1).tell(KIND)

        drain("outside")

        assert (near.heard, far.heard) == ([], [("test:1", 1)])

    def test_what_is_rolled_back_is_never_heard_of(self, listener):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Story(1).tell(KIND)
            raise ZeroDivisionError

        assert (drain(), Event.objects.filter(kind=KIND).count()) == (0, 0)

    def test_two_handlers_of_one_name_are_refused(self, listener):
        with pytest.raises(ValueError, match="two handlers"):
            outbox.handles(KIND, name="test.listener")(lambda event: None)

    def test_an_unknown_lane_is_refused(self):
        with pytest.raises(ValueError, match="lane"):
            outbox.handles(KIND, name="test.x", lane="fast")


@pytest.mark.django_db
class TestFailure:
    def test_a_failing_first_event_keeps_its_story_waiting_and_no_other(self, listener):
        Story(1).tell(KIND, times=2)
        Story(2).tell(KIND)
        fail_first(listener, ConnectionError("down"))

        while drain():
            pass
        before = list(listener.heard)
        let_leases_end()
        while drain():
            pass

        assert before == [("test:2", 1)]
        assert listener.heard == [("test:2", 1), ("test:1", 1), ("test:1", 2)]

    def test_the_next_attempt_comes_later_each_time(self, listener):
        Story(1).tell(KIND)
        listener.behave = lambda event: 1 / 0
        waits = []

        for _ in range(4):
            let_leases_end()
            drain()
            waits.append((Delivery.objects.get().not_before - timezone.now()).total_seconds())

        for attempt, wait in enumerate(waits, start=1):
            assert 0.6 * 2**attempt < wait < 1.4 * 2**attempt
        assert Delivery.objects.get().last_error == "ZeroDivisionError: division by zero"

    def test_a_handler_can_name_the_moment(self, listener):
        Story(1).tell(KIND)
        fail_first(listener, RetryLater("limit of the channel", after=3600))

        drain()

        wait = Delivery.objects.get().not_before - timezone.now()
        assert timedelta(minutes=59) < wait <= timedelta(hours=1)

    def test_the_last_failed_attempt_leaves_a_dead_letter_and_the_story_goes_on(self, listen):
        listener = listen(max_attempts=2)
        Story(1).tell(KIND, times=2)
        fail_first(listener, ConnectionError("down"), times=2)

        for _ in range(3):
            let_leases_end()
            drain()

        assert states() == [("dead", 2), ("done", 1)]
        assert listener.heard == [("test:1", 2)]

    def test_giving_up_leaves_a_dead_letter_at_once(self, listener):
        Story(1).tell(KIND)
        fail_first(listener, GiveUp("no such shop"))

        drain()

        letter = Delivery.objects.get()
        assert (letter.state, letter.last_error) == ("dead", "GiveUp: no such shop")
        assert letter.finished_at is not None

    def test_a_row_for_a_handler_that_is_gone_becomes_a_dead_letter(self, listen):
        outbox.handles(KIND, name="test.gone")(lambda event: None)
        Story(1).tell(KIND)
        outbox.unregister("test.gone")

        drain()

        assert states("test.gone") == [("dead", 1)]

    @pytest.mark.parametrize("text", ["a\x00b", "half an emoji \ud83d", "长" * 5000])
    def test_any_words_of_an_error_can_be_kept(self, listener, text):
        Story(1).tell(KIND)
        fail_first(listener, RuntimeError(text))

        drain()

        assert states() == [("pending", 1)]
        assert Delivery.objects.get().last_error.startswith("RuntimeError: ")

    def test_a_dead_letter_is_sent_again_with_new_attempts(self, listener):
        Story(1).tell(KIND)
        fail_first(listener, GiveUp("no such shop"))
        drain()

        put_back = send_again([Delivery.objects.get().pk])
        drain()

        assert put_back == 1
        assert states() == [("done", 1)]
        assert listener.heard == [("test:1", 1)]

    def test_only_dead_letters_are_sent_again(self, listener):
        Story(1).tell(KIND, times=2)
        drain()

        assert send_again(Delivery.objects.values_list("pk", flat=True)) == 0
        assert states() == [("done", 1), ("pending", 0)]


@pytest.mark.django_db
class TestReplay:
    def test_a_story_is_heard_again_from_a_number_on(self, listener):
        Story(1).tell(KIND, times=3)
        Story(2).tell(KIND)
        while drain():
            pass
        listener.heard.clear()

        count = replay("test.listener", "test:1", after=1)
        while drain():
            pass

        assert count == 2
        assert listener.heard == [("test:1", 2), ("test:1", 3)]

    def test_others_do_not_hear_it_again(self, listen):
        one, other = listen("test.one"), listen("test.other")
        Story(1).tell(KIND)
        while drain():
            pass

        replay("test.one", "test:1")
        while drain():
            pass

        assert (len(one.heard), len(other.heard)) == (2, 1)

    def test_what_waits_is_heard_once_and_in_order(self, listener):
        Story(1).tell(KIND, times=2)
        drain()

        replay("test.listener", "test:1")
        while drain():
            pass

        assert listener.heard == [("test:1", 1), ("test:1", 1), ("test:1", 2)]


class TestManyRelays:
    def test_two_relays_make_one_effect_each_and_keep_the_order(self, race, listener):
        for number in range(1, 6):
            Story(number).tell(KIND, times=4)

        def relay() -> int:
            total = 0
            while worked_on := drain(limit=3):
                total += worked_on
            return total

        totals = race(relay, relay, meet_after="ordercenter.core.outbox.claim")

        assert sum(totals) == len(listener.heard) == 20
        for number in range(1, 6):
            story = [sequence for stream, sequence in listener.heard if stream == f"test:{number}"]
            assert story == [1, 2, 3, 4]

    def test_four_claims_at_once_take_each_head_once(self, race, listener):
        for number in range(1, 9):
            Story(number).tell(KIND, times=2)

        claims = race(*[lambda: outbox.claim("local", limit=8)] * 4)

        ids = [delivery.pk for claimed in claims for delivery in claimed]
        assert len(ids) == len(set(ids))
        assert {d.event.sequence for claimed in claims for d in claimed} == {1}

    def test_a_story_is_not_worked_on_by_two(self, committed_db, listener):
        Story(1).tell(KIND, times=2)
        outbox.claim("local")

        assert drain() == 0
        assert listener.heard == []

    def test_what_a_dead_relay_held_is_taken_over_when_its_lease_ends(self, committed_db, listener):
        Story(1).tell(KIND)
        outbox.claim("local")  # and the relay dies

        too_early = drain()
        let_leases_end()

        assert (too_early, drain()) == (0, 1)
        assert states() == [("done", 2)]

    def test_a_slow_relay_leaves_what_another_took_over(self, committed_db, listener, monkeypatch):
        monkeypatch.setattr(outbox, "RENEW_SECONDS", 0.0)
        Story(1).tell(KIND)
        Story(2).tell(KIND)

        def another_relay_takes_over(event: Event) -> None:
            let_leases_end()
            outbox.claim("local")

        listener.behave = another_relay_takes_over

        assert drain() == 1
        assert listener.heard == [("test:1", 1)]
        assert states() == [("done", 2), ("pending", 2)]

    def test_a_slow_relay_renews_the_lease_of_its_rest(self, committed_db, listener, monkeypatch):
        monkeypatch.setattr(outbox, "RENEW_SECONDS", 0.0)
        Story(1).tell(KIND)
        Story(2).tell(KIND)
        leases = []

        def note_leases(event: Event) -> None:
            leases.append(Delivery.objects.get(stream="test:2").not_before)

        listener.behave = note_leases

        assert drain() == 2
        assert leases[0] < leases[1]

    def test_a_late_failure_does_not_touch_the_new_lease(self, committed_db, listener):
        Story(1).tell(KIND)

        def fail_after_takeover(event: Event) -> None:
            let_leases_end()
            outbox.claim("local")
            raise RetryLater("late", after=0)

        listener.behave = fail_after_takeover
        drain()

        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts, delivery.last_error) == ("pending", 2, "")
        lease = timedelta(seconds=outbox.LEASE_SECONDS)
        assert delivery.not_before > timezone.now() + lease / 2


class TestRelay:
    """The loop itself, in a thread with a connection of its own."""

    @pytest.fixture
    def relay(self, committed_db, monkeypatch):
        """A running relay that does not look by itself within the test's time."""
        monkeypatch.setattr(outbox, "SWEEP_SECONDS", 60.0)
        monkeypatch.setattr(outbox, "_looks", [])
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), daemon=True)
        thread.start()
        yield thread
        stop.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('outbox', '')")
        thread.join(timeout=10)
        assert not thread.is_alive()

    def _run(self, stop: threading.Event) -> None:
        try:
            outbox.relay("local", stop)
        finally:
            connection.close()

    def wait_for(self, listener: Listener, count: int, seconds: float = 8.0) -> bool:
        for _ in range(int(seconds / 0.02)):
            if len(listener.heard) >= count:
                return True
            threading.Event().wait(0.02)
        return False

    def test_wakes_when_an_event_commits(self, listener, relay):
        threading.Event().wait(0.5)

        Story(1).tell(KIND)

        assert self.wait_for(listener, 1)

    def test_hears_what_is_told_while_it_asks_something_else(self, listener, relay, monkeypatch):
        def look() -> None:
            Story(1).tell(KIND)

        monkeypatch.setattr(outbox, "LOOK_SECONDS", 0.0)
        monkeypatch.setattr(outbox, "_looks", [look])
        Story(2).tell(KIND)

        assert self.wait_for(listener, 3)

    def test_survives_the_loss_of_its_connection(self, listener, relay):
        Story(1).tell(KIND)
        assert self.wait_for(listener, 1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        Story(1).tell(KIND)

        assert self.wait_for(listener, 2)
        assert relay.is_alive()

    def test_still_wakes_after_a_handler_cost_it_the_connection(self, listener, relay):
        listener.behave = lambda event: connection.close()
        Story(1).tell(KIND)
        assert self.wait_for(listener, 1)
        listener.behave = lambda event: None
        threading.Event().wait(0.5)

        Story(1).tell(KIND)

        assert self.wait_for(listener, 2)
