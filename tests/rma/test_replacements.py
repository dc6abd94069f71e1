"""New goods instead of money: exchange and sending again."""

import pytest

from ordercenter.core.models import Event
from orders.handlers import gifts_follow_main_order
from orders.models import OrderKind
from rma.models import Refund, ReturnKind, ReturnReason
from tests.fulfilment.world import broken_laws
from tests.rma import world

pytestmark = pytest.mark.usefixtures("house")


def test_an_exchange_orders_the_wanted_goods_without_payment():
    order = world.delivered_order({"A": 1})
    rma = world.received(order, ReturnKind.EXCHANGE, wants={"B": 1})

    rma = world.inspected(rma)

    assert rma.state == "settled"
    new = rma.replacement
    assert (new.kind, new.main_order_id, str(new.total)) == (
        OrderKind.REPLACEMENT,
        order.pk,
        "0.00",
    )
    assert [(line.sku_code, line.quantity) for line in new.lines.all()] == [("B", 1)]
    assert (new.state, new.receiver) == ("pending_review", order.receiver)
    assert (Refund.objects.count(), broken_laws()) == (0, {})


def test_sending_again_orders_the_same_goods_at_once():
    order = world.delivered_order({"A": 2})

    rma = world.authorised(
        order,
        ReturnKind.RESEND,
        reason=ReturnReason.NEVER_ARRIVED,
        quantities=world.quantities_of(order, A=1),
    )

    assert rma.state == "settled"
    assert [(line.sku_code, line.quantity) for line in rma.replacement.lines.all()] == [("A", 1)]
    assert broken_laws() == {}


def test_the_replacement_does_not_follow_its_main_order_into_cancellation():
    """Gifts do; what replaces lost goods must not."""
    order = world.delivered_order({"A": 1})
    rma = world.authorised(order, ReturnKind.RESEND, reason=ReturnReason.NEVER_ARRIVED)

    gifts_follow_main_order(Event(kind="order.cancelled", subject_id=order.pk))

    rma.replacement.refresh_from_db()
    assert rma.replacement.state == "pending_review"
