"""Notices: many are one row with a number; each reader has their own marks."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from integrations.messaging.notices import mark_read, notify, unread_for
from integrations.models import Notice, NoticeCause, NoticeLevel
from ordercenter.core import moments
from ordercenter.core.models import User

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=moments.SHANGHAI)


def new_order(cause: str = "", **changes: object) -> int | None:
    words = {
        "role": "cs",
        "kind": "order.new",
        "title": "新订单 OC1",
        "group_title": "新订单 %(count)s 个",
        "link": "/one/",
        "group_link": "/all/",
    }
    return notify(**{**words, **changes}, cause=cause)


def test_many_within_a_minute_are_one_notice_with_a_number():
    with moments.pretend(NOON):
        ids = {new_order(f"event:{n}") for n in range(137)}

    notice = Notice.objects.get()
    assert ids == {notice.pk}
    assert (notice.headline, notice.count, notice.link) == ("新订单 137 个", 137, "/all/")


def test_one_keeps_its_own_words_and_link():
    new_order("event:1")

    notice = Notice.objects.get()
    assert (notice.headline, notice.link) == ("新订单 OC1", "/one/")


def test_the_next_minute_begins_a_new_notice():
    with moments.pretend(NOON):
        new_order("event:1")
    with moments.pretend(NOON + timedelta(minutes=1)):
        new_order("event:2")

    assert list(Notice.objects.values_list("count", flat=True)) == [1, 1]


def test_a_cause_is_counted_once_for_each_audience_even_in_another_minute():
    with moments.pretend(NOON):
        new_order("event:1")
    with moments.pretend(NOON + timedelta(minutes=3)):
        again = new_order("event:1")
        new_order("event:1", role="supervisor")

    assert again is None
    assert sorted(Notice.objects.values_list("role", "count")) == [("cs", 1), ("supervisor", 1)]


@pytest.mark.parametrize("audience", [{"role": ""}, {"role": "cs", "user": 1}])
def test_a_notice_is_for_a_role_or_for_a_person(audience):
    with pytest.raises(ValueError, match="for a role or for a person"):
        new_order(**audience)

    assert Notice.objects.count() == NoticeCause.objects.count() == 0


def test_the_database_holds_it_too(clerk):
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(role="cs", user=clerk, kind="x", title="x", window_at=NOON)


def test_a_storm_from_eight_writers_loses_nothing_and_counts_nothing_twice(race):
    def write(writer: int) -> None:
        for number in range(25):
            new_order(f"event:{writer}-{number}")
            new_order("event:shared")

    outcomes = race(*[lambda writer=writer: write(writer) for writer in range(8)])

    assert outcomes == [None] * 8
    # At most two rows: the minute may end meanwhile.
    counts = list(Notice.objects.values_list("count", flat=True))
    assert sum(counts) == 8 * 25 + 1
    assert len(counts) <= 2


def test_the_bell_shows_what_is_for_the_person_and_their_roles(clerk):
    other = User.objects.create_user("other")
    new_order("event:1")
    new_order("event:2", role="finance")
    new_order("event:3", role="", user=clerk.pk, kind="mention")
    new_order("event:4", role="", user=other.pk, kind="mention")

    unread = unread_for(clerk)

    assert unread.count == 2
    assert [(n.role, n.user_id) for n in unread.latest] == [("", clerk.pk), ("cs", None)]


def test_a_superuser_hears_what_is_for_administrators():
    chief = User.objects.create_superuser("chief")
    new_order("event:1", role="admin")

    assert unread_for(chief).count == 1


def test_the_bell_counts_to_99_and_shows_the_latest_twenty(clerk, django_assert_num_queries):
    for number in range(120):
        new_order(f"event:{number}", group_key=str(number))

    with django_assert_num_queries(1):
        unread = unread_for(clerk)

    assert unread.label == "99+"
    assert len(unread.latest) == 20
    assert unread.latest[0].pk > unread.latest[-1].pk


def test_what_was_read_rings_again_when_it_happens_once_more(clerk):
    with moments.pretend(NOON):
        new_order("event:1")
        assert mark_read(clerk) == 1
        silent = unread_for(clerk)
        new_order("event:2")
        ringing = unread_for(clerk)

    assert silent.count == 0
    assert (ringing.count, ringing.latest[0].count) == (1, 2)
    assert silent.mark != ringing.mark


def test_only_the_shown_number_is_read(clerk):
    new_order("event:1", group_key="a")
    notice = Notice.objects.get()
    Notice.objects.update(count=5)

    mark_read(clerk, {notice.pk: 3})
    assert unread_for(clerk).count == 1

    mark_read(clerk, {notice.pk: 999})
    assert unread_for(clerk).count == 0
    Notice.objects.update(count=6)
    assert unread_for(clerk).count == 1


def test_nobody_reads_for_others(clerk):
    new_order("event:1", role="finance")

    assert mark_read(clerk, {Notice.objects.get().pk: 1}) == 0


def test_old_notices_no_longer_ring(clerk):
    for days in (13, 15):
        with moments.pretend(moments.now() - timedelta(days=days)):
            new_order(f"event:{days}", level=NoticeLevel.ALARM, group_key=str(days))

    assert unread_for(clerk).count == 1
