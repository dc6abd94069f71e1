"""A row is only written over the version that was read."""

import inspect

import pytest
from django.db import DatabaseError, models, transaction

from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import ChangedMeanwhile, NotFound, WrongState
from ordercenter.core.lifecycle import Versioned, why_not
from orders.actions import set_urgency
from orders.models import Order, OrderState, Urgency
from tests.factories import OrderFactory

pytestmark = pytest.mark.django_db


def test_djangos_private_hook_still_has_the_shape_we_build_on():
    assert list(inspect.signature(models.Model._do_update).parameters) == [
        "self",
        "base_qs",
        "using",
        "pk_val",
        "values",
        "update_fields",
        "forced_update",
    ]
    assert "_do_update" in vars(Versioned)


@pytest.mark.parametrize("update_fields", [None, ["buyer_name"], ["buyer_name", "version"]])
def test_every_save_bumps_the_version(update_fields):
    order = OrderFactory()

    order.buyer_name = "新名字"
    order.save(update_fields=update_fields)

    stored = Order.objects.get()
    assert (stored.version, order.version, stored.buyer_name) == (2, 2, "新名字")


@pytest.mark.parametrize("update_fields", [None, ["buyer_name"], ["buyer_name", "version"]])
def test_a_stale_save_is_refused_and_writes_nothing(update_fields):
    order = OrderFactory()
    stale = Order.objects.get(pk=order.pk)
    order.seller_memo = "先到"
    order.save()

    stale.buyer_name = "后到"
    with pytest.raises(ChangedMeanwhile) as refusal, transaction.atomic():
        stale.save(update_fields=update_fields)

    stored = Order.objects.get()
    assert refusal.value.details == {"seen": 1}
    assert (stored.version, stored.buyer_name, stored.seller_memo) == (2, "小明", "先到")


def test_a_row_that_is_gone_is_not_written_as_a_version_conflict():
    order = OrderFactory()
    order.pk = order.pk + 1_000_000

    with pytest.raises(DatabaseError, match="did not affect any rows"):
        order.save(update_fields=["buyer_name"])


@pytest.mark.parametrize("read", [Order.objects.only("buyer_name"), Order.objects.defer("version")])
def test_a_row_read_without_its_version_cannot_be_saved(read):
    pk = OrderFactory().pk
    row = read.get(pk=pk)

    row.buyer_name = "盲写"
    with pytest.raises(ValueError, match="without its version"), transaction.atomic():
        row.save()

    assert Order.objects.get(pk=pk).buyer_name == "小明"


def test_only_some_columns_can_be_read_and_saved_when_the_version_is_among_them(
    django_assert_num_queries,
):
    pk = OrderFactory().pk

    with django_assert_num_queries(2):
        row = Order.objects.only("buyer_name", "version").get(pk=pk)
        row.buyer_name = "改"
        row.save()

    assert Order.objects.get(pk=pk).version == 2


def test_locked_tells_both_versions_to_who_saw_an_older_one():
    order = OrderFactory()
    set_urgency(order.pk, seen=1, urgency=Urgency.RED, actor=SYSTEM)

    with pytest.raises(ChangedMeanwhile) as refusal:
        set_urgency(order.pk, seen=1, urgency=Urgency.YELLOW, actor=SYSTEM)

    assert refusal.value.details == {"seen": 1, "current": 2}
    assert Order.objects.get().urgency == Urgency.RED


@pytest.mark.parametrize("pk", [0, -1, 2**31, 2**63, 10**30])
def test_locked_knows_no_order_of_a_strange_number(pk):
    with pytest.raises(NotFound):
        set_urgency(pk, seen=None, urgency=Urgency.RED, actor=SYSTEM)


def test_the_state_cannot_be_set_by_hand_also_after_a_refresh():
    order = OrderFactory()

    order.refresh_from_db()
    with pytest.raises(AttributeError):
        order.state = OrderState.COMPLETED


def test_refresh_reads_the_state_anew():
    order = OrderFactory()
    Order.objects.filter(pk=order.pk).update(state=OrderState.PREPARING)

    order.refresh_from_db()

    assert order.state == OrderState.PREPARING


def test_refresh_of_one_field_leaves_the_rest():
    order = OrderFactory()
    Order.objects.filter(pk=order.pk).update(state=OrderState.PREPARING, buyer_name="新")

    order.refresh_from_db(fields=["buyer_name"])

    assert (order.state, order.buyer_name) == (OrderState.PENDING_REVIEW, "新")


def test_a_wrong_move_says_where_the_order_stands():
    order = OrderFactory(state=OrderState.PREPARING)

    refusal = why_not(order, "dispatch", SYSTEM)

    assert isinstance(refusal, WrongState)
    assert refusal.details == {"state": "preparing", "verb": "dispatch"}
