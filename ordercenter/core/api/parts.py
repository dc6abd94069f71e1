"""What answers are made of: values as JSON writes them, and the schemas of just that."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
MAYBE_TEXT: dict[str, Any] = {**TEXT, "nullable": True}
NUMBER: dict[str, Any] = {"type": "integer"}
FLAG: dict[str, Any] = {"type": "boolean"}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
MAYBE_MOMENT: dict[str, Any] = {**MOMENT, "nullable": True}
MONEY: dict[str, Any] = {"type": "string", "pattern": r"^-?\d{1,12}\.\d{2}$", "example": "128.00"}


def money(amount: Decimal | int) -> str:
    """An amount with two decimals."""
    return f"{amount:.2f}"


def moment(value: datetime | None) -> str | None:
    """A moment in UTC, as RFC 3339 writes it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def text(**more: Any) -> dict[str, Any]:
    """The schema of a text with an example, an enumeration, a description …"""
    return {**TEXT, **more}


def an_object(**properties: Any) -> dict[str, Any]:
    """The schema of an object that always has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def a_list(of: str) -> dict[str, Any]:
    """The schema of a list of one component."""
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


def a_page(of: str) -> dict[str, Any]:
    """The schema of a page of one component."""
    return an_object(
        results=a_list(of),
        next_cursor={"type": "integer", "nullable": True},
        next={"type": "string", "nullable": True},
    )
