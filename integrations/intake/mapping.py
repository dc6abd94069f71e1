"""The mapping engine: a table of rows becomes a function that reads a channel's messages (A4).

A table is JSON: `{"root": path, "fields": [row, …], "lines": {"path": path, "fields": [row, …]}}`.
A row is `{"field", "path", "convert"}` and, as its converter needs, "table", "zone" or "value";
with "default" the field may be missing. In a path `a.b` goes down, `a|b` is the first that is not
empty, `a+b` is both texts in a row. Empty are: absent, null and "".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from integrations.intake.converters import CONVERTERS, Kind, Unreadable, show, to_text, to_yuan
from integrations.models import Problem
from ordercenter.core.errors import BadInput
from orders.drafts import ZERO, Draft, DraftLine
from orders.models import Customer, Urgency
from orders.receiver import Receiver


class Stage(StrEnum):
    """How far an order is at its channel."""

    UNPAID = "unpaid"
    PAID = "paid"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    FINISHED = "finished"
    CANCELLED = "cancelled"


_PAID_STAGES = {Stage.PAID, Stage.PARTLY_SHIPPED, Stage.SHIPPED, Stage.FINISHED}


@dataclass(frozen=True, slots=True)
class Target:
    """A field of ours that a row can fill, and what fits into it.

    A text that is too long is cut where it is prose; a code that is cut would be another code.
    """

    kind: Kind
    longest: int = 0
    is_code: bool = False
    low: Decimal | int | None = None
    high: Decimal | int | None = None
    choices: frozenset[str] = frozenset()
    is_needed: bool = False
    may_be_null: bool = False


# The column limits of orders; amounts have twelve digits before the point.
_MOST = Decimal("999999999999.99")
_AMOUNT = Target(Kind.AMOUNT, low=ZERO, high=_MOST)
_SIGNED_AMOUNT = Target(Kind.AMOUNT, low=-_MOST, high=_MOST)
# Nobody orders a million pieces in one line; sums over many orders must stay countable.
MOST_PIECES = 1_000_000


def _code(longest: int, *, is_needed: bool = False) -> Target:
    return Target(Kind.TEXT, longest, is_code=True, is_needed=is_needed)


def _choice(values: Sequence[str], *, is_needed: bool = False) -> Target:
    return Target(Kind.TEXT, 40, choices=frozenset(values), is_needed=is_needed)


ORDER_TARGETS: dict[str, Target] = {
    "external_number": _code(64, is_needed=True),
    "stage": _choice(list(Stage), is_needed=True),
    "channel_status": _code(40),
    "channel_modified_at": Target(Kind.MOMENT, is_needed=True),
    "placed_at": Target(Kind.MOMENT, is_needed=True),
    "paid_at": Target(Kind.MOMENT, may_be_null=True),
    "paid_amount": _AMOUNT,
    "goods_amount": _AMOUNT,
    "freight": _AMOUNT,
    "discount": _SIGNED_AMOUNT,
    "total": Target(Kind.AMOUNT, low=ZERO, high=_MOST, is_needed=True),
    "currency": _code(3),
    "buyer_name": Target(Kind.TEXT, 100),
    "buyer_key": _code(90),
    "customer_kind": _choice(["", *Customer.Kind.values]),
    "buyer_message": Target(Kind.TEXT, 500),
    "seller_memo": Target(Kind.TEXT, 1000),
    "referrer_code": _code(64),
    "urgency": _choice(Urgency.values),
    "receiver.name": Target(Kind.TEXT, 100),
    "receiver.phone": Target(Kind.TEXT, 40),
    "receiver.province": Target(Kind.TEXT, 40),
    "receiver.city": Target(Kind.TEXT, 40),
    "receiver.district": Target(Kind.TEXT, 40),
    "receiver.street": Target(Kind.TEXT, 300),
    "receiver.token": _code(300),
}
LINE_TARGETS: dict[str, Target] = {
    "channel_line": _code(64, is_needed=True),
    "sku_code": _code(64, is_needed=True),
    "title": Target(Kind.TEXT, 200),
    "quantity": Target(Kind.INTEGER, low=1, high=MOST_PIECES, is_needed=True),
    "unit_price": _AMOUNT,
    "amount": _AMOUNT,
    "is_gift": Target(Kind.FLAG),
    "refund_open": Target(Kind.FLAG),
}
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)

Read = Callable[[Mapping[str, Any]], Any]
_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mapping has made of one message."""

    draft: Draft
    stage: Stage

    def as_texts(self) -> dict[str, str]:
        """Every field under the name that a mapping gives it; lines by their number."""
        draft = self.draft
        texts = {"stage": str(self.stage)}
        for name in ORDER_TARGETS:
            if name.startswith("receiver."):
                texts[name] = getattr(draft.receiver, name.removeprefix("receiver."))
            elif name != "stage":
                texts[name] = _as_text(getattr(draft, name))
        for line in draft.lines:
            for name in LINE_TARGETS:
                texts[f"lines.{line.channel_line}.{name}"] = _as_text(getattr(line, name))
        return texts


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A compiled table."""

    root: Read
    fields: tuple[tuple[str, Read], ...]
    lines: Read
    lines_path: str
    line_fields: tuple[tuple[str, Read], ...]

    def read(self, document: Any) -> Reading:
        """What the message says. Raises `Unreadable`."""
        root = self.root(document) if isinstance(document, dict) else None
        if not isinstance(root, dict):
            raise Unreadable(Problem.FIELD_MISSING, _("there is no order in the message"))
        values = {name: read(root) for name, read in self.fields}
        stage = Stage(values.pop("stage"))
        lines = self._read_lines(root)
        return Reading(_draft(values, stage, lines), stage)

    def _read_lines(self, root: Mapping[str, Any]) -> tuple[DraftLine, ...]:
        rows = self.lines(root)
        if rows is _MISSING or rows == []:
            raise Unreadable(Problem.FIELD_MISSING, self.lines_path)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unreadable(Problem.WRONG_FORM, f"{self.lines_path}: {show(rows)}")
        lines = tuple(
            DraftLine(**{name: read(row) for name, read in self.line_fields}) for row in rows
        )
        if len({line.channel_line for line in lines}) < len(lines):
            raise Unreadable(Problem.WRONG_FORM, _("two lines have the same number"))
        return lines


def _draft(values: dict[str, Any], stage: Stage, lines: tuple[DraftLine, ...]) -> Draft:
    paid_at = values.pop("paid_at", None)
    if stage is Stage.UNPAID:
        paid_at = None
    elif stage in _PAID_STAGES and paid_at is None:
        raise Unreadable(Problem.FIELD_MISSING, _("paid, but the time of payment is missing"))
    total = values["total"]
    goods = values.setdefault("goods_amount", sum((line.amount for line in lines), ZERO))
    # What the table does not give follows: what was taken off, and that a paid order is paid.
    values.setdefault("discount", goods + values.get("freight", ZERO) - total)
    paid = values.pop("paid_amount", total)
    parts = {
        name.removeprefix("receiver."): values.pop(name)
        for name in list(values)
        if name.startswith("receiver.")
    }
    return Draft(
        lines=lines,
        receiver=Receiver(**parts),
        paid_at=paid_at,
        paid_amount=paid if paid_at else ZERO,
        **values,
    )


def compile_table(table: Any) -> CompiledMapping:
    """The table as a function. Raises `BadInput` with every complaint in `fields["table"]`."""
    complaints: list[str] = []
    if not isinstance(table, dict) or not isinstance(table.get("lines"), dict):
        raise _bad([_("The table needs “fields” and “lines”.")])
    fields = _compile_rows(table.get("fields"), ORDER_TARGETS, "fields", complaints)
    lines = table["lines"]
    line_fields = _compile_rows(lines.get("fields"), LINE_TARGETS, "lines.fields", complaints)
    for name, path in (("root", table.get("root", "")), ("lines.path", lines.get("path"))):
        if not isinstance(path, str) or (name == "lines.path" and not path):
            complaints.append(_("%(name)s is no path.") % {"name": name})
    if complaints:
        raise _bad(complaints)
    root = table.get("root", "")
    return CompiledMapping(
        root=_getter(root) if root else lambda document: document,
        fields=tuple(fields),
        lines=_getter(lines["path"]),
        lines_path=lines["path"],
        line_fields=tuple(line_fields),
    )


def _bad(complaints: list[str]) -> BadInput:
    return BadInput(" ".join(complaints), fields={"table": complaints})


def _compile_rows(
    rows: Any, targets: Mapping[str, Target], place: str, complaints: list[str]
) -> list[tuple[str, Read]]:
    if not isinstance(rows, list):
        complaints.append(_("%(place)s is no list of rows.") % {"place": place})
        return []
    compiled: dict[str, Read] = {}
    named: set[str] = set()
    for number, row in enumerate(rows, start=1):
        complaint = _complaint(row, targets)
        name = row.get("field", "") if isinstance(row, dict) else ""
        if not complaint and name in named:
            complaint = _("%(field)s is filled twice.") % {"field": name}
        if complaint:
            complaints.append(f"{place} {number}: {complaint}")
        else:
            compiled[name] = _reader(row, targets[name])
        named.add(str(name))
    for name, target in targets.items():
        if target.is_needed and name not in named:
            complaints.append(_("%(field)s has no row.") % {"field": f"{place}: {name}"})
    return list(compiled.items())


def _complaint(row: Any, targets: Mapping[str, Target]) -> str:
    """What is wrong with a row; empty when nothing is."""
    if not isinstance(row, dict):
        return _("is no row.")
    target = targets.get(str(row.get("field")))
    if target is None:
        return _("%(field)s is none of our fields.") % {"field": show(row.get("field"))}
    converter = CONVERTERS.get(str(row.get("convert")))
    if converter is None:
        return _("%(name)s is no converter.") % {"name": show(row.get("convert"))}
    if row["convert"] != "constant" and not _is_path(row.get("path")):
        return _("%(path)s is no path.") % {"path": show(row.get("path"))}
    return _complaint_about_values(row, target, converter.kind)


def _is_path(path: Any) -> bool:
    parts = path.replace("|", "+").split("+") if isinstance(path, str) else [""]
    return all(step.strip() for part in parts for step in part.split("."))


def _complaint_about_values(row: Mapping[str, Any], target: Target, kind: Kind | None) -> str:
    if kind is not None and (kind is not target.kind or target.choices):
        return _("%(name)s does not fit %(field)s.") % {
            "name": row["convert"],
            "field": row["field"],
        }
    if row["convert"] == "local_time" and not _is_zone(row.get("zone")):
        return _("%(zone)s is no time zone.") % {"zone": show(row.get("zone"))}
    given: list[Any] = []
    if row["convert"] == "one_of":
        table = row.get("table")
        if not isinstance(table, dict) or not table:
            return _("one_of needs a table.")
        given = list(table.values())
    if row["convert"] == "constant":
        if "value" not in row:
            return _("constant needs a value.")
        given = [row["value"]]
    if "default" in row and not (row["default"] is None and target.may_be_null):
        given.append(row["default"])
    for value in given:
        if not _fits(value, target):
            return _("%(value)s does not fit %(field)s.") % {
                "value": show(value),
                "field": row["field"],
            }
    return ""


def _is_zone(name: Any) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        return False
    return True


def _fits(value: Any, target: Target) -> bool:
    """True for a value that can stand in a table for this field (amounts as text)."""
    try:
        _settle(_given(value, target.kind), target, "")
    except (Unreadable, ValueError):
        return False
    return True


def _given(value: Any, kind: Kind) -> Any:
    """A value written in a table, as the field holds it. Raises `ValueError`."""
    if kind is Kind.TEXT:
        return to_text(value)
    if kind is Kind.AMOUNT:
        return to_yuan(value)
    if kind is Kind.FLAG and isinstance(value, bool):
        return value
    if kind is Kind.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"not a {kind}")


def _settle(value: Any, target: Target, path: str) -> Any:
    """The value as it fits the field. Raises `Unreadable`."""
    if target.kind is Kind.TEXT:
        if target.choices and value not in target.choices:
            raise Unreadable(Problem.UNKNOWN_WORD, f"{path}: {show(value)}")
        if len(value) > target.longest:
            if target.is_code:
                raise Unreadable(Problem.TOO_LONG, f"{path}: {show(value)}")
            return value[: target.longest]
    elif not _is_in_range(value, target):
        raise Unreadable(Problem.OUT_OF_RANGE, f"{path}: {show(value)}")
    return value


def _is_in_range(value: Any, target: Target) -> bool:
    if target.kind is Kind.MOMENT:
        return _EARLIEST <= value <= _LATEST
    return target.low is None or target.low <= value <= target.high


def _reader(row: Mapping[str, Any], target: Target) -> Read:
    """The function that reads one field; the row has no complaint."""
    path = row.get("path", "")
    if row["convert"] == "constant":
        value = _settle(_given(row["value"], target.kind), target, path)
        return lambda source: value
    get = _getter(path)
    convert = CONVERTERS[row["convert"]].make(row)
    default = row.get("default", _MISSING)
    if default is not _MISSING and default is not None:
        default = _settle(_given(default, target.kind), target, path)

    def read(source: Mapping[str, Any]) -> Any:
        value = get(source)
        if value is _MISSING:
            if default is _MISSING:
                raise Unreadable(Problem.FIELD_MISSING, path)
            return default
        try:
            converted = convert(value)
        except ValueError as error:
            raise Unreadable(Problem.WRONG_FORM, f"{path}: {show(value)} ({error})") from None
        return _settle(converted, target, path)

    return read


def _getter(path: str) -> Read:
    """The function that finds a path's value, `_MISSING` where it is empty."""
    if "|" in path:
        return _first_of([_getter(part.strip()) for part in path.split("|")])
    if "+" in path:
        return _joined([_getter(part.strip()) for part in path.split("+")])
    if "." not in path:
        return _member(path)
    return _deep(path.split("."))


def _member(key: str) -> Read:
    def get(source: Mapping[str, Any]) -> Any:
        value = source.get(key)
        return _MISSING if value is None or value == "" else value

    return get


def _deep(keys: Sequence[str]) -> Read:
    def get(source: Mapping[str, Any]) -> Any:
        value: Any = source
        for key in keys:
            if not isinstance(value, dict):
                raise Unreadable(Problem.WRONG_FORM, f"{'.'.join(keys)}: {show(value)}")
            value = value.get(key)
            if value is None or value == "":
                return _MISSING
        return value

    return get


def _first_of(getters: Sequence[Read]) -> Read:
    def get(source: Mapping[str, Any]) -> Any:
        return next((v for v in (g(source) for g in getters) if v is not _MISSING), _MISSING)

    return get


def _joined(getters: Sequence[Read]) -> Read:
    def get(source: Mapping[str, Any]) -> Any:
        found = [value for value in (getter(source) for getter in getters) if value is not _MISSING]
        return "".join(to_text(value) for value in found) if found else _MISSING

    return get
