"""One effect per key, from however many connections it is asked."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from inventory.models import Warehouse
from ordercenter.core.errors import KeyReused, TwinRunning
from ordercenter.core.idempotency import StoredAnswer, claim, fingerprint, store
from ordercenter.core.models import IdempotencyClaim
from tests.factories import WarehouseFactory

MARK = fingerprint("POST", "/orders/", {"sku": "A"})


@transaction.atomic
def make_warehouse(key: str = "key-1", mark: str = MARK, credential: str = "partner:1") -> Any:
    """An effect under a key, as an API view does it."""
    repeat = claim(credential, key, mark)
    if repeat is not None:
        return repeat
    warehouse = WarehouseFactory()
    store(credential, key, mark, status=201, body={"warehouse": warehouse.code})
    return warehouse


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_a_repeat_gets_the_first_answer(self):
        first = make_warehouse()

        assert make_warehouse() == StoredAnswer(201, {"warehouse": first.code})
        assert Warehouse.objects.count() == 1

    def test_another_body_under_the_same_key_is_refused(self):
        make_warehouse()

        with pytest.raises(KeyReused):
            make_warehouse(mark=fingerprint("something", "else"))

        assert Warehouse.objects.count() == 1

    def test_keys_belong_to_who_sent_them(self):
        make_warehouse(credential="partner:1")
        make_warehouse(credential="partner:2")

        assert Warehouse.objects.count() == 2

    def test_a_failed_effect_leaves_the_key_free(self):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            make_warehouse()
            raise ZeroDivisionError

        make_warehouse()

        assert (Warehouse.objects.count(), IdempotencyClaim.objects.count()) == (1, 1)

    @pytest.mark.parametrize("body", [None, [], {"金额": "10.00"}, "text", 3])
    def test_any_answer_comes_back_as_it_was(self, body):
        store("partner:1", "key", MARK, status=200, body=body)

        assert claim("partner:1", "key", MARK) == StoredAnswer(200, body)


def test_equal_requests_have_equal_marks_whatever_the_order_of_their_fields():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
    assert fingerprint("a", "b") != fingerprint("ab")


class TestAtOnce:
    def test_of_eight_calls_with_one_key_one_has_an_effect(self, race):
        outcomes = race(*[make_warehouse] * 8, meet_after="tests.core.test_idempotency.claim")

        made = [outcome for outcome in outcomes if isinstance(outcome, Warehouse)]
        others = [outcome for outcome in outcomes if not isinstance(outcome, Warehouse)]
        assert (len(made), Warehouse.objects.count()) == (1, 1)
        assert all(isinstance(outcome, TwinRunning | StoredAnswer) for outcome in others)
        assert isinstance(make_warehouse(), StoredAnswer)

    def test_the_twin_is_told_while_the_first_still_runs(self, race):
        with transaction.atomic():
            make_warehouse()
            (meanwhile,) = race(make_warehouse)

        assert isinstance(meanwhile, TwinRunning)
        assert race(make_warehouse) == [
            StoredAnswer(201, {"warehouse": Warehouse.objects.get().code})
        ]

    def test_other_keys_do_not_wait(self, race):
        with transaction.atomic():
            make_warehouse()
            (other,) = race(lambda: make_warehouse(key="key-2"))

        assert isinstance(other, Warehouse)

    def test_a_dead_first_call_does_not_hold_the_key(self, race):
        @transaction.atomic
        def die_in_the_middle() -> None:
            make_warehouse()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        (death,) = race(die_in_the_middle)
        (second,) = race(make_warehouse)

        assert isinstance(death, DatabaseError)
        assert isinstance(second, Warehouse)
        assert Warehouse.objects.count() == 1
