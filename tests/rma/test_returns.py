"""Returns from the parcel to the money."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.actions import receive_stock
from inventory.models import Sku, Warehouse
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import BadInput, ChangedMeanwhile, Forbidden, WrongState
from orders.actions import cancel_order
from orders.models import Order, Payment, WorkOrder
from rma.actions import (
    Arrived,
    Inspected,
    authorise_return,
    close_return,
    inspect_return,
    post_return,
    print_return_label,
    receive_return,
    refuse_return,
    request_return,
    settle_return,
    start_refund,
    succeed_refund,
)
from rma.errors import Mismatch
from rma.models import Refund, Return, ReturnKind, ReturnLine, ReturnReason
from rma.selectors import steps_of, value_of
from tests.fulfilment.world import broken_laws
from tests.rma import world

pytestmark = pytest.mark.usefixtures("house")


@pytest.mark.parametrize(
    ("wanted", "with_freight", "value"),
    [
        ({"A": 3}, False, "30.00"),
        ({"A": 1}, True, "10.00"),
        ({"A": 3, "B": 1}, False, "40.00"),
        ({"A": 3, "B": 1}, True, "46.00"),
        ({}, False, "0.00"),
    ],
)
def test_pieces_are_worth_their_share_of_what_was_paid(wanted, with_freight, value):
    order = world.delivered_order({"A": 3, "B": 1}, freight=Decimal("6.00"))
    quantities = world.quantities_of(order, **wanted) if wanted else {}

    assert str(value_of(order, quantities, with_freight=with_freight)) == value


def test_a_discount_is_spread_over_the_pieces():
    order = world.delivered_order({"A": 2, "B": 1})
    order.paid_amount = Decimal("20.00")

    one = value_of(order, world.quantities_of(order, B=1), with_freight=False)
    two = value_of(order, world.quantities_of(order, A=2), with_freight=False)

    assert (str(one), str(two)) == ("6.67", "13.33")


# the usual way


def test_good_goods_within_the_limit_are_paid_back_by_themselves():
    order = world.delivered_order()
    before = world.stock("A")
    rma = world.received(order)

    rma = world.inspected(rma)

    assert rma.state == "settling"
    assert world.refunds_of(order) == [("wechatpay", "30.00", "planned")]
    assert world.stock("A") == (before[0] + 2, 0)
    world.pay_all(order)
    rma.refresh_from_db()
    assert (rma.state, rma.minutes_to_money) == ("settled", 0)
    assert [line.settled for line in rma.lines.all()] == [2, 1]
    assert broken_laws() == {}


def test_the_minutes_from_arrival_to_money_are_measured():
    order = world.delivered_order()
    start = moments.now()
    rma = world.received(order)
    with moments.pretend(start + timedelta(minutes=95)):
        world.inspected(rma)
        world.pay_all(order)

    assert Return.objects.get(pk=rma.pk).minutes_to_money in (94, 95)


def test_above_the_limit_finance_decides():
    order = world.delivered_order()
    world.set_limit("29.99")
    rma = world.inspected(world.received(order))
    assert (rma.state, Refund.objects.count()) == ("inspected", 0)

    with pytest.raises(Forbidden):
        settle_return(rma.pk, seen=None, actor=world.person("rma.settle_return"))
    rma = settle_return(
        rma.pk, seen=rma.version, amount=Decimal("25"), actor=world.person("rma.approve_refund")
    )

    assert rma.state == "settling"
    assert world.refunds_of(order) == [("wechatpay", "25.00", "planned")]


def test_a_defective_piece_lies_apart_and_finance_decides():
    order = world.delivered_order()
    on_hand, _defective = world.stock("A")

    rma = world.inspected(world.received(order), defective=1)

    assert rma.state == "inspected"
    assert world.stock("A") == (on_hand + 1, 1)
    assert broken_laws() == {}


def test_no_money_ends_the_return_without_a_refund():
    order = world.delivered_order()
    world.set_limit("0")
    rma = world.inspected(world.received(order))

    rma = settle_return(rma.pk, seen=None, amount=Decimal("0"), note="已换购", actor=SYSTEM)

    assert (rma.state, Refund.objects.count()) == ("settled", 0)


def test_two_payments_are_paid_back_each_its_own_way():
    order = world.delivered_order()
    Payment.objects.filter(order=order).update(amount=Decimal("20.00"))
    Payment.objects.create(
        order=order,
        method="alipay",
        transaction_id="2026X",
        amount=Decimal("10.00"),
        at=moments.now(),
    )

    world.inspected(world.received(order))

    assert world.refunds_of(order) == [
        ("wechatpay", "20.00", "planned"),
        ("alipay", "10.00", "planned"),
    ]
    world.pay_all(order)
    assert Return.objects.get().state == "settled"
    assert broken_laws() == {}


@pytest.mark.parametrize(("source", "method"), [("channel", "channel"), ("api", "bank")])
def test_without_a_known_payment_money_goes_by_the_channel_or_by_finance(source, method):
    order = world.delivered_order(method=None)
    Order.objects.filter(pk=order.pk).update(source=source)

    world.inspected(world.received(order))

    assert world.refunds_of(order) == [(method, "30.00", "planned")]


# arrival


def test_what_does_not_fit_is_said_loudly_and_nothing_is_received():
    order = world.delivered_order({"A": 2})
    rma = world.authorised(order)

    with pytest.raises(Mismatch) as loud:
        receive_return(
            rma.pk,
            seen=None,
            arrived=[Arrived("A", 3), Arrived("B"), Arrived("nonsense")],
            actor=SYSTEM,
        )

    assert [(f["kind"], f["sku"], f["quantity"]) for f in loud.value.findings] == [
        ("surplus", "A", 1),
        ("not_in_return", "B", 1),
        ("not_in_return", "nonsense", 1),
    ]
    assert Return.objects.get().state == "authorised"
    assert ReturnLine.objects.get().received == 0


def test_accepted_all_the_same_it_goes_to_a_person_and_not_to_money():
    order = world.delivered_order({"A": 2})
    rma = world.authorised(order)

    rma = receive_return(
        rma.pk,
        seen=None,
        arrived=[Arrived("A", 1), Arrived("B", 1)],
        accept=True,
        actor=SYSTEM,
    )
    rma = world.inspected(rma)

    assert [finding["kind"] for finding in rma.findings] == ["not_in_return", "missing"]
    assert rma.state == "inspected"
    work = WorkOrder.objects.get(order=order)
    assert (work.kind, work.owner_role) == ("return", "cs")
    assert broken_laws() == {}


def test_a_barcode_counts_as_its_sku_and_a_second_parcel_adds_to_the_first():
    order = world.delivered_order({"A": 2})
    rma = world.authorised(order)

    rma = receive_return(rma.pk, seen=None, arrived=[Arrived("69000A")], actor=SYSTEM)
    assert [finding["kind"] for finding in rma.findings] == ["missing"]
    rma = receive_return(rma.pk, seen=None, arrived=[Arrived("A")], actor=SYSTEM)

    assert (rma.lines.get().received, rma.findings) == (2, [])
    assert world.inspected(rma).state == "settling"


def test_another_batch_than_was_sent_is_said_loudly():
    sku = Sku.objects.create(code="C", name="奶粉")
    receive_stock(
        sku=sku.pk,
        warehouse=Warehouse.objects.get().pk,
        quantity=5,
        document="PO",
        batch_code="L-1",
        actor=SYSTEM,
    )
    order = world.delivered_order({"C": 1})
    rma = world.authorised(order)

    with pytest.raises(Mismatch) as loud:
        receive_return(rma.pk, seen=None, arrived=[Arrived("C", 1, "L-9")], actor=SYSTEM)

    assert "L-9" in str(loud.value) and "L-1" in str(loud.value)
    rma = receive_return(rma.pk, seen=None, arrived=[Arrived("C", 1, "L-1")], actor=SYSTEM)
    world.inspected(rma)
    assert broken_laws() == {}


def test_every_piece_that_came_must_be_decided():
    order = world.delivered_order({"A": 2})
    rma = world.received(order)
    line = rma.lines.get()
    before = world.stock("A")

    for ok, defective in ((1, 0), (2, 1), (3, -1)):
        with pytest.raises(BadInput):
            inspect_return(
                rma.pk, seen=None, results=[Inspected(line.pk, ok, defective)], actor=SYSTEM
            )

    assert (Return.objects.get().state, world.stock("A")) == ("received", before)


# exchange, re-send, money only


def test_money_without_goods_takes_no_parcel():
    order = world.delivered_order()
    rma = world.authorised(
        order,
        ReturnKind.REFUND_ONLY,
        reason=ReturnReason.DAMAGED,
        quantities=world.quantities_of(order, B=1),
    )

    assert (rma.state, world.refunds_of(order)) == (
        "settling",
        [("wechatpay", "10.00", "planned")],
    )
    with pytest.raises(WrongState):
        receive_return(rma.pk, seen=None, arrived=[Arrived("B")], actor=SYSTEM)


def test_a_cancelled_order_is_paid_back_without_goods():
    order = world.paid_order()
    cancel_order(order.pk, seen=None, reason="缺货", actor=SYSTEM)

    rma = world.authorised(
        order,
        ReturnKind.REFUND_ONLY,
        reason=ReturnReason.NOT_SENT,
        quantities={},
        amount=Decimal("30.00"),
    )
    world.pay_all(order)

    rma.refresh_from_db()
    assert (rma.state, Order.objects.get(pk=order.pk).payment_state) == ("settled", "refunded")


# ends and edges


def test_a_refusal_and_a_closing_need_words():
    rma = world.requested(world.delivered_order())

    for action in (refuse_return, close_return):
        with pytest.raises(BadInput):
            action(rma.pk, seen=None, reason=" ", actor=SYSTEM)

    assert close_return(rma.pk, seen=None, reason="客户不退了", actor=SYSTEM).state == "closed"


def test_somebody_who_looked_at_an_older_version_is_refused():
    rma = world.requested(world.delivered_order())
    authorise_return(rma.pk, seen=rma.version, actor=SYSTEM)

    with pytest.raises(ChangedMeanwhile):
        refuse_return(rma.pk, seen=rma.version, reason="no", actor=SYSTEM)


def test_less_can_be_agreed_than_was_asked_for_and_never_more():
    order = world.delivered_order({"A": 2})
    rma = world.requested(order)
    line = order.lines.get().pk

    with pytest.raises(BadInput):
        authorise_return(rma.pk, seen=None, quantities={line: 3}, actor=SYSTEM)
    rma = authorise_return(rma.pk, seen=None, quantities={line: 1}, actor=SYSTEM)

    assert (rma.lines.get().authorised, str(rma.refund_amount)) == (1, "10.00")


@pytest.mark.parametrize(
    "broken",
    [
        {"authorised": 3},
        {"received": 3},
        {"ok": 2, "defective": 1},
        {"settled": 1},
        {"with_goods": False, "received": 1},
    ],
)
def test_the_database_keeps_the_four_quantities_in_order(broken):
    rma = world.authorised(world.delivered_order({"A": 2}))
    assert rma.lines.get().authorised == 2

    with pytest.raises(IntegrityError), transaction.atomic():
        ReturnLine.objects.filter(rma=rma).update(**broken)


def test_the_label_carries_number_and_address():
    rma = world.authorised(world.delivered_order())

    label = print_return_label(rma.pk, seen=None, actor=world.CUSTOMER)

    assert label.content.startswith(b"%PDF-") and label.name == f"{rma.number}.pdf"
    assert rma.number.encode() in label.content
    assert world.told(rma.order_id, "return.label_printed")
    post_return(rma.pk, seen=None, tracking_number="yt 123456", actor=world.CUSTOMER)
    assert Return.objects.get().tracking_number == "YT123456"


def test_the_customer_sees_every_step():
    order = world.delivered_order()
    rma = world.requested(order)

    assert [(s.code, s.at is not None) for s in steps_of(rma)] == [
        ("requested", True),
        ("authorised", False),
        ("posted", False),
        ("received", False),
        ("inspected", False),
        ("settled", False),
    ]
    authorise_return(rma.pk, seen=None, actor=SYSTEM)
    rma = receive_return(rma.pk, seen=None, arrived=world.all_of(rma), actor=SYSTEM)
    world.inspected(rma)
    world.pay_all(order)
    assert all(step.at for step in steps_of(Return.objects.get(pk=rma.pk)))


def test_few_statements():
    """A return and its refund, each step as few statements as it is; a pin against growth."""
    order = world.delivered_order()
    lines = world.quantities_of(order)

    def count(call):
        with CaptureQueriesContext(connection) as queries:
            result = call()
        return result, len(queries)

    rma, asked = count(
        lambda: request_return(
            order.pk,
            seen=None,
            kind=ReturnKind.RETURN,
            reason=ReturnReason.NO_REASON,
            quantities=lines,
            actor=world.CUSTOMER,
        )
    )
    _rma, agreed = count(lambda: authorise_return(rma.pk, seen=None, actor=SYSTEM))
    arrived = world.all_of(rma)
    _rma, received = count(lambda: receive_return(rma.pk, seen=None, arrived=arrived, actor=SYSTEM))
    results = [Inspected(line.pk, line.authorised, 0) for line in rma.lines.all()]
    _rma, inspected = count(
        lambda: inspect_return(rma.pk, seen=None, results=results, actor=SYSTEM)
    )
    refund = Refund.objects.get()
    _turn, started = count(lambda: start_refund(refund.pk, pause=timedelta(0), actor=SYSTEM))
    _refund, done = count(lambda: succeed_refund(refund.pk, reference="W", actor=SYSTEM))

    assert [asked, agreed, received, inspected, started, done] == [13, 12, 12, 31, 15, 21]
