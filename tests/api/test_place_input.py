"""What a new order may not say. Every refusal names the field, and nothing is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orders.models import Order
from tests.api.support import RECEIVER, Caller, World

MANY = "x" * 2000


def refused(partner: Caller, body: Any) -> dict[str, list[str]]:
    """The complaints of a 422."""
    answer = partner.place(body)
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "bad_input"
    assert not Order.objects.exists()
    fields: dict[str, list[str]] = answer.json()["fields"]
    assert all(sentence for sentences in fields.values() for sentence in sentences)
    return fields


@pytest.mark.parametrize(
    "field",
    ["shop", "external_number", "lines", "receiver"],
)
@pytest.mark.parametrize("how", ["absent", "null"])
def test_required_fields(world: World, partner: Caller, field: str, how: str):
    body = world.body()
    body[field] = None
    if how == "absent":
        del body[field]

    assert list(refused(partner, body)) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shop", "no-such-shop"),
        ("shop", 7),
        ("external_number", ""),
        ("external_number", "   "),
        ("external_number", "x" * 65),
        ("external_number", "a\x00b"),
        ("external_number", "bell\x07"),
        ("buyer_name", MANY),
        ("buyer_message", "\ud800"),
        ("seller_memo", ["text"]),
        ("referrer_code", {"a": 1}),
        ("placed_at", "yesterday"),
        ("placed_at", "2026-11-22T10:00:00"),
        ("placed_at", "0638-11-22T10:00:00+08:00"),
        ("placed_at", "2101-01-01T00:00:00Z"),
        ("placed_at", "2026-02-30T00:00:00Z"),
        ("placed_at", "2026-11-22T10:00:00+20:55"),
        ("placed_at", "2026-11-22T10:00:00+99:99"),
        ("placed_at", 1700000000),
        ("freight", "-1"),
        ("freight", -0.01),
        ("freight", "1.005"),
        ("freight", 1e30),
        ("freight", 10**400),
        ("freight", True),
        ("freight", "１２"),
        ("freight", "NaN"),
        ("discount", "1000000.00"),
        ("total", "1.00"),
        ("currency", "cny"),
        ("currency", "人民币"),
        ("paid", "yes"),
        ("urgency", "purple"),
        ("kind", []),
        ("customer_kind", "alien"),
        ("colour", "red"),
        ("lines", []),
        ("lines", {}),
        ("lines", "A"),
        ("receiver", []),
        ("receiver", "王小明"),
    ],
)
def test_a_bad_field_is_named(world: World, partner: Caller, field: str, value: Any):
    assert list(refused(partner, world.body(**{field: value}))) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 0),
        ("quantity", -1),
        ("quantity", 100_001),
        ("quantity", 1.5),
        ("quantity", "2"),
        ("quantity", True),
        ("quantity", 10**30),
        ("quantity", None),
        ("sku", ""),
        ("sku", "x" * 65),
        ("sku", 5),
        ("unit_price", "999999999999999"),
        ("unit_price", []),
        ("amount", "-3"),
        ("title", MANY),
        ("line", "x" * 65),
        ("is_gift", 1),
        ("weight", 3),
    ],
)
def test_a_bad_field_of_a_line_is_named_with_its_place(
    world: World, partner: Caller, field: str, value: Any
):
    body = world.body()
    body["lines"][1][field] = value

    assert list(refused(partner, body)) == [f"lines.1.{field}"]


@pytest.mark.parametrize("field", ["name", "phone", "province", "city", "district", "street"])
@pytest.mark.parametrize("value", [MANY, "a\x00b", 4, "﷽" * 30 + "ﷺ" * 30])
def test_a_bad_field_of_the_receiver_is_named(
    world: World, partner: Caller, field: str, value: Any
):
    if field == "street" and value not in (MANY, "a\x00b", 4):
        value = "ﷺ" * 300  # each is eighteen characters once it is tidied

    body = world.body(receiver={**RECEIVER, field: value})

    assert list(refused(partner, body)) == [f"receiver.{field}"]


def test_every_complaint_comes_at_once(world: World, partner: Caller):
    body = world.body(currency="?", freight="x", unknown=1)
    body["lines"][2] = "no line"

    assert set(refused(partner, body)) == {"currency", "freight", "unknown", "lines.2"}


def test_two_lines_with_one_number(world: World, partner: Caller):
    body = world.body()
    body["lines"][0]["line"] = "3"

    assert list(refused(partner, body)) == ["lines.2.line"]


def test_more_lines_than_an_order_can_have(world: World, partner: Caller):
    body = world.body(lines=[{"sku": world.codes[0], "quantity": 1}] * 201)

    assert list(refused(partner, body)) == ["lines"]


def test_an_amount_larger_than_any_column(world: World, partner: Caller):
    line = {"sku": world.codes[0], "quantity": 100_000, "unit_price": "999999999999.99"}

    assert list(refused(partner, world.body(lines=[line]))) == ["total"]


def test_a_payment_of_an_order_that_is_not_paid(world: World, partner: Caller):
    body = world.body(paid=False, paid_amount="1.00", paid_at="2026-11-22T10:00:00+08:00")

    assert set(refused(partner, body)) == {"paid_at", "paid_amount"}


def test_an_unknown_name_that_is_no_text_is_answered_all_the_same(world: World, partner: Caller):
    body = json.dumps(world.body())[:-1] + ', "\\ud800": 1}'

    answer = partner.post("/api/v1/orders/", raw=body.encode(), key="k")

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["?"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"freight": NaN}',
        b'{"freight": 1e99999999999999999999}',
        b'{"freight": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"\xff\xfe{}",
        '{"shop": "é"}'.encode("latin-1"),
    ],
)
def test_a_body_that_is_no_json_is_malformed(world: World, partner: Caller, body: bytes):
    answer = partner.post("/api/v1/orders/", raw=body, key="k")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_no_body_at_all_lacks_every_required_field(world: World, partner: Caller):
    answer = partner.post("/api/v1/orders/", raw=b"", key="k")

    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"shop", "external_number", "lines", "receiver"}


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null", b"true"])
def test_json_that_is_no_object_is_bad_input(world: World, partner: Caller, body: bytes):
    answer = partner.post("/api/v1/orders/", raw=body, key="k")

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["body"]


def test_a_body_of_more_than_a_megabyte(world: World, partner: Caller):
    raw = json.dumps(world.body(seller_memo="x" * 1024 * 1024)).encode()

    answer = partner.post("/api/v1/orders/", raw=raw, key="k")

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
