"""Runs and cells as JSON."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from ordercenter.core.actor import Actor
from ordercenter.core.api.parts import MAYBE_MOMENT, TEXT, an_object, moment
from orders.sheets.models import SheetCell, SheetRun
from orders.sheets.runs import SEE_RECEIVER
from orders.sheets.words import shown, why

# Rows that need a look come first; more than these stand in the result workbook.
MOST_ROWS = 1_000
_LOOK_FIRST = (SheetCell.Outcome.CONFLICT, SheetCell.Outcome.REFUSED)


def run_as_json(run: SheetRun, actor: Actor) -> dict[str, Any]:
    """The run with its outcomes, conflicts and refusals first, a thousand rows at most."""
    rows = list(_rows(run, actor))
    return {
        "run": run.pk,
        "state": str(run.state),
        "dry_run": run.state == SheetRun.State.LOOKED,
        "rows": int(run.counts.get("rows", 0)),
        "unchanged": int(run.counts.get("unchanged", 0)),
        **{str(name): int(run.counts.get(name, 0)) for name in SheetCell.Outcome.values},
        "operator": run.operator,
        "finished_at": moment(run.finished_at),
        "results": rows[:MOST_ROWS],
        "has_more": len(rows) > MOST_ROWS,
        "result": f"/api/v1/sheets/runs/{run.pk}/result/",
    }


def is_mixed(run: SheetRun) -> bool:
    """True when some cell was not, or could not be, taken over."""
    return any(run.counts.get(name) for name in _LOOK_FIRST)


def _rows(run: SheetRun, actor: Actor) -> list[dict[str, Any]]:
    urgent = run.cells.filter(outcome__in=_LOOK_FIRST).values("row").distinct().order_by("row")
    numbers = [found["row"] for found in urgent[: MOST_ROWS + 1]]
    left = MOST_ROWS + 1 - len(numbers)
    if left > 0:
        others = run.cells.exclude(row__in=numbers).values("row").distinct().order_by("row")
        numbers += [found["row"] for found in others[:left]]
    place = {number: at for at, number in enumerate(numbers)}
    cells = sorted(run.cells.filter(row__in=numbers), key=lambda cell: (place[cell.row], cell.pk))
    return [
        {
            "row": row,
            "number": mine[0].number,
            "cells": [_cell(cell, actor) for cell in mine],
        }
        for row, group in groupby(cells, key=lambda cell: cell.row)
        if (mine := list(group))
    ]


def _cell(cell: SheetCell, actor: Actor) -> dict[str, Any]:
    sees = actor.may(SEE_RECEIVER)
    is_named = actor.kind != "partner" or not cell.changed_by_person
    values = {
        name: value if cell.field in ("state", "urgency") else _shown(cell.field, value, sees)
        for name, value in (("base", cell.base), ("theirs", cell.theirs), ("yours", cell.yours))
    }
    return {
        "field": cell.field,
        "outcome": str(cell.outcome),
        **values,
        "changed_by": cell.changed_by if is_named else "",
        "changed_at": moment(cell.changed_at),
        "code": cell.reason,
        "detail": why(cell, sees_receiver=sees),
    }


def _shown(field: str, value: str, sees: bool) -> str:
    return shown(field, value, sees_receiver=sees)


_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}

COMPONENTS: dict[str, Any] = {
    "SheetCell": an_object(
        field={**TEXT, "description": "Empty for what concerns the whole row."},
        outcome={"type": "string", "enum": SheetCell.Outcome.values},
        base={**TEXT, "description": "As it was exported."},
        theirs={**TEXT, "description": "As it stood on the order when the cell was compared."},
        yours={**TEXT, "description": "As it came back."},
        changed_by={**TEXT, "description": "Who made it a conflict."},
        changed_at=MAYBE_MOMENT,
        code={**TEXT, "description": "Why it was refused; stable."},
        detail=TEXT,
    ),
    "SheetRow": an_object(
        row=_COUNT,
        number=TEXT,
        cells={"type": "array", "items": {"$ref": "#/components/schemas/SheetCell"}},
    ),
    "SheetRun": an_object(
        run={"type": "integer"},
        state={"type": "string", "enum": SheetRun.State.values},
        dry_run={"type": "boolean"},
        rows=_COUNT,
        unchanged={**_COUNT, "description": "Cells that were not changed in the sheet."},
        applied=_COUNT,
        merged={**_COUNT, "description": "Cells that had the wanted value already."},
        conflict=_COUNT,
        refused=_COUNT,
        operator=TEXT,
        finished_at=MAYBE_MOMENT,
        results={"type": "array", "items": {"$ref": "#/components/schemas/SheetRow"}},
        has_more={"type": "boolean", "description": "More rows stand in the result workbook."},
        result={**TEXT, "description": "Where the coloured workbook is."},
    ),
}
