"""Invoices: from the question to the number, never over more money than is left."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.actions import receive_stock
from inventory.models import Sku
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, ChangedMeanwhile, DomainError, Forbidden, WrongState
from ordercenter.core.models import Event, Timer
from orders.actions import cancel_order
from orders.finance.actions import (
    InvoiceDraft,
    ask_invoice,
    issue_invoice,
    look_at_costs,
    queue_invoices,
    refuse_invoice,
    take_back_invoice,
)
from orders.finance.admin.invoices import too_high
from orders.finance.costs import cost_view
from orders.finance.errors import CostsNotSeen, InvoiceTooHigh
from orders.finance.handlers import drop_invoices, grow_invoice_list
from orders.finance.models import CostLook, FinanceGate, Invoice, InvoiceKind, InvoiceState
from orders.models import Order, OrderState
from rma.actions import plan_refund
from rma.eligibility import Wish, look_at
from rma.models import ReturnKind, ReturnReason
from tests.factories import OrderFactory, UserFactory
from tests.fulfilment.world import broken_laws, make_house
from tests.rma.world import delivered_order, paid_order

pytestmark = pytest.mark.django_db

COMPANY = "913100006072514671"
NUMBER = "25312000000000000001"


@pytest.fixture(autouse=True)
def house(db: None) -> None:
    """A warehouse with the goods that the orders are about."""
    make_house()


def draft(amount: str | None = None, **more: Any) -> InvoiceDraft:
    wanted = {"title": "上海某某有限公司", "tax_number": COMPANY, **more}
    return InvoiceDraft(amount=None if amount is None else Decimal(amount), **wanted)


def clerk(*permissions: str) -> Actor:
    """A person of finance with an account."""
    user = UserFactory()
    names = permissions or ("issue", "refuse", "take_back", "see_cost", "ask")
    return Actor(
        kind="person",
        id=user.pk,
        label=user.full_name,
        door="admin",
        permissions=frozenset(f"finance.{name}_invoice" for name in names),
    )


def asked(order: Order | None = None, amount: str | None = None) -> Invoice:
    order = order or delivered_order()
    return ask_invoice(order.pk, seen=None, draft=draft(amount), actor=SYSTEM)


def looked(invoice: Invoice, actor: Actor) -> CostLook:
    return look_at_costs(invoice.pk, fingerprint=cost_view(invoice).fingerprint, actor=actor)


def issue(invoice: Invoice, actor: Actor, number: str = NUMBER, code: str = "") -> Invoice:
    today = moments.now().astimezone(moments.SHANGHAI).date()
    return issue_invoice(
        invoice.pk, seen=None, number=number, code=code, issued_on=today, actor=actor
    )


def refusal(act: Callable[[], object]) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value


# -- asking ----------------------------------------------------------------------------------


def test_before_packing_it_waits_and_packing_puts_it_on_finances_list():
    order = paid_order()
    invoice = ask_invoice(order.pk, seen=None, draft=draft(), actor=SYSTEM)
    assert (invoice.state, invoice.amount) == (InvoiceState.ASKED, order.paid_amount)
    assert invoice.request_number.startswith("FP")

    assert queue_invoices(order.pk, actor=SYSTEM) == 1
    assert queue_invoices(order.pk, actor=SYSTEM) == 0

    invoice.refresh_from_db()
    assert invoice.state == InvoiceState.TO_ISSUE
    assert Timer.objects.filter(subject_kind="invoice", subject_id=invoice.pk).exists()


def test_after_packing_it_is_to_be_issued_at_once():
    assert asked().state == InvoiceState.TO_ISSUE


def test_a_packed_order_that_is_tagged_gets_its_invoice_once():
    order = paid_order(buyer_name="李四")
    Order.objects.filter(pk=order.pk).update(tags=["invoice_wanted"])
    event = Event(subject_kind="order", subject_id=order.pk, kind="order.packed")

    grow_invoice_list(event)
    grow_invoice_list(event)

    (invoice,) = Invoice.objects.filter(order=order)
    assert (invoice.title, invoice.amount) == ("李四", order.paid_amount)
    assert invoice.state == InvoiceState.TO_ISSUE


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (draft(tax_number="913100006072514672"), "tax_number"),
        (draft(tax_number="", kind=InvoiceKind.SPECIAL), "tax_number"),
        (draft(title=" "), "title"),
        (draft("0.00"), "amount"),
        (draft("1.001"), "amount"),
        (draft(email="nobody"), "email"),
    ],
)
def test_what_can_not_be_asked_for(wanted: InvoiceDraft, field: str):
    order = paid_order()

    with pytest.raises(BadInput) as caught:
        ask_invoice(order.pk, seen=None, draft=wanted, actor=SYSTEM)

    assert field in caught.value.details["fields"]
    assert not Invoice.objects.exists()


def test_invoices_of_an_order_never_come_to_more_than_is_left_of_its_money():
    order = delivered_order()  # 30.00
    plan_refund(order.pk, seen=None, amount=Decimal("10.00"), reason="补偿", actor=SYSTEM)
    first = asked(order, "15.00")

    assert refusal(lambda: asked(order, "5.01")).code == "invoice_too_high"
    second = asked(order, "5.00")
    refuse_invoice(first.pk, seen=None, reason="重复", actor=SYSTEM)
    assert asked(order, "15.00").amount + second.amount == Decimal("20.00")
    assert not broken_laws()


def test_an_unpaid_and_a_cancelled_order_get_none():
    cancelled = paid_order()
    cancel_order(cancelled.pk, seen=None, reason="不要了", actor=SYSTEM)

    for order in (OrderFactory(state=OrderState.PENDING_PAYMENT), cancelled):
        assert isinstance(refusal(lambda order=order: asked(order)), InvoiceTooHigh)
    assert not Invoice.objects.exists()


def test_a_cancelled_order_gets_none_of_those_that_waited():
    order = paid_order()
    invoice = asked(order)
    cancel_order(order.pk, seen=None, reason="不要了", actor=SYSTEM)
    event = Event.objects.get(kind="order.cancelled")

    drop_invoices(event)
    drop_invoices(event)

    invoice.refresh_from_db()
    assert (invoice.state, invoice.version) == (InvoiceState.REFUSED, 2)


def test_who_may_not_ask_is_refused():
    order = paid_order()
    with pytest.raises(Forbidden):
        ask_invoice(order.pk, seen=None, draft=draft(), actor=clerk("issue"))

    assert not Invoice.objects.exists()


def test_two_who_ask_at_once_share_what_is_left(race: Callable[..., list[Any]]):
    order = delivered_order()

    outcomes = race(
        lambda: asked(order, "20.00"),
        lambda: asked(order, "20.00"),
        meet_after="orders.finance.actions.ask.left_to_invoice",
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Invoice", "InvoiceTooHigh"]


# -- costs -----------------------------------------------------------------------------------


def test_without_a_look_at_the_costs_nothing_is_issued():
    invoice, actor = asked(), clerk()

    refused = refusal(lambda: issue(invoice, actor))

    assert isinstance(refused, CostsNotSeen) and "采购成本" in str(refused)
    looked(invoice, actor)
    assert issue(invoice, actor).state == InvoiceState.ISSUED


def test_the_look_is_kept_word_by_word_and_stands_beside_the_invoice():
    invoice, actor = asked(), clerk()
    _buy(invoice, "A", 4, "6.50")

    look = looked(invoice, actor)

    assert look.shown["lines"][0] | {"title": ""} == {
        "sku": "A",
        "title": "",
        "quantity": 2,
        "amount": "20.00",
        "each": "6.50",
        "cost": "13.00",
        "purchases": ["4 × 6.5"],
    }
    assert issue(invoice, actor).cost_look_id == look.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        CostLook.objects.update(cost=0)


def test_costs_are_in_no_event():
    invoice, actor = asked(), clerk()
    _buy(invoice, "A", 4, "6.53")
    looked(invoice, actor)

    told = Event.objects.filter(kind="invoice.costs_seen").get()
    assert "6.53" not in str(told.data) and "13.06" not in str(told.data)


def _buy(invoice: Invoice, code: str, pieces: int, cost: str) -> None:
    level = Sku.objects.get(code=code).levels.first()
    assert level is not None
    receive_stock(
        sku=level.sku_id,
        warehouse=level.warehouse_id,
        quantity=pieces,
        unit_cost=Decimal(cost),
        document="PO-9",
        actor=SYSTEM,
    )


def test_a_look_before_the_last_purchase_counts_no_more():
    invoice, actor = asked(), clerk()
    looked(invoice, actor)
    _buy(invoice, "A", 1, "99.00")

    assert isinstance(refusal(lambda: issue(invoice, actor)), CostsNotSeen)


def test_a_parcel_that_moves_leaves_the_look_as_it_was():
    invoice, actor = asked(), clerk()
    looked(invoice, actor)
    Order.objects.get(pk=invoice.order_id).save()

    assert issue(invoice, actor).state == InvoiceState.ISSUED


def test_the_look_of_somebody_else_counts_nothing():
    invoice, actor = asked(), clerk()
    looked(invoice, clerk())

    assert isinstance(refusal(lambda: issue(invoice, actor)), CostsNotSeen)


def test_nobody_has_seen_costs_that_changed_while_the_page_was_open():
    invoice, actor = asked(), clerk()
    page = cost_view(invoice).fingerprint
    _buy(invoice, "A", 1, "99.00")

    with pytest.raises(ChangedMeanwhile):
        look_at_costs(invoice.pk, fingerprint=page, actor=actor)
    assert not CostLook.objects.exists()


def test_the_gate_can_be_switched_off():
    FinanceGate.objects.update(is_on=False)

    assert issue(asked(), clerk()).cost_look is None


# -- issuing and ending ----------------------------------------------------------------------


def issued() -> tuple[Invoice, Actor]:
    return issued_with(NUMBER)


def issued_with(number: str) -> tuple[Invoice, Actor]:
    invoice, actor = asked(), clerk()
    looked(invoice, actor)
    return issue(invoice, actor, number), actor


@pytest.mark.parametrize(
    ("number", "code", "field"),
    [
        ("123", "", "number"),
        ("12345678", "", "code"),
        (NUMBER, "1234567890", "code"),
        ("２５３１２０００", "", "number"),
    ],
)
def test_numbers_that_are_none(number: str, code: str, field: str):
    invoice, actor = asked(), clerk()
    looked(invoice, actor)

    with pytest.raises(BadInput) as caught:
        issue(invoice, actor, number, code)

    assert list(caught.value.details["fields"]) == [field]
    assert Invoice.objects.get().state == InvoiceState.TO_ISSUE


def test_a_number_is_given_once():
    issued()
    invoice, actor = asked(), clerk()
    looked(invoice, actor)

    assert "number" in refusal(lambda: issue(invoice, actor)).details["fields"]
    invoice.refresh_from_db()
    assert invoice.state == InvoiceState.TO_ISSUE
    assert "invoiced" not in Order.objects.get(pk=invoice.order_id).tags


def test_money_paid_back_meanwhile_stops_it():
    invoice, actor = asked(), clerk()
    looked(invoice, actor)
    plan_refund(invoice.order_id, seen=None, amount=Decimal("0.01"), reason="补偿", actor=SYSTEM)

    assert refusal(lambda: issue(invoice, actor)).code == "invoice_too_high"


def test_money_paid_back_afterwards_puts_it_on_the_list_to_be_taken_back():
    invoice, actor = issued()
    other, _actor = issued_with(NUMBER[:-1] + "3")
    assert not too_high(Invoice.objects.all()).exists()

    plan_refund(invoice.order_id, seen=None, amount=Decimal("0.01"), reason="补偿", actor=SYSTEM)

    assert list(too_high(Invoice.objects.all())) == [invoice]
    take_back_invoice(invoice.pk, seen=None, reason="退货", actor=actor)
    assert not too_high(Invoice.objects.all()).exists()
    assert other.state == InvoiceState.ISSUED


def test_returns_hear_of_it_until_it_is_taken_back():
    invoice, actor = issued()
    assert _invoiced_refusals(invoice.order_id) == [False]

    take_back_invoice(
        invoice.pk, seen=None, reason="退货", red_number="25312000000000000099", actor=actor
    )

    assert _invoiced_refusals(invoice.order_id) == []
    assert not broken_laws()


def _invoiced_refusals(order_id: int) -> list[bool]:
    order = Order.objects.select_related("shop").get(pk=order_id)
    line = order.lines.first()
    assert line is not None
    wish = Wish(ReturnKind.RETURN, ReturnReason.DEFECTIVE, {line.pk: 1})
    return [check.ok for check in look_at(order, wish) if check.code == "invoiced"]


def test_the_tag_stays_while_another_invoice_stands():
    order = delivered_order()
    actor = clerk()
    first, second = asked(order, "10.00"), asked(order, "20.00")
    for invoice, number in ((first, NUMBER), (second, NUMBER[:-1] + "2")):
        looked(invoice, actor)
        issue(invoice, actor, number)

    take_back_invoice(first.pk, seen=None, reason="开错", actor=actor)

    assert "invoiced" in Order.objects.get(pk=order.pk).tags
    assert not broken_laws()


def test_the_machine_has_these_moves_and_no_others():
    moves = {
        (str(move.source), str(move.target), name)
        for name in ("queue", "issue", "refuse", "take_back")
        for move in Invoice._meta.get_field("state").get_all_transitions(Invoice)
        if move.name == name
    }

    assert moves == {
        ("asked", "to_issue", "queue"),
        ("to_issue", "issued", "issue"),
        ("asked", "refused", "refuse"),
        ("to_issue", "refused", "refuse"),
        ("issued", "void", "take_back"),
    }


def test_an_issued_one_is_not_issued_again():
    invoice, actor = issued()

    with pytest.raises(WrongState):
        issue(invoice, actor, NUMBER[:-1] + "2")
