"""Three-way merge: what the writer saw, what is there now, what the writer wants.

For one field with base b, theirs t and yours y:

=========  =====================  ==========
outcome    when                   result
=========  =====================  ==========
unchanged  y = b                  t
applied    y ≠ b and t = b        y
merged     y ≠ b, t ≠ b, y = t    t
conflict   y ≠ b, t ≠ b, y ≠ t    t, until a person decides
=========  =====================  ==========

Sheets, admin forms, the API and the channels' repeated messages all ask this one function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    UNCHANGED = "unchanged"
    APPLIED = "applied"
    MERGED = "merged"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """What became of one field; `result` is the value that should stand now."""

    name: str
    base: Any
    theirs: Any
    yours: Any
    outcome: Outcome

    @property
    def result(self) -> Any:
        return self.yours if self.outcome is Outcome.APPLIED else self.theirs


@dataclass(frozen=True, slots=True)
class Merge:
    """What became of a whole row."""

    fields: tuple[FieldMerge, ...]

    @property
    def changes(self) -> dict[str, Any]:
        """Only what must be written: field name to new value."""
        return {f.name: f.yours for f in self.fields if f.outcome is Outcome.APPLIED}

    @property
    def conflicts(self) -> tuple[FieldMerge, ...]:
        """The fields that a person must decide; nothing of them is written."""
        return tuple(f for f in self.fields if f.outcome is Outcome.CONFLICT)


def merge_field(name: str, base: Any, theirs: Any, yours: Any) -> FieldMerge:
    """Decide one field by the table above."""
    if yours == base:
        outcome = Outcome.UNCHANGED
    elif theirs == base:
        outcome = Outcome.APPLIED
    elif theirs == yours:
        outcome = Outcome.MERGED
    else:
        outcome = Outcome.CONFLICT
    return FieldMerge(name, base, theirs, yours, outcome)


def three_way(
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    yours: Mapping[str, Any],
    fields: Iterable[str] | None = None,
) -> Merge:
    """Merge the fields that `yours` names (or `fields`); one absent from base counts as None."""
    names = yours.keys() if fields is None else fields
    return Merge(
        tuple(
            merge_field(name, base.get(name), theirs.get(name), yours.get(name)) for name in names
        )
    )
