"""Workbooks as people handle them: exported, changed cell by cell, sent back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import openpyxl

from ordercenter.core.actor import Actor
from orders.models import Order
from orders.sheets import runs
from orders.sheets.columns import BY_KEY
from orders.sheets.exporting import chosen_ids
from orders.sheets.models import SheetCell, SheetRun
from tests.factories import UserFactory


def person(*roles: str, **fields: Any) -> Actor:
    """A member of staff; without roles an administrator."""
    user = UserFactory(roles=roles, is_superuser=not roles, **fields)
    return Actor.person(user, via="admin")


def export(*orders: Order, actor: Actor) -> bytes:
    """The workbook of these orders, or of all."""
    run = runs.begin_export(actor=actor)
    rows = Order.objects.filter(pk__in=[order.pk for order in orders]) if orders else Order.objects
    runs.export_orders(run, chosen_ids(rows.all()))
    with run.file.open("rb") as file:
        return bytes(file.read())


class Sheet:
    """A workbook in somebody's hands."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(BytesIO(content))
        self.main = self.book.worksheets[0]
        titles = [cell.value for cell in self.main[1]]
        self.places = {key: titles.index(str(column.title)) + 1 for key, column in BY_KEY.items()}

    def row_of(self, order: Order) -> int:
        """The number of the order's row."""
        column = self.places["number"]
        for row in range(2, self.main.max_row + 1):
            if self.main.cell(row, column).value == order.number:
                return row
        raise AssertionError(f"{order} is not in the sheet")

    def cell(self, order: Order, key: str) -> Any:
        return self.main.cell(self.row_of(order), self.places[key])

    def set(self, order: Order, **values: Any) -> Sheet:
        for key, value in values.items():
            self.cell(order, key).value = value
        return self

    def saved(self) -> bytes:
        buffer = BytesIO()
        self.book.save(buffer)
        return buffer.getvalue()


@dataclass
class Synced:
    """A run and what it says."""

    run: SheetRun

    def outcome(self, order: Order, field: str) -> str:
        """What became of the cell; `unchanged` when it has no row."""
        cell = self.cell(order, field)
        return str(cell.outcome) if cell else "unchanged"

    def cell(self, order: Order, field: str) -> SheetCell | None:
        return self.run.cells.filter(order_id=order.pk, field=field).first()

    def cells(self) -> Iterable[tuple[str, str]]:
        return list(self.run.cells.order_by("row", "id").values_list("field", "outcome"))


def sync(content: bytes, *, actor: Actor, is_dry: bool = False) -> Synced:
    """Upload and apply."""
    run = runs.receive_workbook(BytesIO(content), name="orders.xlsx", actor=actor)
    return Synced(runs.sync_orders(run, actor=actor, is_dry=is_dry))
