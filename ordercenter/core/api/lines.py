"""Lines that a request's body calls by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from ordercenter.core.errors import BadInput

Line = TypeVar("Line")


def by_line(
    rows: Sequence[Mapping[str, Any]], known: Mapping[str, Line], *, unknown: str | Promise
) -> list[tuple[Line, Mapping[str, Any]]]:
    """Each row beside the line that it names.

    Raises `BadInput` with a complaint for each row whose line is not known, in the words of
    `unknown`, or was named by a row before it.
    """
    complaints: dict[str, list[str]] = {}
    named: set[str] = set()
    for place, row in enumerate(rows):
        name = row["line"]
        if name not in known:
            complaints[f"lines.{place}.line"] = [str(unknown)]
        elif name in named:
            complaints[f"lines.{place}.line"] = [_("This line is named twice.")]
        named.add(name)
    if complaints:
        raise BadInput(fields=complaints)
    return [(known[row["line"]], row) for row in rows]
