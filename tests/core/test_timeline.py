"""The timeline: numbers without gaps, whole sentences, in the transaction of the change."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.context import request_id
from ordercenter.core.models import Event
from ordercenter.core.timeline import Entry, changed, record, record_all
from orders.actions import add_note
from tests.factories import OrderFactory
from tests.support.stories import Story


def numbers(stream: str) -> list[int]:
    events = Event.objects.filter(stream=stream).order_by("sequence")
    return list(events.values_list("sequence", flat=True))


def entry(stream: str, kind: str = "test.happened", **wanted) -> Entry:
    return Entry(stream=stream, subject_kind="test", subject_id=1, kind=kind, **wanted)


@pytest.mark.django_db
class TestNumbers:
    def test_each_story_counts_from_one(self):
        Story(1).tell("test.a", times=3)
        Story(2).tell("test.a", times=2)

        assert (numbers("test:1"), numbers("test:2")) == ([1, 2, 3], [1, 2])

    def test_many_events_at_once_keep_their_order_in_each_story(self):
        kinds = [("test:1", "a"), ("test:2", "b"), ("test:1", "c"), ("test:1", "d")]

        record_all([entry(stream, kind) for stream, kind in kinds], actor=SYSTEM)

        told = Event.objects.filter(stream="test:1").order_by("sequence")
        assert list(told.values_list("sequence", "kind")) == [(1, "a"), (2, "c"), (3, "d")]
        assert numbers("test:2") == [1]

    def test_no_event_is_no_statement(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            record_all([], actor=SYSTEM)

    def test_a_number_is_given_once(self):
        Story(1).tell("test.a")

        with pytest.raises(IntegrityError), transaction.atomic():
            record_all([entry("test:1", sequence=1)], actor=SYSTEM)

        assert numbers("test:1") == [1]

    def test_what_is_rolled_back_leaves_no_gap(self):
        Story(1).tell("test.a")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Story(1).tell("test.b")
            raise ZeroDivisionError
        Story(1).tell("test.c")

        assert numbers("test:1") == [1, 2]


@pytest.mark.django_db
class TestWhatIsWritten:
    def test_who_where_when_and_under_which_request(self):
        actor = Actor("person", "李晓梅", "admin", id=7, ip="10.0.0.7", device="Chrome")
        at = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
        token = request_id.set("req-1")

        with moments.pretend(at):
            record(Story(1), "test.a", actor=actor, from_state="x", to_state="y")
        request_id.reset(token)

        event = Event.objects.get(stream="test:1")
        assert (event.actor_kind, event.actor_id, event.actor_label) == ("person", 7, "李晓梅")
        assert (event.door, event.ip, event.device) == ("admin", "10.0.0.7", "Chrome")
        assert (event.at, event.request_id) == (at, "req-1")
        assert (event.from_state, event.to_state) == ("x", "y")

    def test_amounts_moments_and_translated_words_can_be_told(self):
        data = {"total": Decimal("9.90"), "at": datetime(2026, 1, 1, tzinfo=UTC), "why": _("yes")}

        record(Story(1), "test.a", actor=SYSTEM, data=data, changes={"名": ["旧", "新"]})

        event = Event.objects.get(stream="test:1")
        assert event.data["total"] == "9.90"
        assert event.data["at"] == "2026-01-01T00:00:00Z"
        assert event.changes == {"名": ["旧", "新"]}

    def test_changed_names_only_what_differs(self):
        assert changed({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": [2, 3], "c": [None, 4]}

    @pytest.mark.parametrize("via", ["fax", "?", "timer:stock holds and more"])
    def test_an_actor_comes_by_a_door_of_the_house(self, via):
        with pytest.raises(ValueError, match="door"):
            Actor.system("somebody", door=via)


def test_eight_writers_leave_no_gap_in_one_story(race):
    order = OrderFactory()
    before = len(numbers(order.stream))

    def write_three_notes() -> None:
        for number in range(3):
            add_note(order.pk, text=f"备注 {number}", actor=SYSTEM)

    outcomes = race(*[write_three_notes] * 8)

    assert outcomes == [None] * 8
    assert numbers(order.stream) == list(range(1, before + 25))
