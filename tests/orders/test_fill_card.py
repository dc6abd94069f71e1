"""An urgent card with nothing but a phone becomes an order that is paid like any other (A8)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.errors import OutOfStock
from inventory.models import Reservation, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, ChangedMeanwhile, Forbidden
from ordercenter.core.models import Event
from orders.actions import CardLine, approve_order, fill_card, hold_order, pay_order
from orders.care.actions import UrgentWish, report_urgent
from orders.errors import EmptyCard, OnHold, TooLate
from orders.models import Order, OrderState, PaymentState, UrgentReason, WorkOrder
from orders.receiver import Receiver
from tests.factories import RECEIVER, OrderFactory, StockLevelFactory
from tests.support.laws import broken_laws
from tests.support.snapshots import everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def level() -> StockLevel:
    return StockLevelFactory(on_hand=10)


@pytest.fixture
def card(level: StockLevel) -> Order:
    """What sales reported for a phone without an order."""
    wish = UrgentWish("13812345678", UrgentReason.BABY_FOOD, moments.now() + timedelta(hours=5))
    return report_urgent(wish, order_id=None, actor=SYSTEM)


def fill(card: Order, level: StockLevel, *, quantity: int = 2, **changes) -> Order:
    given = {
        "lines": [CardLine(level.sku.code, quantity, Decimal("9.50"))],
        "receiver": RECEIVER,
        "freight": Decimal("6.00"),
        "actor": SYSTEM,
        "seen": None,
    }
    return fill_card(card.pk, **(given | changes))


def test_an_empty_card_claims_no_payment_and_takes_none(card):
    assert (card.state, card.payment_state, card.paid_at) == ("pending_payment", "unpaid", None)

    with pytest.raises(EmptyCard):
        pay_order(card.pk, seen=None, amount=Decimal("0"), actor=SYSTEM)

    card.refresh_from_db()
    assert card.payment_state == PaymentState.UNPAID


def test_lines_receiver_sum_and_stock_stand_on_it_then(card, level):
    filled = fill(card, level)

    line = filled.lines.get()
    assert (line.sku_code, line.title, line.quantity) == (level.sku.code, level.sku.name, 2)
    assert (filled.goods_amount, filled.total) == (Decimal("19.00"), Decimal("25.00"))
    assert filled.receiver == RECEIVER
    assert filled.tags == ["加急"]
    held = Reservation.objects.get(line=line.pk)
    assert (held.quantity, held.state) == (2, "held")
    assert held.expires_at is not None
    assert broken_laws() == {}


def test_the_story_tells_before_and_after(card, level):
    fill(card, level)

    event = Event.objects.get(stream=card.stream, kind="order.card_filled")
    assert event.changes["line 1"] == ["", f"{level.sku.code} × 2 @ 9.50"]
    assert event.changes["total"] == ["0.00", "25.00"]
    assert event.changes["receiver_city"] == ["", "杭州市"]


def test_without_a_price_the_catalogues_counts(card, level):
    filled = fill(card, level, lines=[CardLine(level.sku.code, 2)])

    assert filled.goods_amount == 2 * level.sku.price


def test_it_is_paid_and_reviewed_as_any_order_and_stays_urgent(card, level):
    filled = fill(card, level)

    paid = pay_order(card.pk, seen=None, amount=filled.total, actor=SYSTEM)
    approved = approve_order(card.pk, seen=None, actor=SYSTEM)

    assert paid.ship_by == card.wanted_by
    assert approved.state == OrderState.PENDING_FINANCE
    assert not WorkOrder.objects.filter(order=card, kind="bad_data", state="open").exists()
    assert Reservation.objects.get(line__in=[filled.lines.get().pk]).state == "confirmed"
    assert broken_laws() == {}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"lines": []}, BadInput),
        ({"lines": [CardLine("NO-SUCH", 1)]}, BadInput),
        ({"quantity": 0}, BadInput),
        ({"quantity": 11}, OutOfStock),
        ({"freight": Decimal("-1")}, BadInput),
        ({"receiver": Receiver(phone="13812345678")}, BadInput),
        ({"seen": 99}, ChangedMeanwhile),
        ({"actor": Actor("person", "x", "admin", id=1, permissions=frozenset())}, Forbidden),
    ],
)
def test_a_refusal_leaves_everything_as_it_was(card, level, changes, refusal):
    before = everything(card)

    with pytest.raises(refusal):
        fill(card, level, **changes)

    assert everything(card) == before


def test_a_negative_price_is_refused(card, level):
    with pytest.raises(BadInput):
        fill(card, level, lines=[CardLine(level.sku.code, 1, Decimal("-0.01"))])


@pytest.mark.parametrize("state", [OrderState.PENDING_PAYMENT, OrderState.PENDING_REVIEW])
def test_an_order_with_content_is_revised_instead(level, state):
    order = OrderFactory(state=state)
    before = everything(order)

    with pytest.raises(TooLate):
        fill(order, level)

    assert everything(order) == before


def test_twice_is_once_too_often(card, level):
    fill(card, level)

    with pytest.raises(TooLate):
        fill(card, level)

    assert card.lines.count() == 1


def test_two_people_fill_one_card_once(race):
    level = StockLevelFactory(on_hand=10)
    wish = UrgentWish("13812345678", UrgentReason.OTHER, moments.now() + timedelta(hours=5))
    card = report_urgent(wish, order_id=None, actor=SYSTEM)

    outcomes = race(
        lambda: fill(card, level),
        lambda: fill(card, level),
        meet_after="orders.actions.fill_card.refuse_useless",
    )

    assert sum(isinstance(outcome, TooLate) for outcome in outcomes) == 1
    assert (card.lines.count(), Reservation.objects.count()) == (1, 1)


def test_a_hold_stops_filling_too(card, level):
    hold_order(card.pk, reason="等客户确认", actor=SYSTEM)
    WorkOrder.objects.filter(order=card, kind="hold").update(blocks=["fill_card"])

    with pytest.raises(OnHold):
        fill(card, level)

    assert not card.lines.exists()
