"""Searching orders: the shape of the text picks the index."""

import pytest
from django.db import connection

from orders.models import Order
from orders.receiver import Receiver
from orders.search import search_orders
from tests.factories import OrderFactory

PLACE = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "文三路 269 号"}


@pytest.fixture
def wang(db):
    return OrderFactory(
        number="2839104756123456789",
        receiver=Receiver(name="欧阳小明", phone="13812345678", **PLACE),
    )


@pytest.fixture
def other(db):
    return OrderFactory(
        number="SH-7781", receiver=Receiver(name="李雷", phone="15900001111", **PLACE)
    )


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "138 1234 5678",
        "+86 13812345678",
        "１３８１２３４５６７８",
        "5678",
        "381234",
        "2839104756123456789",
        "28391047",
        "欧阳",
        "小明",
        "欧",
        "阳小明",
        "欧阳小明",
    ],
)
def test_each_shape_finds_its_order_and_no_other(text, wang, other):
    assert list(search_orders(text)) == [wang]


def test_the_own_number_is_found_from_its_beginning_in_any_case(wang, other):
    assert list(search_orders(wang.number.lower())) == [wang]
    assert list(search_orders(wang.number[:8])) == [other, wang]


def test_codes_of_letters_and_digits_are_channel_numbers(wang, other):
    assert list(search_orders("SH-77")) == [other]


def test_a_virtual_number_is_found_without_its_extension(db):
    order = OrderFactory(receiver=Receiver(name="王芳", phone="17012345678-0042", **PLACE))

    assert list(search_orders("17012345678")) == [order]


@pytest.mark.parametrize("text", ["", "   ", "\x00"])
def test_nothing_finds_nothing(text, wang):
    assert list(search_orders(text)) == []


@pytest.mark.parametrize("text", ["%", "_", "小%明", "\\"])
def test_wildcards_are_plain_characters(text, wang):
    assert list(search_orders(text)) == []


def test_newest_come_first(db):
    orders = OrderFactory.create_batch(3)

    assert list(search_orders("5678")) == orders[::-1]


@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("OC2611220000001", {"orders_order_number"}),
        ("5678", {"order_phone_tail"}),
        ("13812345678", {"order_phone", "order_external"}),
        ("381234", {"order_phone_trgm", "order_external"}),
        ("2839104756123456789", {"order_external"}),
        ("王伟", {"order_name", "order_name_end"}),
        ("欧阳小明", {"order_name_trgm"}),
    ],
)
def test_each_shape_can_use_its_index(text, indexes, wang):
    sql, parameters = search_orders(text).order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Seq Scan" not in plan
    for index in indexes:
        assert index in plan
    assert Order.objects.count() == 1
