"""The dialog by which customer service makes an urgent card an order."""

from datetime import timedelta

import pytest
from django.urls import reverse

from inventory.models import StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.care.actions import UrgentWish, report_urgent
from orders.models import Order, OrderState, UrgentReason
from tests.factories import RECEIVER, OrderFactory, StockLevelFactory

pytestmark = pytest.mark.django_db
RECEIVER_FIELDS = ("name", "phone", "province", "city", "district", "street")


@pytest.fixture
def level() -> StockLevel:
    return StockLevelFactory(on_hand=10)


@pytest.fixture
def card(level: StockLevel) -> Order:
    wish = UrgentWish("13812345678", UrgentReason.BABY_FOOD, moments.now() + timedelta(hours=5))
    return report_urgent(wish, order_id=None, actor=SYSTEM)


def press(client, card, **fields):
    address = reverse("admin:orders_order_fill_card", args=[card.pk])
    where = {name: getattr(RECEIVER, name) for name in RECEIVER_FIELDS}
    empty = {f"lines-{n}-{part}": "" for n in range(1, 7) for part in ("sku", "quantity", "price")}
    body = {"_form_submitted": "on", "seen": card.version, "heard": 0, "freight": "0"}
    return client.post(address, body | where | empty | fields)


def test_customer_service_fills_it_in(card, level, signed_in):
    client = signed_in("cs")

    press(client, card, **{"lines-1-sku": level.sku.code, "lines-1-quantity": "3"})

    assert card.lines.get().quantity == 3
    page = client.get(reverse("admin:orders_order_change", args=[card.pk])).text
    assert "do-fill_card" not in page


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"lines-1-quantity": "3"},
        {"lines-1-sku": "X", "lines-1-quantity": "x"},
        {"lines-1-sku": "X", "lines-1-quantity": "0"},
        {"lines-1-sku": "X", "lines-1-price": "-1"},
    ],
)
def test_says_beside_the_lines_what_is_wrong(card, signed_in, fields):
    answer = press(signed_in("cs"), card, **fields)

    assert "lines" in answer.context["form"].errors
    assert not card.lines.exists()


def test_is_not_offered_to_others_nor_on_other_orders(card, signed_in):
    order = OrderFactory(state=OrderState.PENDING_PAYMENT)

    def page(role, shown):
        return signed_in(role).get(reverse("admin:orders_order_change", args=[shown.pk])).text

    assert "do-fill_card" in page("cs", card)
    assert "do-fill_card" not in page("warehouse", card)
    assert "do-fill_card" not in page("cs", order)
