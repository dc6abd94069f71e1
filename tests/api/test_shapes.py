"""One table reads the input and documents it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from ordercenter.core.api.shapes import (
    Choice,
    Field,
    Flag,
    Integer,
    Moment,
    Money,
    Nested,
    Pattern,
    Several,
    Shape,
    Text,
)
from ordercenter.core.errors import BadInput


def read(field: Field, value: Any) -> Any:
    return Shape(field).read({field.name: value})[field.name]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Text("a", 5), " ab ", "ab"),
        (Text("a", 5), "", ""),
        (Text("a", 2), "😀😀", "😀😀"),
        (Integer("a", 0, 10), 10, 10),
        (Integer("a", 0, 10), Decimal("3.0"), 3),
        (Money("a"), "12", Decimal("12.00")),
        (Money("a"), "12.5", Decimal("12.50")),
        (Money("a"), 12, Decimal("12.00")),
        (Money("a"), Decimal("0.10"), Decimal("0.10")),
        (Money("a"), Decimal("-0.0"), Decimal("0.00")),
        (Money("a"), Decimal("1E+3"), Decimal("1000.00")),
        (Moment("a"), "2026-11-22T09:30:00+08:00", datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        (Moment("a"), "2026-11-22t09:30:00.25z", datetime(2026, 11, 22, 9, 30, 0, 250000, UTC)),
        (Choice("a", ("x", "y")), "y", "y"),
        (Flag("a"), True, True),
        (Pattern("a", "[A-Z]{3}"), "CNY", "CNY"),
        (Several("a", Integer("b", 0, 9), 3), [1, 2], [1, 2]),
        (Nested("a", Shape(Flag("b"))), {"b": True}, {"b": True}),
    ],
)
def test_reads(field: Field, value: Any, expected: Any):
    result = read(field, value)

    assert (result, type(result)) == (expected, type(expected))
    assert str(result) == str(expected)


@pytest.mark.parametrize("field", [Text("a", 5), Integer("a", 0, 9), Money("a"), Moment("a")])
def test_null_is_the_same_as_absent(field: Field):
    assert Shape(field).read({"a": None}) == Shape(field).read({}) == {"a": field.default}


def test_complaints_name_the_way_to_the_value():
    shape = Shape(Several("rows", Nested("row", Shape(Integer("n", 0, 9, required=True))), 9))

    with pytest.raises(BadInput) as refusal:
        shape.read({"rows": [{"n": 1}, {"n": 10}, {}, {"m": 1, "n": 2}]})

    assert list(refusal.value.details["fields"]) == ["rows.1.n", "rows.2.n", "rows.3.m"]


def test_a_query_reads_text_and_takes_the_last_of_several():
    shape = Shape(Integer("n", 0, 9), Flag("f"), Several("s", Text("s", 3), 3))

    values = shape.read_query(QueryDict("n=1&n=2&f=true&s=a&s=b"))

    assert values == {"n": 2, "f": True, "s": ["a", "b"]}


def test_a_query_holds_no_objects():
    with pytest.raises(BadInput) as refusal:
        Shape(Nested("o", Shape(Flag("b")))).read_query(QueryDict("o=b"))

    assert list(refusal.value.details["fields"]) == ["o"]


def test_what_is_said_of_a_nested_object_is_not_said_of_its_shape():
    inner = Shape(Flag("b"))
    outer = Shape(Nested("o", inner, about="Inner."))

    assert outer.schema()["properties"]["o"] == {
        **Shape(Flag("b")).schema(),
        "description": "Inner.",
        "nullable": True,
    }
    assert inner.schema() == Shape(Flag("b")).schema()


def test_the_schema_says_what_is_read():
    shape = Shape(
        Text("t", 5, required=True, about="Words."),
        Integer("n", 1, 9),
        Choice("c", ("x", "y")),
        Several("s", Text("i", 3), 2),
    )

    assert shape.schema() == {
        "type": "object",
        "properties": {
            "t": {"type": "string", "maxLength": 5, "minLength": 1, "description": "Words."},
            "n": {"type": "integer", "minimum": 1, "maximum": 9, "nullable": True},
            "c": {"type": "string", "enum": ["x", "y", None], "nullable": True},
            "s": {
                "type": "array",
                "items": {"type": "string", "maxLength": 3},
                "minItems": 1,
                "maxItems": 2,
                "nullable": True,
            },
        },
        "additionalProperties": False,
        "required": ["t"],
    }
