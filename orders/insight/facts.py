"""What is counted: facts, each read from rows that carry a moment.

A fact is one SELECT. The daily numbers are its sums, the drill-down is its rows, the law compares
the two: there is no second definition that could say something else. Rooms above register facts
of their own with `add_fact`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happens to orders and is counted on the day it happens.

    `rows` selects row_id, order_id, at, shop_id, label, amount (yuan), minutes: one row for each
    time it happened, `at` indexed. `kinds` are the events that may add such a row or change one.
    `page` is the admin list (app_model) that shows the rows. `from_events` says that the rows are
    events themselves, with the event's id as row_id.
    """

    name: str
    title: str | Promise
    page: str
    rows: str
    kinds: tuple[str, ...]
    labels: Mapping[str, str | Promise] = field(default_factory=dict)
    from_events: bool = False


_facts: dict[str, Fact] = {}


def add_fact(fact: Fact) -> None:
    """Count this too. The name stays: it is stored with the daily numbers."""
    if fact.name in _facts:
        raise ValueError(f"two facts are named {fact.name}")
    if "%" in fact.rows:
        raise ValueError("a fact's rows carry no % sign: parameters stand beside them")
    _facts[fact.name] = fact


def all_facts() -> list[Fact]:
    """Every fact that is counted."""
    return list(_facts.values())


def fact_named(name: str) -> Fact | None:
    """The fact, or None when nothing of this name is counted."""
    return _facts.get(name)
