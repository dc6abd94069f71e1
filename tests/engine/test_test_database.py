"""The test database itself: copies of a template, real commits, races."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, connections, transaction

from tests.support.database import template_name


def test_database_is_a_copy_of_the_migrated_template(db, database_copy):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        [name] = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM django_migrations")
        [migrations] = cursor.fetchone()

    assert name == database_copy.name != template_name()
    assert migrations > 0


def names_seen_by_another_connection() -> list[str]:
    seen: list[str] = []

    def look() -> None:
        seen.extend(Group.objects.filter(name="committed").values_list("name", flat=True))
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return seen


@pytest.mark.parametrize("run", [1, 2])
def test_committed_rows_are_seen_by_others_and_gone_in_the_next_test(committed_db, run):
    before = Group.objects.filter(name="committed").count()

    Group.objects.create(name="committed")

    assert before == 0
    assert names_seen_by_another_connection() == ["committed"]


def test_a_forgotten_connection_does_not_keep_the_database(committed_db):
    forgotten = connection.copy()
    forgotten.connect()

    with forgotten.cursor() as cursor:
        cursor.execute("SELECT 1")
    # Nothing is closed here: the next test starts all the same.


def join_group_unless_present() -> str:
    with transaction.atomic():
        if group_exists("raced"):
            return "was there"
        Group.objects.create(name=f"raced-{threading.get_ident()}")
        return "made"


def join_group_under_lock() -> str:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE auth_group IN EXCLUSIVE MODE")
        return join_group_unless_present()


def group_exists(start: str) -> bool:
    return Group.objects.filter(name__startswith=start).exists()


HERE = f"{__name__}.group_exists"


def test_race_shows_a_missing_lock(race):
    outcomes = race(join_group_unless_present, join_group_unless_present, meet_after=HERE)

    assert outcomes == ["made", "made"]


def test_race_lets_a_lock_do_its_work(race):
    # With this patience the race would fail if it did not see that the second call is kept out.
    for_ever = 1000.0
    outcomes = race(
        join_group_under_lock, join_group_under_lock, meet_after=HERE, patience=for_ever
    )

    assert sorted(outcomes) == ["made", "was there"]


def test_race_does_not_wait_for_a_call_that_has_ended(race):
    calls = (join_group_unless_present, lambda: "stayed away", join_group_unless_present)
    outcomes = race(*calls, meet_after=HERE, patience=1000.0)

    assert outcomes == ["made", "stayed away", "made"]


def test_race_returns_exceptions_as_outcomes(race):
    def refuse() -> None:
        raise ValueError("no")

    refusal, answer = race(refuse, lambda: 7)

    assert isinstance(refusal, ValueError)
    assert answer == 7


def test_race_that_never_meets_fails(race):
    with pytest.raises(pytest.fail.Exception, match="proves nothing"):
        race(lambda: 1, lambda: 2, meet_after=HERE)


def test_race_uses_a_connection_for_each_call(race):
    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]

    assert len({backend(), *race(backend, backend, backend)}) == 4


def test_access_is_refused_to_tests_that_did_not_ask():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Group.objects.exists()


def test_old_connection_ends_when_the_database_is_made_again(committed_db, database_copy):
    old = connection.copy()
    old.connect()

    database_copy.make()

    with pytest.raises(OperationalError), old.cursor() as cursor:
        cursor.execute("SELECT 1")
