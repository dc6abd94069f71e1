"""The net below the application: the database keeps every change, whichever way it came."""

import pytest
from django.db import DatabaseError, connection

from ordercenter.core.models import FieldChange
from orders.models import Order, OrderLine
from tests.factories import OrderFactory, StockLevelFactory


def changes_of(row) -> list[dict]:
    table = row._meta.db_table
    return list(
        FieldChange.objects.filter(table_name=table, row_id=row.pk)
        .order_by("pk")
        .values_list("changes", flat=True)
    )


def run(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.mark.django_db
def test_catches_an_update_of_many_rows():
    orders = [OrderFactory(), OrderFactory()]

    Order.objects.update(buyer_name="别人")

    for order in orders:
        assert changes_of(order) == [{"buyer_name": ["小明", "别人"]}]


@pytest.mark.django_db
def test_catches_plain_sql():
    order = OrderFactory()

    run("UPDATE orders_order SET total = 0 WHERE id = %s", order.pk)

    assert changes_of(order) == [{"total": [10.0, 0.0]}]


@pytest.mark.django_db
def test_catches_a_change_of_a_line():
    line = OrderFactory().lines.get()

    OrderLine.objects.filter(pk=line.pk).update(quantity=3)

    assert changes_of(line) == [{"quantity": [1, 3]}]


@pytest.mark.django_db
def test_catches_a_change_of_stock_but_not_of_promises():
    level = StockLevelFactory(on_hand=10)

    run("UPDATE inventory_stocklevel SET on_hand = 11 WHERE id = %s", level.pk)
    run("UPDATE inventory_stocklevel SET reserved = 1 WHERE id = %s", level.pk)

    assert changes_of(level)[-1] == {"on_hand": [10, 11]}


@pytest.mark.django_db
def test_keeps_the_whole_row_when_it_is_removed():
    line = OrderFactory().lines.get()

    run("DELETE FROM orders_orderline WHERE id = %s", line.pk)

    (before, after) = changes_of(line)[0]["*"]
    assert (before["sku_code"], before["quantity"], after) == (line.sku_code, 1, None)


@pytest.mark.django_db
def test_leaves_out_what_machines_touch_without_meaning():
    order = OrderFactory()

    Order.objects.filter(pk=order.pk).update(channel_status="WAIT_SEND")

    assert changes_of(order) == []


@pytest.mark.parametrize("table", ["orders_order", "orders_orderline", "orders_workorder"])
def test_a_watched_table_is_not_emptied_behind_its_back(committed_db, table):
    OrderFactory()

    with pytest.raises(DatabaseError, match="never changed or removed"):
        run(f"TRUNCATE {table} CASCADE")

    assert (Order.objects.count(), OrderLine.objects.count()) == (1, 1)
