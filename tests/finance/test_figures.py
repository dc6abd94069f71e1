"""What a day comes to: which orders and refunds belong to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from orders.finance.figures import order_figures
from orders.models import OrderKind
from tests.factories import ShopFactory
from tests.finance.daily import DayFigures, day_figures
from tests.finance.world import make_order, pay_back, shanghai

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 20)
NOON = shanghai("2026-11-20 12:00")


def test_days_begin_and_end_at_midnight_in_shanghai():
    shop = ShopFactory()
    paid = shanghai("2026-11-21 08:00")
    for moment in (
        "2026-11-19 23:59:59.999999",
        "2026-11-20 00:00",
        "2026-11-20 23:59:59.999999",
        "2026-11-21 00:00",
    ):
        make_order("10.00", placed=shanghai(moment), paid=paid, shop=shop)

    assert day_figures(DAY) == [DayFigures(DAY, shop.pk, 2, Decimal("20.00"), Decimal("0.00"))]


def test_unpaid_orders_do_not_count():
    make_order(placed=NOON)

    assert day_figures(DAY) == []


def test_a_refund_belongs_to_the_day_on_which_the_money_arrived():
    yesterday = shanghai("2026-11-19 12:00")
    order = make_order("80.00", placed=yesterday, paid=yesterday)
    pay_back(order, "30.00", at=NOON)

    assert day_figures(DAY) == [
        DayFigures(DAY, order.shop_id, 0, Decimal("0.00"), Decimal("30.00"))
    ]
    (row,) = order_figures(DAY)
    assert (row.number, row.is_of_day, row.refunded) == (order.number, False, Decimal("30.00"))


def test_a_refund_under_way_is_no_money_back():
    order = make_order("80.00", placed=NOON, paid=NOON)
    (refund,) = pay_back(order, "30.00", at=shanghai("2026-11-21 12:00"))

    assert day_figures(DAY)[0].refunds == 0
    assert refund.amount == Decimal("30.00")


def test_gifts_are_left_out_unless_asked_for():
    main = make_order("80.00", placed=NOON, paid=NOON)
    make_order(
        "5.00", placed=NOON, paid=NOON, shop=main.shop, kind=OrderKind.GIFT, main_order_id=main.pk
    )

    assert [row.total for row in day_figures(DAY)] == [Decimal("80.00")]
    assert [row.total for row in day_figures(DAY, with_gifts=True)] == [Decimal("85.00")]


def test_the_rows_of_a_shop_come_to_its_day():
    shop, other = ShopFactory(), ShopFactory()
    first = make_order("12.34", placed=NOON, paid=NOON, shop=shop)
    make_order("0.66", placed=NOON, paid=NOON, shop=shop)
    make_order("99.99", placed=NOON, paid=NOON, shop=other)
    pay_back(first, "2.34", at=NOON)
    pay_back(first, "1.00", at=NOON)

    assert day_figures(DAY) == [
        DayFigures(DAY, shop.pk, 2, Decimal("13.00"), Decimal("3.34")),
        DayFigures(DAY, other.pk, 1, Decimal("99.99"), Decimal("0.00")),
    ]
    refunded = {row.number: row.refunded for row in order_figures(DAY)}
    assert refunded[first.number] == Decimal("3.34")
