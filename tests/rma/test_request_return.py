"""Asking for a return: what is allowed, and who may say so."""

from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.models import Sku
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, Forbidden
from ordercenter.core.models import Timer
from orders.models import Order
from rma.actions import (
    authorise_return,
    check_return,
    refuse_return,
)
from rma.errors import NotEligible
from rma.models import Return, ReturnKind, ReturnPolicy, ReturnReason
from rma.selectors import forget_policies
from tests.fulfilment.world import broken_laws
from tests.rma import world

pytestmark = pytest.mark.usefixtures("house")


def test_a_request_has_a_number_a_clock_and_a_place_in_the_order_s_story():
    order = world.delivered_order()

    rma = world.requested(order, note="不合适")

    assert rma.number.startswith("RMA") and len(rma.number) == 15
    assert Timer.objects.get(subject_kind="return", stopped_at=None).owner_role == "cs"
    told = world.told(order.pk, "return.requested")[0]
    assert (told["number"], told["amount"]) == (rma.number, "30.00")
    assert order.returns.get() == rma
    assert broken_laws() == {}


def test_seven_days_end_at_midnight_in_shanghai():
    order = world.delivered_order()
    day = order.delivered_at.astimezone(moments.SHANGHAI)
    last = day.replace(hour=23, minute=59) + timedelta(days=7)

    with moments.pretend(last):
        assert all(check.ok for check in checks_of(order))
    with moments.pretend(last + timedelta(minutes=1)):
        refused = [check for check in checks_of(order) if not check.ok]

    assert [check.code for check in refused] == ["time_limit"]
    assert last.date().isoformat() in refused[0].says


def checks_of(order: Order, reason: ReturnReason = ReturnReason.NO_REASON):
    return check_return(
        order.pk, kind=ReturnKind.RETURN, reason=reason, quantities=world.quantities_of(order)
    )


def test_what_is_faulty_may_come_back_for_longer():
    order = world.delivered_order()

    with moments.pretend(moments.now() + timedelta(days=20)):
        assert all(check.ok for check in checks_of(order, ReturnReason.DEFECTIVE))
        assert not all(check.ok for check in checks_of(order, ReturnReason.NO_REASON))


def test_every_reason_against_it_is_told_at_once():
    order = world.delivered_order()
    Order.objects.filter(pk=order.pk).update(tags=["invoiced", "customised"])

    with moments.pretend(moments.now() + timedelta(days=40)), pytest.raises(NotEligible) as no:
        world.requested(order)

    assert world.refused_codes(no.value) == {"time_limit", "invoiced", "customised"}
    assert not Return.objects.exists()


def test_a_category_can_be_excluded():
    order = world.delivered_order()
    ReturnPolicy.objects.update(excluded_categories=["食品"])
    Sku.objects.filter(code="A").update(category="食品")
    forget_policies()

    with pytest.raises(NotEligible) as no:
        world.requested(order)

    assert world.refused_codes(no.value) == {"customised"}
    assert "货品A" in str(no.value)


def test_a_person_with_the_permission_may_override_with_a_reason():
    order = world.delivered_order()
    Order.objects.filter(pk=order.pk).update(tags=["invoiced"])
    clerk = world.person("rma.request_return")
    chief = world.person("rma.request_return", "rma.override_return")

    with pytest.raises(Forbidden):
        world.requested(order, actor=clerk, override="老客户")
    with pytest.raises(NotEligible):
        world.requested(order, actor=chief)
    rma = world.requested(order, actor=chief, override="老客户")

    assert rma.override_reason == "老客户"
    told = world.told(order.pk, "return.requested")[0]
    assert told["against_the_rules"] == ["invoiced"]


def test_no_piece_comes_back_twice_and_none_that_was_not_sent():
    order = world.delivered_order()
    first = world.requested(order, quantities=world.quantities_of(order, A=1))

    with pytest.raises(NotEligible) as no:
        world.requested(order, quantities=world.quantities_of(order, A=2), override="x")

    assert world.refused_codes(no.value) == {"quantity"}
    world.requested(order, quantities=world.quantities_of(order, A=1))
    refuse_return(first.pk, seen=None, reason="no", actor=SYSTEM)
    world.requested(order, quantities=world.quantities_of(order, A=1))
    assert broken_laws() == {}


def test_goods_that_have_not_left_can_not_come_back():
    order = world.paid_order()

    with pytest.raises(NotEligible) as no:
        world.requested(order)

    assert world.refused_codes(no.value) == {"order_state", "quantity"}


def test_a_return_needs_goods_or_an_amount():
    order = world.delivered_order()

    with pytest.raises(BadInput):
        world.requested(order, quantities={})
    with pytest.raises(BadInput):
        world.requested(order, ReturnKind.EXCHANGE, amount=Decimal("1.00"))

    assert not Return.objects.exists()


def test_a_customer_may_ask_but_not_decide():
    order = world.delivered_order()
    rma = world.requested(order, actor=world.CUSTOMER)

    with pytest.raises(Forbidden):
        authorise_return(rma.pk, seen=None, actor=world.CUSTOMER)

    assert Return.objects.get().state == "requested"
