"""Gift orders carry the main order's number and take its steps (A11)."""

import pytest
from django.db import IntegrityError, transaction

from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Delivery
from ordercenter.core.outbox import drain
from orders.actions import approve_order, cancel_order, confirm_funds_order
from orders.models import Order, OrderKind, OrderState
from tests.factories import OrderFactory, bring_to
from tests.support.laws import broken_laws
from tests.support.stories import let_leases_end

pytestmark = pytest.mark.django_db
S = OrderState


def gift_of(main: Order, state: OrderState = S.PENDING_REVIEW) -> Order:
    return OrderFactory(kind=OrderKind.GIFT, main_order_id=main.pk, state=state)


def let_it_follow() -> None:
    for _ in range(3):
        let_leases_end()
        while drain() or drain("outside"):
            pass


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def failed() -> list[str]:
    rows = Delivery.objects.filter(handler__startswith="orders.gift").exclude(state="done")
    return list(rows.values_list("last_error", flat=True))


def test_a_gift_goes_the_main_orders_way_to_the_warehouse():
    main = OrderFactory()
    gift = gift_of(main)

    approve_order(main.pk, seen=None, actor=SYSTEM)
    let_it_follow()
    approved = state_of(gift)
    confirm_funds_order(main.pk, seen=None, actor=SYSTEM)
    let_it_follow()

    assert (approved, state_of(gift)) == (S.PENDING_FINANCE, S.PREPARING)
    assert failed() == []
    assert broken_laws() == {}


@pytest.mark.parametrize(
    "state", [S.PENDING_PAYMENT, S.PENDING_REVIEW, S.PENDING_FINANCE, S.PREPARING, S.PACKED]
)
def test_a_gift_is_cancelled_with_its_order_and_its_stock_is_free(state):
    main = OrderFactory()
    gift = gift_of(main, state)

    cancel_order(main.pk, seen=None, reason="不要了", actor=SYSTEM)
    let_it_follow()

    assert state_of(gift) == S.CANCELLED
    assert failed() == []
    assert broken_laws() == {}


@pytest.mark.parametrize("state", [S.DISPATCHED, S.IN_TRANSIT, S.DELIVERED, S.COMPLETED])
def test_a_gift_that_has_left_stays_and_the_others_follow(state):
    main = OrderFactory()
    gone, here = gift_of(main, state), gift_of(main)

    cancel_order(main.pk, seen=None, reason="不要了", actor=SYSTEM)
    let_it_follow()

    assert (state_of(gone), state_of(here)) == (state, S.CANCELLED)
    assert failed() == []


@pytest.mark.parametrize(
    ("there", "then"),
    [
        (S.PENDING_REVIEW, S.PENDING_REVIEW),
        (S.PENDING_FINANCE, S.PENDING_FINANCE),
        (S.PREPARING, S.PREPARING),
        (S.IN_TRANSIT, S.PREPARING),
        (S.CANCELLED, S.CANCELLED),
    ],
)
def test_a_gift_that_comes_late_catches_up_with_its_order(there, then):
    main = OrderFactory(state=there)
    gift = gift_of(main)

    let_it_follow()

    assert state_of(gift) == then
    assert broken_laws() == {}


def test_hearing_it_twice_changes_nothing_more():
    main = OrderFactory()
    gift = gift_of(main)
    approve_order(main.pk, seen=None, actor=SYSTEM)
    let_it_follow()
    version = Order.objects.get(pk=gift.pk).version

    Delivery.objects.filter(handler="orders.gifts_follow").update(state="pending")
    let_it_follow()

    assert Order.objects.get(pk=gift.pk).version == version
    assert failed() == []


def test_orders_that_only_name_another_do_not_follow():
    main = OrderFactory()
    other = OrderFactory(kind=OrderKind.REPLACEMENT, main_order_id=main.pk)

    approve_order(main.pk, seen=None, actor=SYSTEM)
    let_it_follow()

    assert state_of(other) == S.PENDING_REVIEW


def test_the_database_keeps_a_gift_from_losing_its_order():
    gift = gift_of(OrderFactory())

    with pytest.raises(IntegrityError, match="gift_names_its_main_order"), transaction.atomic():
        Order.objects.filter(pk=gift.pk).update(main_order=None)

    assert bring_to(gift.pk, S.PENDING_REVIEW).main_order_id is not None
