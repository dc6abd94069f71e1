"""Bills in the accounts: forms, their entries, what they come to, and questions about them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .errors import BAD_PARAMETER, MISSING, Refused

CENT = Decimal("0.01")
MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of bill, with the keys under which its parts are saved and asked for."""

    id: str
    entries: str
    date: str
    customer: str
    amount: str
    # The entry's own amount; without it quantity times price with tax.
    entry_amount: str = ""
    material: str = ""
    quantity: str = "FQty"


FORMS = {
    form.id: form
    for form in (
        Form(
            "SAL_SaleOrder",
            entries="FSaleOrderEntry",
            date="FDate",
            customer="FCustId",
            amount="FBillAllAmount",
            material="FMaterialId",
        ),
        Form(
            "SAL_OUTSTOCK",
            entries="FEntity",
            date="FDate",
            customer="FCustomerID",
            amount="FBillAllAmount",
            material="FMaterialID",
            quantity="FRealQty",
        ),
        Form(
            "AR_REFUNDBILL",
            entries="FREFUNDBILLENTRY",
            date="FDATE",
            customer="FCONTACTUNIT",
            amount="FREFUNDTOTALAMOUNTFOR",
            entry_amount="FREFUNDAMOUNTFOR",
        ),
    )
}


@dataclass(slots=True)
class Bill:
    """One bill. Status: Z draft, A created, B in audit, C audited, D to be audited again."""

    form: Form
    id: int
    number: str
    day: str
    customer: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    status: str = "A"

    @property
    def amount(self) -> Decimal:
        return sum((amount_of(self.form, entry) for entry in self.entries), Decimal("0.00"))

    def columns(self) -> dict[str, Any]:
        """What a query may ask for, by field key."""
        return {
            "FID": self.id,
            "FBILLNO": self.number,
            self.form.date.upper(): f"{self.day}T00:00:00",
            "FDOCUMENTSTATUS": self.status,
            f"{self.form.customer}.FNUMBER".upper(): self.customer,
            self.form.amount.upper(): float(self.amount),
        }

    def describe(self) -> dict[str, Any]:
        """For the control interface."""
        return {
            "form": self.form.id,
            "id": self.id,
            "number": self.number,
            "day": self.day,
            "customer": self.customer,
            "status": self.status,
            "amount": f"{self.amount:.2f}",
            "entries": len(self.entries),
        }


def amount_of(form: Form, entry: dict[str, Any]) -> Decimal:
    """What an entry comes to. Raises `Refused` for numbers that are none."""
    if form.entry_amount:
        value = number_of(entry.get(form.entry_amount, 0))
    else:
        value = number_of(entry.get(form.quantity, 0)) * number_of(entry.get("FTaxPrice", 0))
    return value.quantize(CENT, ROUND_HALF_UP)


def number_of(value: Any) -> Decimal:
    """A number of a model. Raises `Refused` for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Refused(BAD_PARAMETER, "数值格式不正确")
    return Decimal(str(value))


def number_under(model: dict[str, Any], key: str) -> str:
    """The code of base data, written `{"FNumber": …}` in either case; empty when absent."""
    value = model.get(key)
    if not isinstance(value, dict):
        return ""
    return next((str(v) for name, v in value.items() if name.upper() == "FNUMBER"), "")


# -- ExecuteBillQuery ------------------------------------------------------------------------

_CONDITION = re.compile(r"\s*([\w.]+)\s*(=|<>|>=|<=|>|<|in)\s*('(?:[^']|'')*'|\([^)]*\))\s*", re.I)
_TEXT = re.compile(r"'((?:[^']|'')*)'")


def query(bills: list[Bill], asked: dict[str, Any]) -> list[list[Any]]:
    """The rows a query asks for, in the order of its field keys."""
    keys = [key.strip().upper() for key in str(asked.get("FieldKeys", "")).split(",")]
    limit, start = _whole(asked, "Limit"), _whole(asked, "StartRow")
    if limit > MOST_ROWS:
        raise Refused(BAD_PARAMETER, f"每次最多返回{MOST_ROWS}行")
    rows = [bill.columns() for bill in bills]
    conditions = list(_conditions(str(asked.get("FilterString") or "")))
    for name in [*keys, *(condition[0] for condition in conditions)]:
        if rows and name not in rows[0]:
            raise Refused(MISSING, f"字段{name}不存在")
    found = [row for row in rows if all(_holds(row, *condition) for condition in conditions)]
    order = str(asked.get("OrderString") or "FID ASC").split()[0].upper()
    found.sort(key=lambda row: row.get(order, row["FID"]))
    # An absolute end row; 0 is none.
    end = _whole(asked, "TopRowCount") or len(found)
    return [[row[key] for key in keys] for row in found[start : min(end, start + (limit or 2000))]]


def _whole(asked: dict[str, Any], name: str) -> int:
    value = asked.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Refused(BAD_PARAMETER, f"{name}不正确")
    return value


def _conditions(text: str) -> Iterator[tuple[str, str, list[str]]]:
    place = 0
    while place < len(text):
        match = _CONDITION.match(text, place)
        if match is None:
            raise Refused(BAD_PARAMETER, "过滤条件语法错误")
        values = [value.replace("''", "'") for value in _TEXT.findall(match[3])]
        yield match[1].upper(), match[2].lower(), values
        place = match.end()
        if place < len(text):
            if text[place : place + 3].lower() != "and":
                raise Refused(BAD_PARAMETER, "过滤条件语法错误")
            place += 3


def _holds(row: dict[str, Any], name: str, sign: str, values: list[str]) -> bool:
    has = str(row[name])
    if name.endswith("DATE"):
        values = [value if "T" in value else f"{value}T00:00:00" for value in values]
    if sign == "in":
        return has in values
    wanted = values[0]
    return {
        "=": has == wanted,
        "<>": has != wanted,
        ">=": has >= wanted,
        "<=": has <= wanted,
        ">": has > wanted,
        "<": has < wanted,
    }[sign]
